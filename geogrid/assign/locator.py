"""The locator: which cell, and which grid of every layer, owns a place."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from types import MappingProxyType

import numpy as np
import numpy.typing as npt

from geogrid.assign.locator_batch import MANY, PLAIN, fill_owners, floats_of, readable
from geogrid.assign.locator_build import Surface, build_surface
from geogrid.assign.locator_kernel import locate_steps, resolved
from geogrid.assign.locator_nearest import Rim
from geogrid.assign.shift import shift_one
from geogrid.compiled import interpreted
from geogrid.crs import require_lonlat, to_wgs84
from geogrid.errors import CoordinateError, InputError, NotFoundError
from geogrid.lattice import LatticePolygons
from geogrid.partition.division import Division
from geogrid.types import Datum, FloatArray, Int32Array

__all__ = ["Locator"]

_resolved_interpreted = interpreted(resolved)


def _nothing() -> None:
    """Guard, or release, arrays that live in memory: nothing can happen to them."""


@dataclass(frozen=True, eq=False)
class Locator:
    """Which cell, and which grid of each layer, owns a place; exact, by the half-open rule.

    A coordinate is rounded to the lattice once, ties to the even number, before anything else. The scalar,
    batch and frame doors run the same integer kernel, so they give the same answer.

    Parameters
    ----------
    base : Surface
        The index of the cells.
    memberships : mapping of str to (cells,) int32
        For each stacked layer, the row each cell belongs to.
    overlays : mapping of str to Surface
        The index of each overlay layer.
    base_name : str
        The name of the base layer.
    guard : callable
        Called before each lookup; raises if the file behind the arrays is no longer whole.
    release : callable
        Called after a long batch: gives the file's pages that it touched back to the system.

    Examples
    --------
    >>> from geogrid.testing import toy_city
    >>> locator = Locator.of(toy_city())
    >>> locator.locate([121.2505, 121.2535, 0.0], [31.3805, 31.3835, 0.0], datum="wgs84")
    array([ 0, 15, -1], dtype=int32)
    >>> locator.at(lon=121.2535, lat=31.3805, datum="wgs84")
    {'cell': 3, 'responsibility': 2, 'police': 0}
    """

    base: Surface
    memberships: Mapping[str, Int32Array] = field(default_factory=lambda: MappingProxyType({}))
    overlays: Mapping[str, Surface] = field(default_factory=lambda: MappingProxyType({}))
    base_name: str = "cell"
    guard: Callable[[], None] = field(default=_nothing, repr=False)
    release: Callable[[], None] = field(default=_nothing, repr=False)

    @classmethod
    def build(
        cls,
        polygons: LatticePolygons,
        memberships: Mapping[str, Int32Array] | None = None,
        overlays: Mapping[str, LatticePolygons] | None = None,
        *,
        base_name: str = "cell",
        workers: int = 1,
    ) -> Locator:
        """Return the locator of some cells; the same bytes whatever `workers` (threads) is.

        Parameters
        ----------
        polygons : LatticePolygons, n cells
            Where cells overlap, the one with the lowest row owns the place.
        memberships : mapping of str to (n,) int32
            For each stacked layer, the row each cell belongs to.
        overlays : mapping of str to LatticePolygons
            Layers drawn on their own.
        base_name : str
            The name of the base layer.
        workers : int
            Threads.

        Raises
        ------
        InputError
            If a membership has not one row for each cell (-1 for none), a name is given twice, or a
            sloped edge is longer than 90 degrees.
        """
        members, drawn = dict(memberships or {}), dict(overlays or {})
        names = [base_name, *members, *drawn]
        if len(set(names)) < len(names):
            raise InputError("two layers have one name", given=", ".join(names))
        rows = {}
        for name, membership in members.items():
            row = np.ascontiguousarray(membership, np.int32)
            if row.shape != (len(polygons),):
                raise InputError(
                    f"the membership of layer {name!r} does not fit the cells",
                    given=str(row.shape), allowed=str((len(polygons),)),
                )  # fmt: skip
            if (row < -1).any():
                raise InputError(
                    f"a membership of layer {name!r} is not a row", given=int(row.min()), allowed="-1 or more"
                )
            rows[name] = row
        return cls(
            build_surface(polygons, workers=workers),
            rows,
            {name: build_surface(shapes, workers=workers) for name, shapes in drawn.items()},
            base_name,
        )

    @classmethod
    def of(cls, division: Division, *, workers: int = 1) -> Locator:
        """Return the locator of all layers of a division."""
        stacked = [layer.name for layer in division.layers if layer.kind == "stacked"]
        overlays = [layer.name for layer in division.layers if layer.kind == "overlay"]
        return cls.build(
            division.shapes(division.base.name),
            {name: division.from_cells(name) for name in stacked},
            {name: division.shapes(name) for name in overlays},
            base_name=division.base.name,
            workers=workers,
        )

    def __len__(self) -> int:
        """Return the number of cells."""
        return len(self.base)

    @property
    def layer_names(self) -> tuple[str, ...]:
        """The base, the stacked and the overlay layers."""
        return (self.base_name, *self.memberships, *self.overlays)

    def at(self, *, lon: float, lat: float, datum: str | Datum) -> dict[str, int]:
        """Return the row of every layer that owns one place, -1 for none.

        Raises
        ------
        DatumError, CoordinateError
        """
        return self.placed(lon=lon, lat=lat, datum=datum)[2]

    def placed(self, *, lon: float, lat: float, datum: str | Datum) -> tuple[float, float, dict[str, int]]:
        """Return one place in WGS 84 (lon, lat) and the row of every layer that owns it, -1 for none.

        Raises
        ------
        DatumError, CoordinateError
        """
        there = self._wgs84(lon, lat, datum)
        x, y = round(there[0] * 1e7), round(there[1] * 1e7)
        found = {self.base_name: self._owner(self.base, x, y)}
        cell = found[self.base_name]
        for name, rows in self.memberships.items():
            found[name] = int(rows[cell]) if cell >= 0 else -1
        for name, surface in self.overlays.items():
            found[name] = self._owner(surface, x, y)
        return *there, found

    def cell_at(self, *, lon: float, lat: float, datum: str | Datum) -> int:
        """Return the row of the cell that owns one place, -1 outside."""
        x, y = self._wgs84(lon, lat, datum)
        return self._owner(self.base, round(x * 1e7), round(y * 1e7))

    def locate(
        self, lon: npt.ArrayLike, lat: npt.ArrayLike, *, datum: str | Datum, layer: str | None = None, threads: int = 1
    ) -> Int32Array:
        """Return the row that owns each place, -1 outside.

        Parameters
        ----------
        lon, lat : array_like of float, same shape
            Degrees in `datum`.
        datum : Datum or str
        layer : str, optional
            The base layer if not given.
        threads : int
            They share the work; the result does not depend on it.

        Returns
        -------
        ndarray of int32, the shape of `lon`

        Raises
        ------
        CoordinateError
            If a value is not finite or out of range, or the shapes differ.
        DatumError
        NotFoundError
            If there is no such layer.
        """
        given = Datum.of(datum)
        self.guard()
        x, y = floats_of(lon, lat)
        surface = self.surface(layer)
        shape = x.shape
        x, y = readable(x), readable(y)
        owners = np.empty(len(x), np.int32)
        if not fill_owners(surface, x, y, given, owners, threads):
            require_lonlat(x, y)
        if len(owners) >= MANY:
            self.release()
        return self.rows_of(layer, owners).reshape(shape)

    def locate_lattice(self, points: npt.ArrayLike, *, layer: str | None = None) -> Int32Array:
        """Return the row that owns each lattice point, -1 outside.

        Parameters
        ----------
        points : (n, 2) int32, lon-lat, steps of 1e-7 degrees
        layer : str, optional

        Returns
        -------
        (n,) int32
        """
        steps = np.asarray(points)
        if steps.ndim != 2 or steps.shape[1] != 2 or (steps.size and steps.dtype.kind not in "iu"):
            raise CoordinateError(
                "not an array of lattice points", given=f"{steps.dtype} {steps.shape}", allowed="int32 (n, 2)"
            )
        if steps.dtype != np.int32 and steps.size and (steps.min() < -(2**31) or steps.max() >= 2**31):
            raise CoordinateError("a lattice point does not fit 32 bits", given=f"{steps.min()} to {steps.max()}")
        steps = np.ascontiguousarray(steps, np.int32).view()
        steps.flags.writeable = False
        self.guard()
        surface = self.surface(layer)
        owners = np.empty(len(steps), np.int32)
        locate_steps(steps, surface.head, *surface.parts, owners)
        return self.rows_of(layer, owners)

    def locate_all(
        self, lon: npt.ArrayLike, lat: npt.ArrayLike, *, datum: str | Datum, threads: int = 1
    ) -> dict[str, Int32Array]:
        """Return the rows of every layer: the base once, memberships by index, overlays by their own index."""
        cells = self.locate(lon, lat, datum=datum, threads=threads)
        found = {self.base_name: cells}
        found |= {name: self.rows_of(name, cells) for name in self.memberships}
        found |= {name: self.locate(lon, lat, datum=datum, layer=name, threads=threads) for name in self.overlays}
        return found

    def rows_of(self, layer: str | None, cells: Int32Array) -> Int32Array:
        """Return the row of a stacked layer for each cell row (-1 stays -1); other layers unchanged."""
        if layer is None or layer not in self.memberships:
            return cells
        rows = self.memberships[layer]
        if len(rows) == 0:
            return cells
        return np.where(cells >= 0, rows[cells], np.int32(-1)).astype(np.int32)

    def nearest(
        self,
        lon: npt.ArrayLike,
        lat: npt.ArrayLike,
        *,
        datum: str | Datum,
        limit_m: float,
        layer: str | None = None,
    ) -> tuple[Int32Array, FloatArray]:
        """Return the row that owns each place or else lies nearest, and how far away it is.

        Parameters
        ----------
        lon, lat : array_like of float, same shape
            Degrees in `datum`.
        datum : Datum or str
        limit_m : float
            Metres on the WGS 84 ellipsoid; farther ones are left at -1.
        layer : str, optional

        Returns
        -------
        rows : int32, the shape of `lon`; -1 where nothing is near enough
        distance_m : float64; 0 inside, NaN where nothing is near enough
        """
        if not limit_m >= 0:
            raise InputError("the limit is not a distance", given=limit_m, allowed="metres, 0 or more")
        surface = self.surface(layer)
        cells = self.locate(lon, lat, datum=datum, layer=None if layer in self.memberships else layer)
        x, y = to_wgs84(*floats_of(lon, lat), datum=datum)
        rows, distance = cells.ravel().copy(), np.zeros(cells.size)
        out = np.flatnonzero(rows < 0)
        if len(out):
            rows[out], distance[out] = self._rims[id(surface)].nearest(x.ravel()[out], y.ravel()[out], limit_m)
        return self.rows_of(layer, rows).reshape(cells.shape), distance.reshape(cells.shape)

    @cached_property
    def _rims(self) -> dict[int, Rim]:
        return {id(s): Rim(s.rim, s.rim_owner) for s in (self.base, *self.overlays.values())}

    def surface(self, layer: str | None) -> Surface:
        """Return the index that answers for a layer, or raise NotFoundError."""
        if layer is None or layer == self.base_name or layer in self.memberships:
            return self.base
        if layer not in self.overlays:
            raise NotFoundError("no such layer", given=layer, allowed=", ".join(self.layer_names))
        return self.overlays[layer]

    def _wgs84(self, lon: float, lat: float, datum: str | Datum) -> tuple[float, float]:
        self.guard()
        given = Datum.of(datum) if type(datum) is not Datum else datum
        try:
            x, y = float(lon), float(lat)
        except (TypeError, ValueError):
            x = y = float("nan")
        if not (-180.0 <= x <= 180.0 and -90.0 <= y <= 90.0):
            require_lonlat(lon, lat)
            raise CoordinateError("not one coordinate", given=f"lon={lon!r:.60}, lat={lat!r:.60}", allowed="numbers")
        if given not in PLAIN:
            x, y = shift_one(x, y, given)
        return x, y

    @staticmethod
    def _owner(surface: Surface, x: int, y: int) -> int:
        west, south, k, width, height = surface.corner
        column, row = (x - west) >> k, (y - south) >> k
        if not (0 <= column < width and 0 <= row < height):
            return -1
        table, records, entries = surface.views
        value: int = table[row * width + column]
        if value >= -1:
            return value
        return int(_resolved_interpreted(x, y, west, south, k, value, table, records, entries))
