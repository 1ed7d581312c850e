"""Nothing is lost: killed publishers, full disks, two at once, files that are no atlas."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
import textwrap
import threading
from dataclasses import replace
from pathlib import Path

import pytest

from geogrid.atlas import Atlas, register_attributes
from geogrid.atlas.engine import open_engine
from geogrid.errors import ConflictError, FormatError, InputError, NotFoundError, StorageError
from geogrid.testing import toy_city

PUBLISH = textwrap.dedent("""
    import sys
    from geogrid.atlas import Atlas
    from geogrid.testing import toy_city
    import resource

    resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[2]), int(sys.argv[2])))
    Atlas.open(sys.argv[1]).publish(toy_city(), valid_from="2026-02-01")
""")

KILL = textwrap.dedent("""
    import json, os, random, shutil, signal, sys, time
    from sqlalchemy import event
    from geogrid.atlas import Atlas
    from geogrid.testing import toy_city

    def publish(path, moment, spill):
        atlas = Atlas.open(path)
        if spill:
            # With a cache of one page every write goes to the file at once: it is killed half changed.
            event.listen(atlas.engine, "connect", lambda raw, _: raw.execute("PRAGMA cache_size = 1"))

        def killed(step, done, total):
            if f"{step} {done}" == moment:
                os.kill(os.getpid(), signal.SIGKILL)

        atlas.publish(toy_city(), valid_from="2026-02-01", progress=killed)

    random.seed(7)
    results = []
    for number, (moment, spill) in enumerate(json.loads(sys.argv[2])):
        copy = f"{sys.argv[1]}.{number}.gpkg"
        shutil.copy(sys.argv[1], copy)
        child = os.fork()
        if child == 0:
            publish(copy, moment, spill)
            os._exit(0)
        if moment == "any":
            time.sleep(random.uniform(0, 0.2))
            os.kill(child, signal.SIGKILL)
        status = os.waitpid(child, 0)[1]
        results.append({"path": copy, "signal": os.WTERMSIG(status), "journal": os.path.exists(copy + "-journal")})
    print(json.dumps(results))
""")
STEPS = ["number 0", "write 0", "write community 4", "write cell 16", "write police 2", "write lineage 0", "commit 0"]


def kill_publishers(path: Path, moments: list[tuple[str, bool]]) -> list[dict[str, object]]:
    """Publish to a copy of the atlas for each moment, and kill the publisher there."""
    command = [sys.executable, "-c", KILL, str(path), json.dumps(moments)]
    return json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def test_a_publisher_killed_at_any_step_leaves_the_last_good_edition(atlas):
    first = atlas.publish(toy_city(), valid_from="2026-01-01")
    killed = kill_publishers(atlas.path, [(step, spill) for step in STEPS for spill in (False, True)])
    assert {result["signal"] for result in killed} == {signal.SIGKILL}
    # The file was changed when the kill came: only its journal brings it back.
    assert killed[-1]["journal"]
    for result in killed:
        again = Atlas.open(str(result["path"]))
        assert [edition.number for edition in again.editions()] == [1]
        assert again.edition(1).verify().content_hash == first.content_hash
        with again.reading() as connection:
            assert connection.exec_driver_sql("PRAGMA integrity_check").all() == [("ok",)]
            assert connection.exec_driver_sql("SELECT * FROM gpkg_contents WHERE table_name LIKE '%e2'").all() == []
        assert again.publish(toy_city(), valid_from="2026-02-01").number == 2


def test_a_publisher_killed_at_any_time_leaves_one_good_edition_or_two(atlas):
    first = atlas.publish(toy_city(), valid_from="2026-01-01")
    for result in kill_publishers(atlas.path, [("any", number % 2 == 0) for number in range(16)]):
        again = Atlas.open(str(result["path"]))
        assert [edition.number for edition in again.editions()] in ([1], [1, 2])
        for edition in again.editions():
            assert edition.verify().content_hash == first.content_hash


def test_a_publisher_killed_after_the_commit_has_published(atlas):
    atlas.publish(toy_city(), valid_from="2026-01-01")
    (result,) = kill_publishers(atlas.path, [("commit 1", False)])
    assert result["signal"] == signal.SIGKILL
    assert [edition.number for edition in Atlas.open(str(result["path"])).editions()] == [1, 2]


def test_a_full_disk_is_said_clearly_and_nothing_is_lost(atlas):
    first = atlas.publish(toy_city(), valid_from="2026-01-01")
    limit = str(atlas.path.stat().st_size + 4096)
    command = [sys.executable, "-c", PUBLISH, str(atlas.path), limit]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    assert done.returncode == 1
    assert "StorageError: the disk is full or failed" in done.stderr
    assert "nothing was changed; in: " in done.stderr
    again = Atlas.open(atlas.path)
    assert [edition.content_hash for edition in again.editions()] == [first.content_hash]
    again.edition(1).verify()
    assert again.publish(toy_city(), valid_from="2026-02-01").number == 2


def test_an_atlas_cannot_be_created_where_nothing_can_be_written(tmp_path):
    with pytest.raises(StorageError, match="make the folder first"):
        Atlas.create(tmp_path / "missing" / "city.gpkg")
    assert not list(tmp_path.iterdir())


def test_a_second_publisher_waits_for_the_first(atlas):
    atlas.publish(toy_city(), valid_from="2026-01-01")
    inside, finished = threading.Event(), []

    def slow(step: str, done: int, total: int | None) -> None:
        inside.set()

    def publish(day: str) -> None:
        finished.append(Atlas.open(atlas.path).publish(toy_city(), valid_from=day, progress=slow, replace=True).number)

    threads = [threading.Thread(target=publish, args=(day,)) for day in ("2026-02-01", "2026-03-01")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert inside.is_set()
    assert sorted(finished) == [2, 3]
    assert [edition.number for edition in atlas.editions()] == [1, 2, 3]


def test_a_publisher_that_waits_too_long_is_told_who_is_in_the_way(atlas):
    impatient = Atlas(open_engine(atlas.path, wait_s=0.05))
    with atlas.writing(), pytest.raises(ConflictError, match="another process is writing"):
        impatient.publish(toy_city(), valid_from="2026-01-01")
    assert impatient.publish(toy_city(), valid_from="2026-01-01").number == 1


def test_readers_are_not_locked_out_while_an_edition_is_written(atlas):
    atlas.publish(toy_city(), valid_from="2026-01-01")
    seen = []

    def look(step: str, done: int, total: int | None) -> None:
        if (step, done) == ("commit", 0):
            seen.append(len(Atlas(open_engine(atlas.path, wait_s=0.05)).edition(1).division.base))

    atlas.publish(toy_city(), valid_from="2026-02-01", progress=look)
    assert seen == [16]


def test_an_error_while_publishing_leaves_nothing_behind(atlas):
    def fails(step: str, done: int, total: int | None) -> None:
        if step == "write police":
            raise RuntimeError("the lights went out")

    with pytest.raises(RuntimeError, match="lights"):
        atlas.publish(toy_city(), valid_from="2026-01-01", progress=fails)
    assert atlas.editions() == ()
    assert atlas.publish(toy_city(), valid_from="2026-01-01").number == 1


def test_an_existing_file_is_not_overwritten(tmp_path):
    path = tmp_path / "city.gpkg"
    path.write_text("precious")
    with pytest.raises(ConflictError, match="exists already"):
        Atlas.create(path)
    assert path.read_text() == "precious"
    assert [file.name for file in tmp_path.iterdir()] == ["city.gpkg"]


def test_what_is_not_an_atlas_is_refused_with_the_mend(tmp_path, atlas):
    with pytest.raises(NotFoundError, match="there is no such atlas"):
        Atlas.open(tmp_path / "nothing.gpkg")
    with pytest.raises(NotFoundError, match="there is no such atlas"):
        Atlas.open(tmp_path)
    text = tmp_path / "text.gpkg"
    text.write_text("not a database at all")
    plain = tmp_path / "plain.sqlite"
    with sqlite3.connect(plain) as connection:
        connection.execute("CREATE TABLE t (a)")
    connection.close()
    for path in (text, plain):
        with pytest.raises(FormatError, match=r"is not an atlas.*geogrid adopt"):
            Atlas.open(path)
    other = tmp_path / "other.gpkg"
    other.write_bytes(atlas.path.read_bytes())
    with sqlite3.connect(other) as connection:
        connection.execute("DROP TABLE atlas")
    connection.close()
    with pytest.raises(FormatError, match="holds no atlas"):
        Atlas.open(other)


def test_an_atlas_of_a_newer_geogrid_is_refused(atlas):
    with sqlite3.connect(atlas.path) as connection:
        connection.execute("UPDATE atlas SET value = '99' WHERE key = 'format'")
    connection.close()
    with pytest.raises(FormatError, match=r"newer geogrid; given: format 99.*pip install --upgrade geogrid"):
        Atlas.open(atlas.path)


def test_a_truncated_file_is_said_to_be_damaged(atlas):
    atlas.publish(toy_city(), valid_from="2026-01-01")
    whole = atlas.path.read_bytes()
    atlas.path.write_bytes(whole[: len(whole) // 3])
    with pytest.raises(StorageError, match="damaged"):
        Atlas.open(atlas.path).edition(1).verify()


def test_a_file_that_may_not_be_written_can_still_be_read(atlas):
    atlas.publish(toy_city(), valid_from="2026-01-01")
    if os.geteuid() == 0:
        pytest.skip("root may write everything")
    atlas.path.chmod(0o444)
    assert Atlas.open(atlas.path).edition(1).number == 1
    with pytest.raises(StorageError, match="cannot be written"):
        Atlas.open(atlas.path).publish(toy_city(), valid_from="2026-02-01")


def test_other_parts_keep_their_tables_in_the_same_file(atlas):
    with atlas.writing() as connection:
        connection.exec_driver_sql("CREATE TABLE person (id INTEGER PRIMARY KEY, name TEXT)")
        register_attributes(connection, "person", description="Who serves")
        register_attributes(connection, "person")
        connection.exec_driver_sql("CREATE TABLE loose (name TEXT)")
        with pytest.raises(InputError, match="one INTEGER primary key"):
            register_attributes(connection, "loose")
    with atlas.reading() as connection:
        rows = connection.exec_driver_sql("SELECT description FROM gpkg_contents WHERE table_name = 'person'").all()
    assert rows == [("Who serves",)]


def test_a_file_name_may_hold_any_character(tmp_path):
    atlas = Atlas.create(tmp_path / "城 市 100%?#.gpkg")
    atlas.publish(replace(toy_city(), name="嘉定区 'x'"), valid_from="2026-01-01")
    assert Atlas.open(str(atlas.path)).edition(1).name == "嘉定区 'x'"
