"""``geogrid serve`` starts real processes that answer."""

from __future__ import annotations

import socket
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from geogrid.cli import main

GEOGRID = (sys.executable, "-c", "from geogrid.cli import main; main()")


def test_the_command_serves_with_two_processes_until_it_is_stopped(toy_atlas: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [*GEOGRID, "serve", "--atlas", str(toy_atlas), "--port", str(port)]
    command += ["--workers", "2", "--datum", "WGS-84"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        try:
            # Refused connections are tried again after 0, 0.5, 1, 2, 4 … seconds.
            transport = httpx.HTTPTransport(retries=9)
            with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=60, transport=transport) as client:
                assert client.get("/readyz").status_code == 200
                found = client.get("/v1/lookup", params={"lon": 121.2505, "lat": 31.3805}).json()
            assert found["person"]["name"] == "王小明"
        finally:
            process.terminate()
            _, said = process.communicate(timeout=60)
    assert "serving Toy district, edition 2" in said


def test_what_is_no_atlas_is_told_before_anything_is_served(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["geogrid", "serve", "--atlas", str(tmp_path / "none.gpkg")])
    with pytest.raises(SystemExit) as stopped:
        main()
    assert stopped.value.code == 2
    assert "none.gpkg" in capsys.readouterr().err
