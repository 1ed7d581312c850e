"""Legal borders do not move: two millimetres at most before the snap, on real parents and drawn ones."""

import geopandas
import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from geogrid.crs import Metric, parse_crs
from geogrid.partition.blocks import Ground, Seams, cut_ground
from geogrid.partition.frame import Frame
from geogrid.partition.snapping import snap

from .sketch import frame_of, line, section

MOST_M = 0.002


def border_moves_m(frame, cut):
    """Return how far outer borders of the cells stand off the parents', either way."""
    most = 0.0
    for row, parent in enumerate(frame.parents):
        whole = shapely.union_all(cut.polygons[cut.parent == row], grid_size=0.0)
        ours, official = shapely.boundary(whole), shapely.boundary(parent)
        # Rings thinner than the noding step are where neighbouring cells touch, not border.
        for one, other in ((ours, official), (official, ours)):
            shapely.prepare(other)
            most = max(most, shapely.distance(shapely.points(shapely.get_coordinates(one)), other).max())
    return most


@settings(max_examples=15, deadline=None)
@given(
    st.lists(st.tuples(*[st.floats(-20, 320)] * 4), max_size=8),
    st.lists(st.floats(0.001, 0.999), min_size=3, max_size=9, unique=True),
)
def test_the_border_of_a_drawn_parent_moves_two_millimetres_at_most(ends, turns):
    angle = 2 * np.pi * np.sort(turns)
    ring = np.column_stack([150 + 140 * np.cos(angle), 100 + 90 * np.sin(angle)])
    parent = shapely.Polygon(ring)
    if parent.area < 100:
        return
    frame = frame_of(parent)
    seams = [line((a, b), (c, d)) for a, b, c, d in ends if (a, b) != (c, d)]
    done = cut_ground(frame, Ground(Seams.of(seams) if seams else Seams()), section())
    assert border_moves_m(frame, done.cut) <= MOST_M


def test_the_borders_of_real_neighbourhoods_move_two_millimetres_at_most(acceptance_data):
    folder = acceptance_data / "baltimore"
    place = geopandas.read_file(folder / "neighborhoods.gpkg").to_crs(2804).iloc[::40]
    streets = geopandas.read_file(folder / "streets.gpkg", bbox=tuple(place.total_bounds))
    frame = Frame(
        np.asarray(place.geometry.array, object), place.name.to_numpy(object), Metric(parse_crs("EPSG:2804"))
    )  # fmt: skip
    done = cut_ground(frame, Ground(Seams.of(np.asarray(streets.geometry.array, object))), section())
    assert len(done.cut.polygons) > 300
    assert border_moves_m(frame, done.cut) <= MOST_M


@pytest.mark.parametrize("off_m", [0.0004, 0.004, 0.04])
def test_a_seam_that_ends_beside_a_corner_leaves_the_corner_where_it_is(off_m):
    frame = frame_of(shapely.box(0, 0, 200, 100))
    seam = line((100, 50), (200, 100 - off_m))
    done = cut_ground(frame, Ground(Seams.of([seam, line((100, -5), (100, 105))])), section())
    assert border_moves_m(frame, done.cut) <= MOST_M


def test_seams_that_run_a_millimetre_beside_a_bend_of_the_border_still_give_a_partition():
    # What is left of a seam layer that was moved to fit: a street node a lattice step from a bend of the border, and the
    # street along the border both ways. Noding moves such nodes by more than its own step.
    rng = np.random.default_rng(5)
    parents, seams = [], []
    for row in range(400):
        at = np.array([400.0 * (row % 20), 300.0 * (row // 20)]) + rng.uniform(0, 1, 2)
        west, corner, east = np.array([(-60, -2.0), (0, rng.uniform(-3, 3)), (70, 2.2)])
        parents.append(shapely.Polygon([west, corner, east, (70, 120), (-60, 120)] + at))
        along = (corner - west) / np.hypot(*(corner - west))
        across = along[::-1] * (-1, 1)
        node = corner + along * rng.uniform(-0.014, 0.014) + across * rng.uniform(-0.003, 0.003)
        ends = (
            west + across * rng.normal(0, 0.01),
            east + across * rng.normal(0, 0.01),
            node + (rng.uniform(-5, 5), 130),
        )
        seams += [line(*(np.array([node, end]) + at)) for end in ends]
    frame = frame_of(*parents)
    done = cut_ground(frame, Ground(Seams.of(seams)), section())
    assert border_moves_m(frame, done.cut) <= MOST_M
    assert snap(frame, done.cut).proof.holds
