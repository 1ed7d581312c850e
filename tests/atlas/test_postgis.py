"""The same atlas in PostgreSQL with PostGIS: a private server, started for these tests."""

from __future__ import annotations

import contextlib
import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import sqlalchemy as sa

from geogrid.atlas import Atlas, register_attributes
from geogrid.atlas.canonical import canonical
from geogrid.atlas.engine import open_engine
from geogrid.errors import ConflictError, FormatError, InputError, StorageError
from geogrid.testing import toy_city
from geogrid.types import Finding

pytestmark = pytest.mark.postgis

INSTALL = "PostgreSQL with PostGIS is missing: apt-get install postgresql-15-postgis-3"


def missing(reason: str) -> None:
    if os.environ.get("CI") == "true":
        pytest.fail(reason)
    pytest.skip(reason)


def programs() -> Path:
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    if not found:
        missing(INSTALL)
    return found[-1].parent


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    """Start a server on loopback with a folder of its own, as user postgres when we are root."""
    binaries = programs()
    if not list(Path("/usr/share/postgresql").glob("*/extension/postgis.control")):
        missing(INSTALL)
    user = None
    if os.geteuid() == 0:
        with contextlib.suppress(KeyError):
            user = pwd.getpwnam("postgres").pw_name
        if user is None:
            missing("a server cannot run as root: create the user postgres")
    folder = Path(tempfile.mkdtemp(prefix="geogrid-postgis-"))
    if user is not None:
        shutil.chown(folder, user)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]

    def run(*words: str) -> None:
        subprocess.run(words, check=True, user=user, cwd=folder, capture_output=True)

    data = str(folder / "data")
    run(str(binaries / "initdb"), "-D", data, "-U", "geogrid", "-A", "trust", "-E", "UTF8", "--no-locale", "--no-sync")
    options = f"-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories= -c fsync=off"
    run(str(binaries / "pg_ctl"), "-D", data, "-w", "-l", str(folder / "log"), "-o", options, "start")
    try:
        yield f"postgresql://geogrid@127.0.0.1:{port}"
    finally:
        run(str(binaries / "pg_ctl"), "-D", data, "-m", "immediate", "stop")
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def url(server: str, request: pytest.FixtureRequest) -> str:
    name = f"city_{abs(hash(request.node.name))}"
    admin = sa.create_engine(
        f"{server}/postgres".replace("postgresql:", "postgresql+psycopg:"), isolation_level="AUTOCOMMIT"
    )
    with admin.connect() as connection:
        connection.exec_driver_sql(f"CREATE DATABASE {name}")
    admin.dispose()
    return f"{server}/{name}"


@pytest.fixture
def shared(url: str) -> Iterator[Atlas]:
    atlas = Atlas.create(url)
    yield atlas
    atlas.close()


def rich_city():
    city = toy_city()
    attributes = {
        "weight": np.where(np.arange(16) % 5 == 0, np.nan, np.arange(16) / 3),
        "water": np.arange(16) % 2 == 0,
        "类型": np.array([None if i == 3 else f"t{i}%(x)s" for i in range(16)], dtype=object),
        "households": np.arange(16) * 10**15,
        "why": np.array([["seam", i] for i in range(16)] + [None], dtype=object)[:16],
    }
    finding = Finding("no_gap", "a gap", ("c1",), 121.25, 31.38, 0.3, "m2")
    return replace(city, layers=(replace(city.base, attributes=attributes), *city.layers[1:]), findings=(finding,))


def test_an_edition_in_a_database_is_the_edition_in_a_file(shared, atlas, same, url):
    there = shared.publish(rich_city(), valid_from="2026-01-01")
    here = atlas.publish(rich_city(), valid_from="2026-01-01")
    assert there.content_hash == here.content_hash
    again = Atlas.open(url)
    read = again.edition(1).verify()
    same(read.division, here.division)
    same(read.division, canonical(rich_city()))
    grids, expected = (edition.layer("responsibility").shapes for edition in (read, here))
    assert grids.coords.tolist() == expected.coords.tolist()
    again.close()


def test_the_layers_are_postgis_tables_with_crs_and_index(shared):
    shared.publish(toy_city(), valid_from="2026-01-01")
    with shared.reading() as connection:
        found = connection.exec_driver_sql(
            "SELECT f_table_name, type, srid FROM geometry_columns WHERE f_table_name LIKE '%%e1' ORDER BY 1"
        ).all()
        assert {(kind, srid) for _, kind, srid in found} == {("MULTIPOLYGON", 4326)}
        assert "cell_e1" in {name for name, _, _ in found}
        code = connection.exec_driver_sql(
            "SELECT code FROM cell_e1 WHERE ST_Contains(geom, ST_SetSRID(ST_Point(121.2505, 31.3805), 4326))"
        ).scalar_one()
        assert code == "990100001001001"
        indexes = (
            connection.exec_driver_sql("SELECT indexdef FROM pg_indexes WHERE tablename = 'cell_e1'").scalars().all()
        )
        assert any("USING gist (geom)" in index for index in indexes)


def test_codes_lineage_and_drafts_work_the_same(shared, draw):
    shared.publish(draw((0, 2, 4, 2), (0, 0, 4, 2), grids=[0, 1]), valid_from="2026-01-01")
    shared.publish(draw((0, 2, 2, 2), (2, 2, 2, 2), (0, 0, 4, 2), grids=[0, 0, 1]), valid_from="2026-02-01")
    assert shared.edition(2).layer("cell").codes.tolist() == [f"990100001001{n:03d}" for n in (2, 3, 4)]
    assert shared.history("990100001001001")[0].ended_in == 2
    draft = shared.start_draft("spring").move(["990100001001003"], layer="responsibility", to="G2")
    assert draft.undo()
    assert draft.redo()
    assert draft.publish(valid_from="2026-03-01").number == 3
    assert shared.edition(as_of="2026-02-28").number == 2


@pytest.mark.parametrize("statement", ["UPDATE cell_e1 SET name = 'x'", "DELETE FROM edition", "TRUNCATE police_e1"])
def test_what_is_published_cannot_be_changed(shared, statement):
    shared.publish(toy_city(), valid_from="2026-01-01")
    with pytest.raises(ConflictError, match="a published edition cannot be changed"), shared.writing() as connection:
        connection.exec_driver_sql(statement)


def test_a_failed_publication_leaves_nothing_and_a_second_publisher_waits(shared, url):
    def fails(step: str, done: int, total: int | None) -> None:
        if step == "commit":
            raise RuntimeError("the lights went out")

    with pytest.raises(RuntimeError, match="lights"):
        shared.publish(toy_city(), valid_from="2026-01-01", progress=fails)
    assert shared.editions() == ()
    impatient = Atlas(open_engine(url, wait_s=0.05))
    with shared.writing(), pytest.raises(ConflictError, match="another process is writing"):
        impatient.publish(toy_city(), valid_from="2026-01-01")
    assert impatient.publish(toy_city(), valid_from="2026-01-01").number == 1
    impatient.close()


def test_a_database_that_holds_no_atlas_or_already_one_is_told_apart(shared, url, server):
    with pytest.raises(ConflictError, match="holds an atlas already"):
        Atlas.create(url)
    with pytest.raises(FormatError, match="holds no atlas"):
        Atlas.open(f"{server}/postgres")
    with pytest.raises(StorageError, match="does not exist"):
        Atlas.open(f"{server}/nowhere")
    with pytest.raises(InputError, match="PostgreSQL database"):
        Atlas.open("mysql://x/y")
    with shared.writing() as connection:
        register_attributes(connection, "edition")
