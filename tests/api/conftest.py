"""A real server on loopback over a real atlas."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import httpx
import pytest
import uvicorn
from fastapi import FastAPI

from geogrid.api import Settings, create_app
from geogrid.assign.desk import Atlas
from geogrid.assign.roster import Duty, Person, Roster
from geogrid.testing import toy_city

Serve = Callable[[FastAPI], httpx.Client]


@contextmanager
def serving(app: FastAPI) -> Iterator[httpx.Client]:
    """Yield a client of a server that runs in a thread of this process."""
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_level="error", ws="none"))
    ready = threading.Event()
    startup = server.startup

    async def announced(sockets: object = None) -> None:
        await startup(sockets)  # type: ignore[arg-type]
        ready.set()

    server.startup = announced  # type: ignore[method-assign]
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        assert ready.wait(30)
        port = server.servers[0].sockets[0].getsockname()[1]
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=60, trust_env=False) as client:
            yield client
    finally:
        server.should_exit = True
        thread.join(30)


def _roster(person: str = "王小明") -> Roster:
    """Return a roster in which the south-west has a grid head, and nobody else anything."""
    return Roster(persons=(Person("p1", person),), duties=(Duty("p1", "grid_head", "responsibility", "G01"),))


@pytest.fixture(scope="session")
def toy_roster() -> Callable[[str], Roster]:
    """Return the function that makes the toy city's roster for the name of its grid head."""
    return _roster


@pytest.fixture(scope="session")
def toy_atlas(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return an atlas of the toy city, to be read only: edition 1 from 2026-01-01, 2 from 2026-07-01."""
    path = tmp_path_factory.mktemp("api") / "toy.gpkg"
    atlas = Atlas.create(path)
    atlas.publish(toy_city(), valid_from="2026-01-01", note="first")
    atlas.publish(toy_city(), valid_from="2026-07-01", note="second")
    atlas.replace_roster(_roster())
    atlas.close()
    return path


@pytest.fixture(scope="session")
def client(toy_atlas: Path) -> Iterator[httpx.Client]:
    """Yield a client of a server over the toy atlas."""
    with serving(create_app(Settings(atlas=str(toy_atlas), max_points=50, max_body_bytes=20_000))) as client:
        yield client


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Yield a function that serves an application for the length of a test and returns its client."""
    with ExitStack() as stack:
        yield lambda app: stack.enter_context(serving(app))
