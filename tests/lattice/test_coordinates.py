"""Snapping to the lattice: once, to the nearest step, half to even."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geogrid.errors import CoordinateError
from geogrid.lattice import from_lattice, to_lattice


def test_halves_go_to_the_even_step() -> None:
    # 0.5 and 1.5 and 2.5 steps; multiples of 2**-n are exact, so take degrees whose product is exact.
    lon = np.array([0.5, 1.5, 2.5, -0.5, -1.5]) / 1e7
    exact = lon * 1e7
    assert exact.tolist() == [0.5, 1.5, 2.5, -0.5, -1.5]
    assert to_lattice(lon, np.zeros(5))[:, 0].tolist() == [0, 2, 2, 0, -2]


@given(st.integers(-1_800_000_000, 1_800_000_000), st.integers(-900_000_000, 900_000_000))
def test_every_lattice_point_survives_degrees_and_back(x: int, y: int) -> None:
    assert to_lattice(*from_lattice([[x, y]]).T).tolist() == [[x, y]]


@given(st.floats(-180, 180), st.floats(-90, 90))
def test_a_place_moves_by_half_a_step_at_most(lon: float, lat: float) -> None:
    ((x, y),) = from_lattice(to_lattice(lon, lat))
    assert abs(x - lon) <= 0.5000001e-7
    assert abs(y - lat) <= 0.5000001e-7


def test_a_place_that_is_none_is_refused_and_not_wrapped_around() -> None:
    with pytest.raises(CoordinateError, match="out of range"):
        to_lattice(180.1, 0.0)
    with pytest.raises(CoordinateError, match="NaN"):
        to_lattice([0.0, np.nan], [0.0, 0.0])


def test_the_antimeridian_and_the_poles_fit_into_32_bits() -> None:
    assert to_lattice([180.0, -180.0], [90.0, -90.0]).tolist() == [
        [1_800_000_000, 900_000_000],
        [-1_800_000_000, -900_000_000],
    ]
