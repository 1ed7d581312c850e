"""Code as a user writes it. It is type-checked, never run: what it says about types must hold."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import assert_type

import numpy as np
import numpy.typing as npt

import geogrid
from geogrid.atlas import BY_AREA, UNIT_GRID, Numbering
from geogrid.coverage import CoverageReport
from geogrid.errors import NotFoundError, RowProblem, RowsError
from geogrid.lattice import LatticePolygons, PartitionProof, prove_partition
from geogrid.testing import assert_is_partition, toy_boundaries, toy_city
from geogrid.types import Datum, Finding, Int32Array


def divide_a_place(plan: Path) -> geogrid.Division:
    outlines = geogrid.bundled("310114")
    assert_type(outlines, geogrid.Boundaries)
    recipe = geogrid.Plan.read(plan)
    division = geogrid.divide(recipe, boundaries=outlines, progress=lambda step, done, total: None)
    assert_type(division, geogrid.Division)
    assert_type(division.findings, tuple[Finding, ...])
    assert_type(division.shapes("cell"), LatticePolygons)
    assert_is_partition(division)
    return division


def keep_it(division: geogrid.Division) -> None:
    atlas = geogrid.Atlas.create("city.gpkg")
    atlas.publish(division, valid_from="2026-01-01", numbering=UNIT_GRID)
    edition = atlas.publish(
        division,
        valid_from=dt.date(2026, 2, 1),
        numbering={"cell": BY_AREA, "grid": Numbering("R{seq:03d}")},
        note="new",
    )
    assert_type(edition.number, int)
    assert_type(edition.valid_to, dt.date | None)
    assert_type(edition.content_hash, str)
    for one in atlas.editions():
        one.verify()


def ask() -> str:
    atlas = geogrid.Atlas.open(Path("city.gpkg"))
    answer = atlas.answer(lon=121.25, lat=31.38, datum="gcj02", at=dt.datetime.now(dt.UTC))
    assert_type(answer, geogrid.Answer)
    atlas.answer(lon=121.25, lat=31.38, datum=Datum.GCJ02)
    atlas.answer(121.25, 31.38, datum="wgs84")  # type: ignore[call-arg]  # lon and lat are named, always
    atlas.answer(lon=121.25, lat=31.38)  # type: ignore[call-arg]  # the datum is declared, always
    if answer.person is None:
        return answer.why[-1].zh
    return answer.person.name


def locate(lon: npt.NDArray[np.float64], lat: npt.NDArray[np.float64]) -> Int32Array:
    edition = geogrid.Atlas.open("city.gpkg").edition(as_of="2026-11-22")
    locator = edition.locator()
    assert_type(locator, geogrid.Locator)
    assert_type(locator.at(lon=121.25, lat=31.38, datum="wgs84"), dict[str, int])
    return locator.locate(lon, lat, datum="wgs84")


def prove() -> tuple[CoverageReport, PartitionProof]:
    city, outlines = toy_city(), toy_boundaries()
    parent_of = np.zeros(16, np.int64)
    proof = prove_partition(city.shapes("cell"), outlines.levels[0].polygons, parent_of)
    return geogrid.cover(geogrid.Atlas.open("city.gpkg").desk()), proof


def look_wrong_things_up() -> list[RowProblem]:
    atlas = geogrid.Atlas.open("city.gpkg")
    try:
        atlas.import_roster("roster.xlsx", dry_run=True)
    except RowsError as error:
        return list(error.problems)
    except (NotFoundError, geogrid.GeogridError) as error:
        assert_type(error.mend, str | None)
    return []
