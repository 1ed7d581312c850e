"""Fixtures every test may use."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]


def pytest_configure(config: pytest.Config) -> None:
    """Give hypothesis one profile: no deadline, as the machines that run this differ widely."""
    from hypothesis import HealthCheck, settings

    settings.register_profile("house", deadline=None, suppress_health_check=[HealthCheck.too_slow])
    settings.load_profile("house")


@pytest.fixture(scope="session")
def acceptance_data() -> Path:
    """Return the folder of acceptance data, or skip with the line that says how to provide it."""
    folder = Path(os.environ.get("GEOGRID_ACCEPTANCE_DATA", ROOT.parent / "shared" / "data"))
    if not (folder / "baltimore").is_dir():
        pytest.skip(f"no acceptance data in {folder}: set GEOGRID_ACCEPTANCE_DATA to the folder that holds baltimore/")
    return folder
