"""Editions: what is published is what is read, for ever, on the days it is valid."""

from __future__ import annotations

import datetime as dt
import sqlite3
from dataclasses import replace

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from geogrid.atlas import Atlas
from geogrid.atlas.canonical import canonical, canonical_polygons, content_hash
from geogrid.atlas.geometry import polygons_of, shapes_of
from geogrid.errors import ChecksumError, ConflictError, InputError, NotFoundError
from geogrid.lattice import LatticePolygons
from geogrid.testing import shuffled, toy_city
from geogrid.types import Finding

FULL_TURN = 360


def pretend_to_be_a_gis(connection: sqlite3.Connection) -> None:
    """Bring the functions that the spatial index's triggers call."""
    for name in ("ST_IsEmpty", "ST_MinX", "ST_MaxX", "ST_MinY", "ST_MaxY"):
        connection.create_function(name, 1, lambda _: 0)


def test_an_edition_reads_back_as_it_was_published(atlas, same):
    edition = atlas.publish(toy_city(), valid_from="2026-01-01", note="first")
    again = Atlas.open(atlas.path).edition(1)
    same(again.division, canonical(toy_city()))
    assert again.content_hash == edition.content_hash == content_hash(canonical(toy_city()))
    assert (again.note, again.code, again.name) == ("first", "990100", "Toy district")
    again.verify()


def test_every_kind_of_attribute_survives(atlas, same):
    city = toy_city()
    n = len(city.base)
    attributes = {
        "weight": np.where(np.arange(n) % 5 == 0, np.nan, np.arange(n) / 3),
        "small": np.arange(n, dtype=np.float32) / 7,
        "households": np.arange(n, dtype=np.int64) * 10**15,
        "level": np.arange(n, dtype=np.uint8),
        "water": np.arange(n) % 2 == 0,
        "fläche 网格": np.array([None if i == 3 else f"é{i}" for i in range(n)], dtype=object),
        "Code": np.array([f"c{i}" for i in range(n)]),
        "geom": np.array([{"why": ["seam", i]} for i in range(n)], dtype=object),
        "surveyed": np.array(["NaT", *["2026-02-03T04:05:06.789"] * (n - 1)], dtype="datetime64[ms]"),
        "responsibility": np.zeros(n),
        "zero": np.full(n, -0.0),
    }
    finding = Finding(
        "no_gap", "a gap", ("c1",), 121.25, 31.38, 0.1 + 0.2, "m2", shapely.box(121.25, 31.38, 121.26, 31.39)
    )
    city = replace(
        city,
        layers=(replace(city.base, attributes=attributes), *city.layers[1:]),
        findings=(finding,),
        plan="[place]\n",
    )
    edition = atlas.publish(city, valid_from="2026-01-01")
    read = Atlas.open(atlas.path).edition(1).verify()
    same(read.division, canonical(city))
    assert read.division.findings[0].geometry.equals_exact(finding.geometry)
    assert [value is None for value in read.division.base.attributes["fläche 网格"]].count(True) == 1
    frame = edition.layer("cell").to_geopandas()
    assert frame.crs == "EPSG:4326"
    assert frame["responsibility"].tolist()[:2] == ["G01", "G01"]


def test_a_complex_number_cannot_be_kept(atlas):
    city = toy_city()
    odd = replace(city.base, attributes={"z": np.full(16, 1j)})
    with pytest.raises(InputError, match=r"cell\.z"):
        atlas.publish(replace(city, layers=(odd, *city.layers[1:])), valid_from="2026-01-01")
    assert atlas.editions() == ()


@given(st.integers(0, 2**32))
def test_neither_row_order_nor_ring_start_nor_direction_changes_the_hash(same_seed):
    city = toy_city()
    other = shuffled(city, same_seed)
    assert content_hash(canonical(other)) == content_hash(canonical(city))


def test_the_hash_of_the_toy_city_is_the_same_on_every_machine():
    golden = "b250e43a51f545caef1c356ed60542f9cd0be94afb5ab67f0f2563574fbf6e25"
    assert content_hash(canonical(toy_city())) == golden


def test_a_shuffled_division_is_stored_as_the_same_bytes(tmp_path):
    files = []
    for seed in (1, 2):
        atlas = Atlas.create(tmp_path / f"{seed}.gpkg", clock=lambda: dt.datetime(2026, 1, 1, tzinfo=dt.UTC))
        edition = atlas.publish(shuffled(toy_city(), seed), valid_from="2026-01-01")
        twice = Atlas.create(tmp_path / f"{seed}-again.gpkg", clock=atlas.clock)
        twice.publish(edition.division, valid_from="2026-01-01")
        files += [atlas.path, twice.path]
    dumps = []
    for file in files:
        with sqlite3.connect(file) as connection:
            tables = [
                name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY 1")
            ]
            tables = [name for name in tables if not name.startswith("gpkg_")]
            dumps.append({name: connection.execute(f'SELECT * FROM "{name}" ORDER BY 1').fetchall() for name in tables})
        connection.close()
    assert all(dump == dumps[0] for dump in dumps)
    assert dumps[0]["cell_e1"][0][2] == "990100001001001"


@st.composite
def stars(draw):
    """A star-shaped polygon with a hole or a second part, anywhere on Earth, to the lattice."""
    x, y = draw(st.integers(-1_790_000_000, 1_790_000_000)), draw(st.integers(-890_000_000, 890_000_000))
    count = draw(st.integers(3, 9))
    angles = np.sort(draw(st.lists(st.integers(0, FULL_TURN - 1), min_size=count, max_size=count, unique=True)))
    if np.diff([*angles, angles[0] + FULL_TURN]).max() >= FULL_TURN // 2:
        angles = np.array([0, 120, 240])
    radii = np.array(draw(st.lists(st.integers(1000, 10**6), min_size=len(angles), max_size=len(angles))))
    ring = np.column_stack([np.cos(np.radians(angles)) * radii, np.sin(np.radians(angles)) * radii]).round()
    ring += (x, y)
    second = np.array([(3, 0), (4, 0), (4, 1), (3, 0)]) * 10**6 + (x, y)
    rings, parts = [np.concatenate([ring, ring[:1]])], [1]
    if draw(st.booleans()):
        rings, parts = [*rings, second], [1, 1]
    return LatticePolygons.from_rings(rings, parts, [len(parts)])


@given(st.lists(stars(), min_size=1, max_size=4))
def test_a_geometry_comes_back_as_the_same_integers(polygons):
    whole = LatticePolygons.concatenate(polygons)
    again = polygons_of([shape.wkb for shape in shapes_of(whole)])
    for name in ("coords", "ring_offsets", "part_offsets", "geom_offsets"):
        np.testing.assert_array_equal(getattr(again, name), getattr(whole, name))
    once = canonical_polygons(whole)
    twice = canonical_polygons(once)
    np.testing.assert_array_equal(once.coords, twice.coords)


def test_parts_and_holes_stand_in_canonical_order():
    def square(x, y, size):
        return [(x, y), (x + size, y), (x + size, y + size), (x, y + size), (x, y)]

    far = [square(100, 0, 9), square(105, 1, 2), square(101, 1, 2)]
    near = [square(0, 0, 9)]
    a = canonical_polygons(LatticePolygons.from_rings([*far, *near], [3, 1], [2]))
    b = canonical_polygons(LatticePolygons.from_rings([*near, far[0], far[2], far[1]], [1, 3], [2]))
    np.testing.assert_array_equal(a.coords, b.coords)
    assert a.part_offsets.tolist() == [0, 1, 4]
    assert a.coords[a.ring_offsets[:-1]].tolist() == [[0, 0], [100, 0], [101, 1], [105, 1]]


def test_an_edition_is_valid_until_the_next_begins(atlas):
    for day in ("2026-01-01", "2026-03-01", "2026-07-01"):
        atlas.publish(toy_city(), valid_from=day)
    spans = [(e.valid_from.isoformat(), e.valid_to and e.valid_to.isoformat()) for e in atlas.editions()]
    assert spans == [("2026-01-01", "2026-03-01"), ("2026-03-01", "2026-07-01"), ("2026-07-01", None)]
    assert atlas.edition(as_of="2026-02-28").number == 1
    assert atlas.edition(as_of=dt.date(2026, 3, 1)).number == 2
    assert atlas.edition(as_of=dt.datetime(2030, 1, 1, 12)).number == 3
    with pytest.raises(NotFoundError, match="edition 1 from 2026-01-01"):
        atlas.edition(as_of="2025-12-31")
    with pytest.raises(NotFoundError, match="no such edition"):
        atlas.edition(4)
    with pytest.raises(InputError, match="YYYY-MM-DD"):
        atlas.edition(as_of="yesterday")


def test_without_a_day_the_edition_of_today_answers_not_the_planned_one(tmp_path):
    today = dt.datetime(2026, 6, 1, 12, tzinfo=dt.UTC)
    atlas = Atlas.create(tmp_path / "a.gpkg", clock=lambda: today)
    with pytest.raises(NotFoundError, match="no edition yet"):
        atlas.edition()
    atlas.publish(toy_city(), valid_from="2026-01-01")
    atlas.publish(toy_city(), valid_from="2027-01-01")
    assert atlas.edition().number == 1


def test_replacing_a_planned_edition_must_be_said_and_recorded_time_is_kept_apart(tmp_path):
    moments = iter(dt.datetime(2026, month, 1, tzinfo=dt.UTC) for month in (1, 2, 3))
    atlas = Atlas.create(tmp_path / "a.gpkg", clock=lambda: next(moments))
    atlas.publish(toy_city(), valid_from="2026-01-01")
    atlas.publish(toy_city(), valid_from="2026-12-01")
    with pytest.raises(ConflictError, match="edition 2 already begins on 2026-12-01"):
        atlas.publish(toy_city(), valid_from="2026-10-01")
    atlas.publish(toy_city(), valid_from="2026-10-01", replace=True)
    assert [e.withdrawn for e in atlas.editions()] == [False, True, False]
    assert atlas.edition(as_of="2026-12-24").number == 3
    assert atlas.edition(as_of="2026-12-24", known_at=dt.datetime(2026, 2, 15, tzinfo=dt.UTC)).number == 2


def test_an_atlas_is_of_one_place(atlas):
    atlas.publish(toy_city(), valid_from="2026-01-01")
    with pytest.raises(ConflictError, match="another place"):
        atlas.publish(replace(toy_city(), code="990200"), valid_from="2026-02-01")


def test_a_division_made_from_an_older_edition_is_refused_when_asked(atlas):
    atlas.publish(toy_city(), valid_from="2026-01-01")
    atlas.publish(toy_city(), valid_from="2026-02-01", based_on=1)
    with pytest.raises(ConflictError, match="edition 2 is the last"):
        atlas.publish(toy_city(), valid_from="2026-03-01", based_on=1)


@pytest.mark.parametrize("statement", [
    "UPDATE cell_e1 SET name = 'x'", "DELETE FROM cell_e1", "INSERT INTO police_e1 SELECT 9, geom, 'P9', '', '', 1 FROM police_e1",
    "UPDATE edition SET valid_from = '2020-01-01'", "DELETE FROM edition", "DELETE FROM code", "UPDATE lineage SET area_m2 = 0",
    "UPDATE edition_layer SET table_name = 'x'", "DELETE FROM area_street_e1",
])  # fmt: skip
def test_what_is_published_cannot_be_changed_by_any_program(atlas, statement):
    atlas.publish(toy_city(), valid_from="2026-01-01")
    atlas.publish(toy_city(), valid_from="2026-02-01")
    with sqlite3.connect(atlas.path) as connection:
        pretend_to_be_a_gis(connection)
        # The lineage is empty, so a trigger has nothing to refuse there.
        if "lineage" in statement:
            connection.execute("INSERT INTO lineage VALUES (1, 2, 'cell', 'a', 'b', 1)")
        with pytest.raises(sqlite3.IntegrityError, match="published and immutable"):
            connection.execute(statement)
    connection.close()


def test_a_tampered_edition_is_found_out(atlas):
    edition = atlas.publish(toy_city(), valid_from="2026-01-01").verify()
    with sqlite3.connect(atlas.path) as connection:
        pretend_to_be_a_gis(connection)
        connection.execute("DROP TRIGGER cell_e1_refuses_update")
        connection.execute("UPDATE cell_e1 SET name = 'mine' WHERE fid = 3")
    connection.close()
    with pytest.raises(ChecksumError, match="edition 1 is not what was published"):
        edition.verify()


def test_an_unsound_division_is_refused_with_the_layer_named(atlas):
    city = toy_city()
    cells, grids, police = city.layers
    twice = cells.codes.copy()
    twice[1] = twice[0]
    outside = grids.membership.copy()
    outside[3] = 7
    lonely = np.zeros(16, np.int32)
    elsewhere = cells.areas.copy()
    elsewhere[0] = "990100009009"
    broken = {
        "each code must be given once": (replace(cells, codes=twice), grids, police),
        "row 3 of cell belongs to a grid that does not exist": (cells, replace(grids, membership=outside), police),
        "3 grids have no cells": (cells, replace(grids, membership=lonely), police),
        "given: 5 rows": (cells, replace(grids, membership=lonely[:5]), police),
        "stands on a layer before it": (cells, replace(grids, of="street"), police),
        "names areas that the division does not have": (replace(cells, areas=elsewhere), grids, police),
        "one geometry per row": (cells, grids, replace(police, shapes=None)),
        "column names has 2 rows where the layer has 4": (cells, replace(grids, names=grids.names[:2]), police),
        "begins with its base layer": (police, cells, grids),
        "each layer must be given once": (cells, grids, replace(police, name="cell")),
        "may not begin with area_": (cells, grids, replace(police, name="area_x")),
    }
    for message, layers in broken.items():
        with pytest.raises(InputError, match=message):
            atlas.publish(replace(city, layers=layers), valid_from="2026-01-01")
    assert atlas.editions() == ()


def test_an_edition_may_have_no_cells_or_one(atlas, draw):
    empty = draw(size=(1, 1))
    assert len(atlas.publish(empty, valid_from="2026-01-01").layer("cell")) == 0
    single = atlas.publish(draw((0, 0, 1, 1), size=(1, 1)), valid_from="2026-02-01")
    assert single.layer("cell").codes.tolist() == ["990100001001001"]
    assert len(Atlas.open(atlas.path).edition(1).division.base) == 0
