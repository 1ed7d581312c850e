"""A known shift between seams and borders is found again, whatever else the seam layer holds."""

from __future__ import annotations

import json
from itertools import pairwise

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from geogrid.cli.app import build_app
from geogrid.errors import InputError
from geogrid.partition.shift import Shift, moved_seams, seam_shift, shift_findings

from .drawing import METRIC, areas, degrees

BLOCKS = [shapely.box(x, y, x + 150, y + 150) for x in range(0, 900, 150) for y in range(0, 900, 150)]
BORDERS = areas("community", BLOCKS)


def streets(seed: int, dx: float, dy: float, *, noise: float = 0.3, unrelated: float = 0.3) -> np.ndarray:
    """Return a street along each side of each block, off by (dx, dy) and noise, and others that follow no border."""
    rng = np.random.default_rng(seed)
    lines = []
    for block in BLOCKS:
        ring = shapely.get_coordinates(block)
        for a, b in pairwise(ring):
            lines.append(shapely.LineString([a, b] + rng.normal(0, noise, 2) - (dx, dy)))
    for _ in range(int(len(lines) * unrelated / (1 - unrelated))):
        # Half of them run beside a border at some other distance, as a footpath or a parcel line does.
        start = rng.uniform(0, 900, 2)
        if rng.uniform() < 0.5:
            start[0] = np.rint(start[0] / 150) * 150 + rng.uniform(-5, 5)
            end = start + (0, 120)
        else:
            end = start + rng.uniform(-120, 120, 2)
        lines.append(shapely.LineString([start, end]))
    order = rng.permutation(len(lines))
    return np.array([degrees(lines[row]) for row in order], dtype=object)


@settings(max_examples=15)
@given(seed=st.integers(0, 1000), dx=st.floats(-1.5, 1.5), dy=st.floats(-1.5, 1.5))
def test_a_known_shift_is_found_within_5_cm_without_noise(seed, dx, dy):
    shift = seam_shift(BORDERS, streets(seed, dx, dy, noise=0.0), METRIC)
    assert shift.dx_m == pytest.approx(dx, abs=0.05)
    assert shift.dy_m == pytest.approx(dy, abs=0.05)


@pytest.mark.parametrize("seed", range(6))
def test_a_known_shift_is_found_within_5_cm_under_noise_and_among_unrelated_lines(seed):
    lines = np.concatenate([streets(seed * 10 + more, 0.7, -0.4, noise=0.15) for more in range(3)])
    shift = seam_shift(BORDERS, lines, METRIC)
    assert shift.dx_m == pytest.approx(0.7, abs=0.05)
    assert shift.dy_m == pytest.approx(-0.4, abs=0.05)
    assert shift.is_systematic


def test_the_moved_seams_fit_and_the_borders_have_not_moved():
    lines = streets(4, 1.2, 0.8, noise=0.05)
    before = BORDERS.polygons.coords.copy()
    shift = seam_shift(BORDERS, lines, METRIC)
    again = seam_shift(BORDERS, moved_seams(lines, shift, METRIC), METRIC)
    assert again.length_m < 0.02
    assert not again.is_systematic
    assert shift_findings(again, source="roads") == ()
    np.testing.assert_array_equal(BORDERS.polygons.coords, before)


def test_the_finding_offers_to_move_the_seams_never_the_border():
    finding = shift_findings(seam_shift(BORDERS, streets(1, 0.9, 0.0, noise=0.05), METRIC), source="roads")[0]
    assert finding.amount == pytest.approx(0.9, abs=0.05)
    assert "move the seams" in finding.message
    assert "never the border" in finding.message


def test_noise_alone_is_not_called_systematic():
    assert not seam_shift(BORDERS, streets(2, 0.0, 0.0, noise=0.3), METRIC).is_systematic
    assert not Shift(0.03, 0.0, 0.001, 0.1, 0.1, 900).is_systematic


def test_the_order_and_direction_of_lines_mean_nothing():
    lines = streets(3, 0.5, 0.5)
    turned = np.asarray(shapely.reverse(lines[::-1]), dtype=object)
    one, other = seam_shift(BORDERS, lines, METRIC), seam_shift(BORDERS, turned, METRIC)
    assert (one.dx_m, one.dy_m) == pytest.approx((other.dx_m, other.dy_m), abs=2e-4)


def test_water_banks_given_as_polygons_count_by_their_outline():
    moved = np.array([degrees(shapely.transform(block, lambda xy: xy - (0.6, 0.0))) for block in BLOCKS], dtype=object)
    assert seam_shift(BORDERS, moved, METRIC).dx_m == pytest.approx(0.6, abs=0.02)


def test_seams_in_one_direction_or_far_away_are_refused():
    north = np.array([degrees(shapely.LineString([(x, 0), (x, 900)])) for x in range(0, 900, 150)], dtype=object)
    with pytest.raises(InputError, match="two directions"):
        seam_shift(BORDERS, north, METRIC)
    with pytest.raises(InputError, match="CRS"):
        seam_shift(BORDERS, shapely.transform(streets(0, 0, 0), lambda xy: xy + 1), METRIC)
    with pytest.raises(InputError, match="nothing to compare"):
        seam_shift(BORDERS, np.empty(0, object), METRIC)


def test_the_verb_reports_the_shift_and_writes_the_moved_seams(tmp_path):
    geopandas = pytest.importorskip("geopandas")
    roads, blocks = str(tmp_path / "roads.gpkg"), str(tmp_path / "blocks.gpkg")
    geopandas.GeoDataFrame(geometry=streets(5, 0.8, 0.0, noise=0.05), crs="EPSG:4326").to_file(roads)
    geopandas.GeoDataFrame(geometry=[degrees(block) for block in BLOCKS], crs="EPSG:4326").to_file(blocks)
    moved = str(tmp_path / "moved.gpkg")
    result = CliRunner().invoke(build_app("seams"), ["seams", blocks, roads, "--out", moved, "--json"])
    assert result.exit_code == 1, result.output
    assert json.loads(result.stdout)["shift"]["dx_m"] == pytest.approx(0.8, abs=0.05)
    result = CliRunner().invoke(build_app("seams"), ["seams", blocks, moved])
    assert result.exit_code == 0, result.output
    assert "no systematic shift" in result.stdout


@pytest.mark.acceptance
def test_the_streets_of_baltimore_stand_off_the_neighbourhoods_by_most_of_a_metre(acceptance_data):
    from geogrid.boundaries import read_features
    from geogrid.boundaries.areas import Areas
    from geogrid.crs import Metric
    from geogrid.lattice import LatticePolygons

    folder = acceptance_data / "baltimore"
    shapes = read_features(folder / "neighborhoods.gpkg").geometry.to_numpy()
    blank = np.full(len(shapes), "", dtype=object)
    borders = Areas("neighbourhood", blank, blank, blank, LatticePolygons.from_shapely(shapes))
    metric = Metric.around(-76.6, 39.3)
    shift = seam_shift(borders, read_features(folder / "streets.gpkg").geometry.to_numpy(), metric)
    assert shift.is_systematic
    assert 0.7 < shift.length_m < 1.0
    assert shift.spread_m < 0.05 < shift.spread_before_m
