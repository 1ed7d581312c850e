"""One snap to the lattice: proved, mended where it folds a cell, refused where a method left gaps."""

from __future__ import annotations

import numpy as np
import pytest
import shapely

from geogrid.errors import BoundaryError, PartitionError
from geogrid.lattice import LatticePolygons, area_m2, owners_by_brute_force, prove_partition
from geogrid.partition.frame import Cut, Frame
from geogrid.partition.mending import laid_out_again
from geogrid.partition.outlines import drift_steps
from geogrid.partition.snapping import snap

from .drawing import METRIC, areas


def frame_of(*shapes):
    return Frame.of(areas("street", shapes), METRIC)


def cut_of(frame, lines):
    """Return the faces that lines, in the frame's metres, cut out of its first area."""
    outline = frame.parents[0]
    noded = shapely.union_all([outline.boundary, *lines])
    faces = [
        face for face in shapely.get_parts(shapely.polygonize([noded])) if outline.contains(face.representative_point())
    ]
    return Cut(np.array(faces, dtype=object), np.zeros(len(faces), np.int64))


def test_cells_without_common_vertices_get_them():
    frame = frame_of(shapely.box(0, 0, 100, 100))
    west, south, east, north = frame.parents[0].bounds
    middle_x, middle_y = (west + east) / 2, (south + north) / 2
    snapped = snap(frame, cut_of(frame, [
        shapely.LineString([(west - 5, middle_y), (east + 5, middle_y)]),
        shapely.LineString([(middle_x, middle_y), (middle_x, north + 5)]),
    ]))  # fmt: skip
    assert len(snapped.cells) == 3
    assert snapped.proof.holds


@pytest.mark.parametrize("seed", range(12))
def test_cells_thinner_than_the_lattice_are_mended_and_every_point_keeps_one_owner(seed):
    rng = np.random.default_rng(seed)
    frame = frame_of(shapely.box(0, 0, 30, 30))
    west, south, _, _ = frame.parents[0].bounds
    # A fan of lines a few millimetres apart where they meet: many needles below a lattice step.
    hub = np.array([west, south]) + rng.uniform(5, 25, 2)
    angles = rng.uniform(0, np.pi, 14)
    lines = [
        shapely.LineString([hub + rng.normal(0, 0.004, 2) - 60 * d, hub + rng.normal(0, 0.004, 2) + 60 * d])
        for d in np.column_stack([np.cos(angles), np.sin(angles)])
    ]
    snapped = snap(frame, cut_of(frame, lines))
    assert snapped.proof.holds
    points = np.concatenate([snapped.cells.coords, rng.integers(*_box(snapped.outlines), (300, 2)).astype(np.int32)])
    inside = owners_by_brute_force(snapped.outlines, points) == 0
    owners = owners_by_brute_force(snapped.cells, points)
    assert ((owners >= 0) == inside).all()
    assert (np.diff(snapped.cells.geom_offsets) == 1).all()
    assert drift_steps(frame_lattice(frame), snapped.outlines).max() <= 1.5


def _box(polygons: LatticePolygons):
    west, south, east, north = polygons.bounds()[0]
    return (west - 2, south - 2), (east + 3, north + 3)


def frame_lattice(frame):
    degrees = [shapely.transform(shape, METRIC.to_degrees) for shape in frame.parents]
    return LatticePolygons.from_shapely(np.array(degrees, dtype=object))


def test_a_gap_that_a_method_leaves_is_an_error_with_its_place_and_size():
    frame = frame_of(shapely.box(0, 0, 100, 100))
    west, south, east, north = frame.parents[0].bounds
    half = shapely.intersection(frame.parents[0], shapely.box(west - 1, south - 1, (west + east) / 2, north + 1))
    with pytest.raises(PartitionError, match="belong to no cell") as error:
        snap(frame, Cut(np.array([half], dtype=object), np.zeros(1, np.int64)))
    assert "A1" in str(error.value)


def test_something_that_is_not_a_polygon_is_refused():
    frame = frame_of(shapely.box(0, 0, 100, 100))
    with pytest.raises(PartitionError, match="not polygons"):
        snap(frame, Cut(np.array([shapely.LineString([(0, 0), (1, 1)])], dtype=object), np.zeros(1, np.int64)))


def test_borders_within_the_methods_tolerance_are_led_back_to_the_official_outline():
    frame = frame_of(shapely.box(0, 0, 100, 100))
    shaken = shapely.set_precision(frame.parents, 0.001)
    snapped = snap(frame, Cut(shaken, np.zeros(1, np.int64), tolerance_m=0.002))
    assert snapped.proof.holds


def test_a_piece_pinched_off_goes_to_the_neighbour_with_most_common_border():
    # Two lobes joined at a point; the cell to the east goes all around the eastern one.
    bow = [(0, 0), (40, 0), (40, 20), (60, 10), (60, 30), (40, 20), (40, 40), (0, 40), (0, 0)]
    around = [(40, 0), (80, 0), (80, 40), (40, 40), (40, 20), (60, 30), (60, 10), (40, 20), (40, 0)]
    cells = LatticePolygons.from_rings([bow, around], [1, 1], [1, 1])
    outline = LatticePolygons.from_rings([[(0, 0), (40, 0), (80, 0), (80, 40), (40, 40), (0, 40), (0, 0)]], [1], [1])
    mended = laid_out_again(cells, np.array([0]), np.zeros(2, np.int64))
    assert prove_partition(mended.cells, outline, np.zeros(2, np.int64)).holds
    sizes = area_m2(mended.cells)
    assert sizes[0] == pytest.approx(sizes.sum() / 2, rel=1e-6)
    assert mended.findings[0].subjects == ("0", "1")


def test_neighbours_whose_corner_lies_on_a_long_border_share_it():
    # The corner of the two northern areas lies in the middle of the southern one's straight side.
    shapes = shapely.box(0, 0, 200, 100), shapely.box(0, 100, 96, 200), shapely.box(96, 100, 200, 200)
    frame = frame_of(*shapes)
    corners = [set(map(tuple, np.round(shapely.get_coordinates(shape), 6).tolist())) for shape in frame.parents]
    assert len(corners[0] & corners[1] & corners[2]) >= 1


def test_an_outline_that_crosses_itself_is_refused_with_its_code():
    bow = shapely.Polygon([(0, 0), (100, 100), (100, 0), (0, 100)])
    with pytest.raises(BoundaryError, match="A1"):
        frame_of(bow)


def test_two_vertices_a_millimetre_apart_on_a_common_border_fall_on_one_lattice_point():
    # One side has a step of a millimetre in the border that the other has not. On the lattice the step is a whole
    # centimetre to one side.
    steps = np.array([1_211_234_567, 313_456_789])

    def at(*lattice):
        return METRIC.to_metres((np.array(lattice) + steps) / 1e7)

    north, middle, south = (-1, 20_000), (1, 32), (-19, -1_004)
    one, jog, two = (0.431, 0.308), (0.507, 0.262), (0.428, 2.38)
    west = shapely.Polygon(at(north, (-20_000, 20_000), (-20_000, -1_004), south, middle))
    east = shapely.Polygon(at(south, (20_000, -1_004), (20_000, 20_000), north, middle))
    frame = Frame(np.array([west, east]), np.array(["W", "E"], dtype=object), METRIC)
    cells = [
        shapely.Polygon(at(north, (-20_000, 20_000), (-20_000, -1_004), south, one, two, middle)),
        shapely.Polygon(at(south, (20_000, -1_004), (20_000, 0.308), one)),
        shapely.Polygon(at((20_000, 0.308), (20_000, 20_000), north, middle, two, jog, one)),
    ]
    done = snap(frame, Cut(np.array(cells), np.array([0, 1, 1]), tolerance_m=0.003))
    assert done.proof.holds
    assert len(done.cells) == 3
