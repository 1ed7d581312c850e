"""Each edition's index stands beside the atlas and is opened when it is first asked for."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from geogrid.assign.desk import Atlas, Edition
from geogrid.assign.locator_editions import locator_path
from geogrid.testing import toy_city


def edition_of(atlas: Atlas, number: int) -> Edition:
    edition = atlas.edition(number)
    assert isinstance(edition, Edition)
    return edition


def test_an_editions_index_is_built_once_and_then_mapped(tmp_path: Path) -> None:
    atlas = Atlas.create(tmp_path / "toy.gpkg")
    atlas.publish(toy_city(), valid_from="2026-01-01")
    path = locator_path(edition_of(atlas, 1))
    assert path == tmp_path / "toy.gpkg.locators" / "1.locator"
    assert not path.exists()
    assert edition_of(atlas, 1).locator().cell_at(lon=121.2505, lat=31.3805, datum="wgs84") >= 0
    written = path.stat().st_mtime_ns
    edition = edition_of(atlas, 1)
    found = edition.locator().locate_all([121.2505], [31.3805], datum="wgs84")
    assert path.stat().st_mtime_ns == written
    assert "division" not in vars(edition)
    codes = {name: edition.division.layer(name).codes[rows[0]] for name, rows in found.items()}
    assert codes["responsibility"] == "G01"


def test_every_edition_has_an_index_of_its_own_opened_lazily(tmp_path: Path) -> None:
    atlas = Atlas.create(tmp_path / "toy.gpkg")
    atlas.publish(toy_city(), valid_from="2026-01-01")
    atlas.publish(toy_city(), valid_from="2026-06-01")
    early = atlas.edition(as_of="2026-03-01")
    assert isinstance(early, Edition)
    early.locator()
    assert sorted(p.name for p in (tmp_path / "toy.gpkg.locators").iterdir()) == ["1.locator"]


def test_a_damaged_or_foreign_index_is_rebuilt(tmp_path: Path) -> None:
    atlas = Atlas.create(tmp_path / "toy.gpkg")
    atlas.publish(toy_city(), valid_from="2026-01-01")
    want = edition_of(atlas, 1).locator().locate([121.2505, 121.2535], [31.3805, 31.3835], datum="wgs84")
    path = tmp_path / "toy.gpkg.locators" / "1.locator"
    path.write_bytes(path.read_bytes()[:-1] + b"x")
    again = edition_of(atlas, 1).locator().locate([121.2505, 121.2535], [31.3805, 31.3835], datum="wgs84")
    np.testing.assert_array_equal(again, want)
