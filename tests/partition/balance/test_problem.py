"""Bad input: a stated result, or an error that names the cells."""

import numpy as np
import pytest

from geogrid.errors import InputError, PlanError
from geogrid.partition.balance import Budget, balance, measure_of

CODES = np.array(["c0", "c1", "c2", "c3"], dtype=object)


@pytest.mark.parametrize(
    ("values", "words"),
    [
        (["1", "two", "3", "4"], r"not a number for 1 cell\(s\): c1; given: two"),
        ([1, None, 3, 4], r"missing for 1 cell\(s\): c1"),
        ([1, 2, float("nan"), 4], r"missing for 1 cell\(s\): c2"),
        ([1, 2, 3, float("inf")], r"infinite for 1 cell\(s\): c3"),
        ([1, -2, 3, -4], r"negative for 2 cell\(s\): c1, c3; given: -2"),
    ],
)
def test_a_weight_that_is_none_names_its_cells(values, words):
    with pytest.raises(InputError, match=words):
        measure_of("people", values, codes=CODES)


def test_numbers_in_text_and_declared_gaps_are_taken():
    measure = measure_of("people", ["1", "", " 3", None], codes=CODES, missing="zero")
    assert measure.values.tolist() == [1.0, 0.0, 3.0, 0.0]


@pytest.mark.parametrize("tolerance", [-0.1, 1.0, 5])
def test_a_tolerance_is_a_share(tolerance):
    with pytest.raises(InputError, match="tolerance is a share"):
        measure_of("people", [1, 2, 3, 4], codes=CODES, tolerance=tolerance)


def test_a_range_runs_upwards():
    with pytest.raises(InputError, match="not a range"):
        measure_of("people", [1, 2, 3, 4], codes=CODES, low=5, high=4)


def test_more_grids_than_cells_are_refused(make_town, make_problem):
    with pytest.raises(PlanError, match="more grids than cells"):
        make_problem(make_town(2, 2), count=5)


def test_no_number_of_grids_at_all_is_refused(make_town, make_problem):
    with pytest.raises(PlanError, match="does not say how many grids"):
        balance(make_problem(make_town(2, 2)))


def test_contradicting_locks_are_named(make_town, make_problem):
    graph = make_town(2, 2)
    start, locked = np.array([0, 1, 0, 1], np.int32), np.ones(4, bool)
    with pytest.raises(PlanError, match="locked in different grids; given: c0, c1"):
        make_problem(graph, start=start, locked_cells=locked, together=((0, 1),))
    with pytest.raises(PlanError, match="locked in one grid; given: c0, c2"):
        make_problem(graph, start=start, locked_cells=locked, apart=((0, 2),))
    with pytest.raises(PlanError, match="together and apart"):
        make_problem(graph, together=((0, 1, 2),), apart=((0, 2),))
    with pytest.raises(PlanError, match="locks without existing grids"):
        make_problem(graph, locked_cells=locked)


def test_a_locked_grid_neither_gains_a_cell_nor_parts_from_one(make_town, make_problem):
    graph, start = make_town(2, 2), np.array([0, 1, 0, 1], np.int32)
    with pytest.raises(PlanError, match="a locked grid, which gains no cell; given: c0, c1"):
        make_problem(graph, start=start, locked_grids=(0,), together=((0, 1),))
    with pytest.raises(PlanError, match="locked in different grids; given: c0, c1"):
        make_problem(graph, start=start, locked_grids=(0, 1), together=((0, 1),))
    with pytest.raises(PlanError, match="locked in one grid; given: c0, c2"):
        make_problem(graph, start=start, locked_grids=(0,), apart=((0, 2),))
    make_problem(graph, start=start, locked_grids=(0,), together=((0, 2),), apart=((0, 1),))


def test_existing_grids_over_the_border_of_an_area_are_named(make_town, make_problem):
    start, area = np.array([0, 0, 1, 1], np.int32), np.array([0, 1, 0, 0])
    with pytest.raises(PlanError, match=r"over the border of an area; given: c0 \(area 0\) and c1 \(area 1\);.*within"):
        make_problem(make_town(2, 2), start=start, area=area)


@pytest.mark.parametrize(
    ("wish", "amount"), [("keep", -5.0), ("keep", np.nan), ("pull_m", np.inf), ("roundness_m", -1.0), ("reach_m", 0.0)]
)
def test_a_price_is_an_amount(make_town, make_problem, wish, amount):
    with pytest.raises(InputError, match=f"{wish} is an? "):
        make_problem(make_town(2, 2), count=2, **{wish: amount})


def test_together_names_somebody(make_town, make_problem):
    with pytest.raises(PlanError, match="none is named"):
        make_problem(make_town(2, 2), count=2, together=((),))


def test_cells_that_cannot_be_apart_are_said_with_the_reason(make_town, make_problem):
    one = balance(make_problem(make_town(2, 2), count=1, apart=((0, 3),)))
    assert [(found.rule, found.subjects) for found in one.findings] == [("kept_apart", ("c0", "c3"))]
    assert "area 0 has one grid" in one.findings[0].message
    three = balance(make_problem(make_town(2, 2), count=2, apart=((0, 1), (0, 2), (1, 2))))
    assert [found.rule for found in three.findings] == ["kept_apart"]


@pytest.mark.parametrize("unit", [1e-12, 1e18, 1e300])
def test_the_unit_of_a_weight_does_not_matter(make_town, make_problem, unit):
    done = balance(make_problem(make_town(4, 2), np.array([1, 2, 1, 2, 2, 1, 2, 1]) * unit, 0.01, count=2))
    assert done.valid
    np.testing.assert_allclose(done.load[:, 0], 6 * unit)


def test_cells_that_must_stay_together_must_touch(make_town, make_problem):
    with pytest.raises(PlanError, match="do not touch; given: c0, c3"):
        balance(make_problem(make_town(4, 1), count=2, together=((0, 3),)))


def test_a_budget_is_positive():
    for wrong in ({"effort": 0}, {"seconds": -1.0}, {"workers": 0}):
        with pytest.raises(InputError):
            Budget(**wrong)
