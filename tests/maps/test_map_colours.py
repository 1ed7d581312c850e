"""Categories stay apart by eye; numbers run along a ramp."""

from __future__ import annotations

import numpy as np
import pytest

from geogrid.maps.colours import DISTINCT, NO_VALUE, distinct_colours, neighbours, oklab, shade
from geogrid.partition.division import Division
from geogrid.testing import toy_city


def _lab(colours: tuple[str, ...]) -> np.ndarray:
    return oklab([[int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)] for colour in colours])


@pytest.mark.parametrize(("count", "apart"), [(6, 0.15), (12, 0.11), (DISTINCT, 0.08)])
def test_every_two_category_colours_are_clearly_apart(count: int, apart: float) -> None:
    lab = _lab((*distinct_colours(count), NO_VALUE))
    distance = np.linalg.norm(lab[:, None] - lab[None], axis=2) + 9 * np.eye(count + 1)
    assert distance.min() > apart
    assert len(set(distinct_colours(count))) == count


def test_more_categories_do_not_change_the_first_colours() -> None:
    assert distinct_colours(24)[:5] == distinct_colours(5)


def test_oklab_agrees_with_the_published_example() -> None:
    # From the table of the paper: sRGB white, and pure red.
    assert np.allclose(oklab([[1, 1, 1]]), [[1, 0, 0]], atol=1e-3)
    assert np.allclose(oklab([[1, 0, 0]]), [[0.628, 0.225, 0.126]], atol=1e-3)


def test_neighbours_share_an_edge_not_a_corner() -> None:
    city = toy_city()
    assert neighbours(city.shapes("cell"), city.from_cells("responsibility")).tolist() == [
        [0, 1],
        [0, 2],
        [1, 3],
        [2, 3],
    ]


def test_each_category_has_its_line_in_the_legend_and_missing_comes_last() -> None:
    values = np.array(["东", "西", None, ""] * 4, dtype=object)
    shading = shade(values, toy_city().shapes("cell"), no_value="(none)")
    assert [(entry.text, entry.count) for entry in shading.entries] == [("东", 4), ("西", 4), ("(none)", 8)]
    assert shading.entries[-1].colour == NO_VALUE
    assert len(set(shading.fill[:2].tolist())) == 2


def test_row_order_does_not_change_a_category_s_colour() -> None:
    shapes = toy_city().shapes("cell")
    values = np.array(list("abcdefghijklmnop"), dtype=object)
    there, back = shade(values, shapes), shade(values[::-1], shapes.take(np.arange(16)[::-1]))
    assert there.fill.tolist() == back.fill[::-1].tolist()


def test_of_too_many_categories_no_two_neighbours_share_a_colour(big_city: Division) -> None:
    shapes = big_city.shapes("cell")
    shading = shade(big_city.base.codes, shapes, many=lambda count: f"{count} values")
    beside = neighbours(shapes, np.arange(len(shapes)))
    assert len(beside) > 90_000
    assert not (shading.fill[beside[:, 0]] == shading.fill[beside[:, 1]]).any()
    assert shading.note == "46008 values"
    assert shading.entries == ()


def test_numbers_run_from_the_lowest_to_the_highest_colour() -> None:
    shading = shade(np.array([5.0, 7.5, 10.0, np.nan] * 4), toy_city().shapes("cell"), no_value="no value")
    assert shading.fill[:4].tolist() == [0, 32, 63, 64]
    assert (shading.ramp[0][1], shading.ramp[-1][1]) == (5.0, 10.0)
    assert shading.entries[0].text == "no value"
    assert shading.entries[0].count == 4


def test_a_column_of_one_number_and_a_column_of_none_can_be_drawn() -> None:
    shapes = toy_city().shapes("cell")
    assert shade(np.full(16, 3), shapes).fill.tolist() == [0] * 16
    assert shade(np.full(16, np.nan), shapes).ramp == ()
