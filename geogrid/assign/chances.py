"""How sure is it: the chance of each cell, grid or person, given how exact the place is.

A place with an accuracy of r metres means that the true place lies within r with a chance of 68 %,
the convention of phones. The error is taken as a circular normal distribution, so its
standard deviation on each axis is r / 1.5096. The integral over each cell is a sum over 256 places of
equal weight, laid out as a sunflower's seeds: the same for every report and every machine.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from geogrid.assign.locator import Locator
from geogrid.assign.locator_kernel import quadrature
from geogrid.crs import to_wgs84
from geogrid.errors import InputError
from geogrid.types import BoolArray, Datum, FloatArray, Int32Array, IntArray

__all__ = ["NODES", "Chances", "chances", "wrong_share"]

NODES = 256
"""Places asked for each report."""
_SIGMAS_IN_ACCURACY = float(np.sqrt(-2.0 * np.log(1.0 - 0.68)))
_FARTHEST_M = 100_000.0


@dataclass(frozen=True, eq=False)
class Chances:
    """The chance of each owner of n uncertain places.

    Parameters
    ----------
    offsets : (n + 1,) int64
        Place i has entries ``offsets[i]:offsets[i + 1]``.
    rows : (k,) int32
        Cells, grids or persons, -1 for nobody; the likeliest first, the lower row first
        of equally likely ones.
    chance : (k,) float64
        Sums to 1 for each place.
    """

    offsets: IntArray
    rows: Int32Array
    chance: FloatArray

    def __len__(self) -> int:
        """Return the number of places."""
        return len(self.offsets) - 1

    def of(self, place: int) -> dict[int, float]:
        """Return the chances of one place, the likeliest first."""
        part = slice(int(self.offsets[place]), int(self.offsets[place + 1]))
        return dict(zip(self.rows[part].tolist(), self.chance[part].tolist(), strict=True))

    @property
    def likeliest(self) -> tuple[Int32Array, FloatArray]:
        """The likeliest owner of each place and its chance."""
        first = self.offsets[:-1]
        return self.rows[first], self.chance[first]

    def settled(self, *, at_least: float = 0.95) -> BoolArray:
        """Return where a better fix would hardly change the owner: one has this chance."""
        return np.asarray(self.likeliest[1] >= at_least)

    def by(self, member_of: npt.ArrayLike) -> Chances:
        """Return the chances of groups: of the grid, or the accountable person, of each row.

        Parameters
        ----------
        member_of : (rows,) int
            The group each row belongs to, -1 for none.

        Examples
        --------
        >>> cells = Chances(np.array([0, 3]), np.array([7, 3, 9], np.int32), np.array([0.5, 0.3, 0.2]))
        >>> cells.by(np.arange(10) // 5).of(0)
        {1: 0.7, 0: 0.3}
        """
        groups = np.asarray(member_of, np.int32)
        mapped = (
            np.where(self.rows >= 0, groups[self.rows], np.int32(-1)).astype(np.int32) if len(groups) else self.rows
        )
        place = np.repeat(np.arange(len(self)), np.diff(self.offsets))
        order = np.lexsort((mapped, place))
        place, mapped, chance = place[order], mapped[order], self.chance[order]
        new = np.ones(len(place), bool)
        new[1:] = (place[1:] != place[:-1]) | (mapped[1:] != mapped[:-1])
        start = np.flatnonzero(new)
        summed = np.add.reduceat(chance, start) if len(start) else chance
        place, mapped = place[start], mapped[start]
        order = np.lexsort((mapped, -summed, place))
        offsets = np.searchsorted(place, np.arange(len(self) + 1))
        return Chances(offsets.astype(np.int64), mapped[order], summed[order])


def chances(
    locator: Locator,
    lon: npt.ArrayLike,
    lat: npt.ArrayLike,
    *,
    accuracy_m: npt.ArrayLike,
    datum: str | Datum,
    layer: str | None = None,
) -> Chances:
    """Return the chance of each cell, or grid of `layer`, for places known to `accuracy_m`.

    Parameters
    ----------
    locator : Locator
    lon, lat : (n,) array_like of float, degrees in `datum`
    accuracy_m : float or (n,) array_like, metres
        The true place lies within this distance with a chance of 68 %.
    datum : Datum or str
    layer : str, optional
        The base layer if not given.

    Raises
    ------
    InputError
        If an accuracy is no number, negative, not finite or above 100 km, or there is not one for each place.
    CoordinateError, DatumError, NotFoundError

    Notes
    -----
    The error of a chance is below 0.02 where a straight border passes anywhere
    near the place, below 0.03 at a corner; tests measure it against dense sampling.
    """
    x, y = to_wgs84(np.atleast_1d(np.asarray(lon)), np.atleast_1d(np.asarray(lat)), datum=datum)
    try:
        reach = np.broadcast_to(np.asarray(accuracy_m, np.float64), x.shape)
    except (TypeError, ValueError):
        raise InputError(
            "the accuracies do not fit the places", given=f"{accuracy_m!r:.60}",
            allowed=f"one number of metres, or {x.size} of them",
        ) from None  # fmt: skip
    if not ((reach >= 0) & (reach <= _FARTHEST_M)).all():
        wrong = reach[~((reach >= 0) & (reach <= _FARTHEST_M))][0]
        raise InputError("the accuracy is not a distance", given=wrong, allowed="metres, 0 to 100,000")
    locator.guard()
    surface = locator.surface(layer)
    offsets, rows, count = quadrature(
        x.ravel(),
        y.ravel(),
        reach.ravel().astype(np.float64),
        *_sunflower(),
        surface.head,
        *surface.parts,
    )
    cells = Chances(offsets, rows, count / NODES)
    return cells if layer is None or layer not in locator.memberships else cells.by(locator.memberships[layer])


def _sunflower() -> tuple[FloatArray, FloatArray]:
    """Return east and north of the nodes in units of the accuracy."""
    i = np.arange(NODES) + 0.5
    radius = np.sqrt(-2.0 * np.log(1.0 - i / NODES)) / _SIGMAS_IN_ACCURACY
    angle = np.arange(NODES) * np.pi * (3.0 - np.sqrt(5.0))
    return radius * np.cos(angle), radius * np.sin(angle)


def wrong_share(
    locator: Locator, accuracies_m: npt.ArrayLike, *, layers: tuple[str, ...] | None = None, places: int = 20_000
) -> dict[str, Any]:
    """Return, for each layer and accuracy, the share of places that would get the wrong cell or grid.

    The places are spread evenly over the base layer (a Halton sequence, no chance involved).

    Parameters
    ----------
    locator : Locator
    accuracies_m : (a,) array_like of float, metres
    layers : tuple of str, optional
        All if not given.
    places : int
        How many are tried over the layer's bounding box.
    """
    west, south, bits, width, height = locator.base.corner
    grid = _halton(places, 2) * (width << bits), _halton(places, 3) * (height << bits)
    lon, lat = (west + grid[0]) / 1e7, (south + grid[1]) / 1e7
    inside = locator.locate(lon, lat, datum=Datum.WGS84) >= 0
    lon, lat = lon[inside], lat[inside]
    shares: dict[str, Any] = {}
    for layer in layers or locator.layer_names:
        own = locator.locate(lon, lat, datum=Datum.WGS84, layer=layer)
        shares[layer] = []
        for accuracy in np.atleast_1d(np.asarray(accuracies_m, np.float64)):
            found = chances(locator, lon, lat, accuracy_m=accuracy, datum=Datum.WGS84, layer=layer)
            same = found.rows == np.repeat(own, np.diff(found.offsets))
            shares[layer].append(float(1.0 - found.chance[same].sum() / len(lon)) if len(lon) else float("nan"))
    return shares


def _halton(count: int, base: int) -> FloatArray:
    index, result, scale = np.arange(1, count + 1), np.zeros(count), 1.0 / base
    while index.any():
        result += scale * (index % base)
        index, scale = index // base, scale / base
    return result
