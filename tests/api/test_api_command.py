"""``geogrid serve`` starts real processes that answer."""

from __future__ import annotations

import socket
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

GEOGRID = (sys.executable, "-c", "from geogrid.cli import main; main()")


@pytest.mark.parametrize("workers", [1, 2])
def test_the_command_serves_until_it_is_stopped(toy_atlas: Path, workers: int) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [*GEOGRID, "serve", "--atlas", str(toy_atlas), "--port", str(port)]
    command += ["--workers", str(workers), "--datum", "WGS-84"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        try:
            # Refused connections are tried again after 0, 0.5, 1, 2, 4 … seconds.
            transport = httpx.HTTPTransport(retries=7)
            with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=60, transport=transport) as client:
                assert client.get("/readyz").status_code == 200
                found = client.get("/v1/lookup", params={"lon": 121.2505, "lat": 31.3805}).json()
            assert found["person"]["name"] == "王小明"
        finally:
            process.terminate()
            _, said = process.communicate(timeout=60)
    assert "serving Toy district, edition 2" in said


def test_what_is_no_atlas_is_told_before_anything_is_served(tmp_path: Path) -> None:
    command = [*GEOGRID, "serve", "--atlas", str(tmp_path / "none.gpkg")]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 2
    assert "none.gpkg" in done.stderr
