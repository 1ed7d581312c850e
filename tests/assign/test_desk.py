"""The desk of an atlas is made once, and again when the atlas has changed."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

from geogrid import Atlas
from geogrid.assign.roster import Duty, Person, Roster
from geogrid.testing import toy_city


def _head(name: str) -> Roster:
    return Roster(persons=(Person("p1", name),), duties=(Duty("p1", "grid_head", "responsibility", "G01"),))


def _who(atlas: Atlas) -> str:
    answer = atlas.answer(lon=121.2505, lat=31.3805, datum="wgs84", at=dt.datetime(2026, 11, 22, 9))
    assert answer.person is not None
    return answer.person.name


def test_asking_twice_makes_one_desk(tmp_path: Path) -> None:
    atlas = Atlas.create(tmp_path / "toy.gpkg")
    atlas.publish(toy_city(), valid_from="2026-01-01")
    atlas.replace_roster(_head("Ann"))
    assert _who(atlas) == "Ann"
    desk = atlas.desk(as_of=dt.date(2026, 11, 22))
    assert _who(atlas) == "Ann"
    assert atlas.desk(as_of=dt.date(2026, 11, 22)) is desk
    atlas.close()


def test_a_roster_imported_by_somebody_else_is_seen(tmp_path: Path) -> None:
    mine = Atlas.create(tmp_path / "toy.gpkg")
    mine.publish(toy_city(), valid_from="2026-01-01")
    mine.replace_roster(_head("Ann"))
    assert _who(mine) == "Ann"
    other = Atlas.open(tmp_path / "toy.gpkg")
    other.replace_roster(_head("Bea"))
    assert _who(mine) == "Bea"
    other.close()
    mine.close()
