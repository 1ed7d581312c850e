"""A cell heavier than a grid counts as one full grid, whatever says how many grids there are."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from geogrid.partition.balance import Measure, balance, explain
from geogrid.partition.balance.counts import grids_for_target, in_full_grids


def members_of(done, cell):
    return np.flatnonzero(done.membership == done.membership[cell]).tolist()


@pytest.mark.parametrize("heavy", [450.0, 5000.0])
def test_a_target_is_kept_by_all_grids_but_that_of_the_heavy_cell(make_town, make_problem, quick, heavy):
    values = np.full(48, 19.0)
    values[20] = heavy
    problem = make_problem(make_town(8, 6), values, 0.2, target=90.0)
    done = balance(problem, budget=quick)
    # 47 cells of 19 are 893: ten grids of 72 to 108.
    assert len(done.area) == 11
    assert members_of(done, 20) == [20]
    light = np.delete(done.load[:, 0], done.membership[20])
    assert 72 <= light.min() <= light.max() <= 108
    assert done.valid
    assert [finding.subjects for finding in done.findings] == [("c20",)]
    assert "more than a grid may hold (108)" in done.findings[0].message


def test_a_heavy_cell_takes_no_grids_from_the_other_areas(make_town, make_problem, quick):
    area = np.repeat([0, 1], 16)
    values = np.full(32, 10.0)
    values[0] = 800.0
    done = balance(make_problem(make_town(4, 8), values, 0.3, area=area, count=9), budget=quick)
    # 150 and the heavy cell here, 160 there: five grids and four.
    assert np.bincount(done.area).tolist() == [5, 4]
    ranged = make_problem(make_town(4, 8), values, area=area, count=9)
    ranged = replace(ranged, measures=(Measure("people", values, None, 30.0, 50.0),))
    assert np.bincount(balance(ranged, budget=quick).area).tolist() == [5, 4]


@pytest.mark.parametrize("asked", [{"target": 60.0}, {"count": 5}])
def test_an_area_of_one_heavy_cell_is_told_with_the_cell(make_town, make_problem, quick, asked):
    area = np.array([0, *[1] * 24])
    values = np.full(25, 10.0)
    values[0] = 500.0
    problem = make_problem(make_town(5, 5), values, 0.2, area=area, area_names=("Nook", "Field"), **asked)
    done = balance(problem, budget=quick)
    assert np.bincount(done.area).tolist() == [1, 4]
    (found,) = [finding for finding in done.findings if finding.rule == "cell_fits_a_grid"]
    assert found.subjects == ("c0",)
    assert "people 500 in Nook is more than a grid may hold (72)" in found.message
    assert done.valid


def test_the_grid_of_a_heavy_cell_gains_no_other(make_town, make_problem, quick):
    # Two rows of six; the corner beside the heavy cell would shorten the border.
    values = np.array([1, 50, 5, 5, 5, 5, 1, 5, 5, 5, 5, 5], np.float64)
    done = balance(make_problem(make_town(6, 2), values, 0.5, count=3), budget=quick)
    assert members_of(done, 1) == [1]
    assert done.valid


def test_a_piece_that_only_the_heavy_cell_touches_joins_it(make_town, make_problem, quick):
    # In a row: 2 | 100 | 5 5 5 5. The two is too light for a grid of 8 to 12.
    problem = make_problem(make_town(6, 1), [2, 100, 5, 5, 5, 5], 0.2, target=10.0)
    done = balance(problem, budget=quick)
    assert done.membership.tolist() == [0, 0, 1, 1, 2, 2] or sorted(done.load[:, 0]) == [10, 10, 102]
    assert done.valid
    assert "cell c1 alone weighs 100" in "".join(explain(problem, done).why)


def test_a_heavy_cell_takes_others_where_a_grid_must_have_more_cells(make_town, make_problem, quick):
    values = np.array([50, *[5.0] * 11])
    problem = make_problem(make_town(4, 3), values, 0.5, count=4)
    two = Measure("cells", np.ones(12), 0.5, 2.0, np.inf)
    done = balance(replace(problem, measures=(*problem.measures, two)), budget=quick)
    assert np.bincount(done.membership).min() == 2
    assert done.valid


def test_the_number_of_grids_is_the_nearest_that_fits_the_tolerance():
    assert grids_for_target(np.full(14, 10.0), 100.0, 0.2) == 1
    assert grids_for_target(np.full(14, 10.0), 100.0, 0.3) == 2
    assert grids_for_target(np.full(3, 500.0), 100.0, 0.3) == 3
    assert grids_for_target(np.zeros(3), 100.0, 0.3) == 1


def test_claims_are_raised_by_no_heavy_cell():
    values = np.array([1000.0, *[1.0] * 9])
    assert in_full_grids(values, 4, 0.1).tolist() == [3.0, *[1.0] * 9]
