"""Shared vertices are one number, and what is put into one side is put into the other."""

from __future__ import annotations

import numpy as np
import shapely

from geogrid.partition.borders import Borders, Insertion, distinct, is_among
from geogrid.partition.joining import joined, loose_edges, welded


def boxes(*bounds):
    return np.array([shapely.box(*b) for b in bounds], dtype=object)


def test_vertices_closer_than_the_weld_are_one():
    borders = Borders.of(np.array([shapely.box(0, 0, 1, 1), shapely.box(1 + 1e-9, 0, 2, 1)], dtype=object))
    assert len(borders.vertices) == 6
    assert loose_edges(borders, np.ones(2, np.int64)).sum() == 6


def test_an_insertion_reaches_both_sides_in_their_own_direction():
    borders = Borders.of(boxes((0, 0, 1, 1), (1, 0, 2, 1)))
    low, high = sorted(np.flatnonzero(borders.vertices[:, 0] == 1).tolist())
    along = np.array([0.75, 0.25])
    a, b = borders.vertices[low], borders.vertices[high]
    grown = borders.with_points(np.array([low, low]), np.array([high, high]), along, a + (b - a) * along[:, None])
    for shape in grown.to_shapely():
        assert shape.is_valid
        assert shape.area == 1
        assert len(shape.exterior.coords) == 7


def test_no_insertion_changes_nothing():
    borders = Borders.of(boxes((0, 0, 1, 1)))
    empty = np.empty(0, np.int64)
    assert borders.inserted(Insertion(empty, empty, np.empty(0), empty)) is borders


def test_a_corner_on_a_neighbours_side_becomes_its_vertex():
    # One wide box below two narrow ones: the corner between those lies on the wide one's side.
    borders = joined(Borders.of(boxes((0, 0, 2, 1), (0, 1, 1, 2), (1, 1, 2, 2))))
    assert len(borders.to_shapely()[0].exterior.coords) == 6
    first, second, length = borders.neighbours()
    assert list(zip(first.tolist(), second.tolist(), length.tolist(), strict=True)) == [
        (0, 1, 1.0),
        (0, 2, 1.0),
        (1, 2, 1.0),
    ]


def test_an_outline_gains_the_corners_of_its_cells_and_so_does_its_neighbour():
    outlines = boxes((0, 0, 2, 2), (2, 0, 4, 2))
    cells = boxes((0, 0, 2, 1), (0, 1, 2, 2), (2, 0, 4, 2))
    borders = joined(Borders.of(np.concatenate([outlines, cells])), outlines=2, parent=np.array([0, 0, 1]))
    shapes = borders.to_shapely()
    assert [len(shape.exterior.coords) for shape in shapes] == [7, 6, 5, 5, 6] or [
        len(shape.exterior.coords) for shape in shapes
    ] == [7, 6, 5, 5, 6]


def test_only_outlines_leaves_the_cells_as_they_are():
    borders = Borders.of(boxes((0, 0, 2, 1), (0, 0, 1, 1), (1, 0, 2, 1)))
    borders = joined(borders, outlines=1, parent=np.array([0, 0]), only_outlines=True)
    assert [len(shape.exterior.coords) for shape in borders.to_shapely()] == [7, 5, 5]


def test_cell_vertices_within_the_tolerance_are_welded_to_the_outline():
    outline = shapely.box(0, 0, 2, 1)
    cells = [shapely.box(0.0004, 0, 1, 1), shapely.box(1, 0, 2, 1)]
    borders = Borders.of(np.array([outline, *cells], dtype=object))
    borders = welded(borders, outlines=1, parent=np.array([0, 0]), tolerance_m=0.002)
    assert borders.to_shapely()[1].bounds == (0, 0, 1, 1)


def test_distinct_and_is_among_agree_with_numpy():
    values = np.random.default_rng(3).integers(0, 50, 300)
    assert distinct(values).tolist() == np.unique(values).tolist()
    some = distinct(values[:40])
    assert is_among(values, some).tolist() == np.isin(values, some).tolist()
    assert not is_among(values, some[:0]).any()
