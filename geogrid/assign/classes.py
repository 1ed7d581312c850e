"""Classes of places: cells that the roster and the rules cannot tell apart."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from geogrid.assign.places import Places
from geogrid.assign.roster import Roster, Station, Unit
from geogrid.assign.rulebook import Rulebook
from geogrid.types import Int32Array

__all__ = ["PlaceClass", "PlaceClasses"]


@dataclass(frozen=True)
class PlaceClass:
    """What decides about a place.

    Parameters
    ----------
    units : tuple of Unit
        The tiers that answer for it, lowest first: grids with duties, stations.
    station : str
        Code of the station that serves it, ``""`` for none.
    land : str
    members : frozenset of Unit
        The places named by routes that it lies in.
    """

    units: tuple[Unit, ...]
    station: str
    land: str
    members: frozenset[Unit]

    def __hash__(self) -> int:
        """Return the hash, worked out once: every answer looks tables up by it."""
        known = self.__dict__.get("_hash")
        if known is None:
            known = self.__dict__["_hash"] = hash((self.units, self.station, self.land, self.members))
        return int(known)

    def __getstate__(self) -> dict[str, object]:
        """Leave out the hash, which another process works out otherwise."""
        return {name: value for name, value in self.__dict__.items() if name != "_hash"}


class PlaceClasses:
    """Sorts cells, and cells with overlay rows, into classes.

    Parameters
    ----------
    places : Places
    roster : Roster
    rulebook : Rulebook
    """

    def __init__(self, places: Places, roster: Roster, rulebook: Rulebook) -> None:
        self.places, self.roster, self.rulebook = places, roster, rulebook
        self._classes: dict[PlaceClass, int] = {}
        self._by_key: dict[tuple[int, tuple[tuple[str, int], ...]], int] = {}
        self._listed: tuple[PlaceClass, ...] = ()

    @property
    def found(self) -> tuple[PlaceClass, ...]:
        """All classes met so far, in order of their number."""
        return tuple(self._classes)

    @cached_property
    def overlays(self) -> tuple[str, ...]:
        """Overlay layers that matter: named by a route, a service or a duty, or the land layer."""
        return tuple(
            layer.name
            for layer in self.places.layers
            if layer.kind == "overlay" and (layer.name in self._named or layer.name == "land")
        )

    @cached_property
    def of_cell(self) -> Int32Array:
        """(cells,) int32 class of each cell, overlays left aside."""
        return np.array([self.number(int(row)) for row in self._representatives], np.int32)[self._signature_of_cell]

    @cached_property
    def station_of_cell(self) -> npt.NDArray[np.object_]:
        """(cells,) code of the station that serves each cell, ``""`` for none; overlays left aside."""
        numbers = self.of_cell
        return np.array([place.station for place in self.found], dtype=object)[numbers]

    def number(self, cell: int, overlay_rows: tuple[tuple[str, int], ...] = ()) -> int:
        """Return the class of a cell, at a point that lies in these rows of overlay layers."""
        key = (int(self._signature_of_cell[cell]), overlay_rows)
        if key not in self._by_key:
            made = self._make(cell, dict(overlay_rows))
            self._by_key[key] = self._classes.setdefault(made, len(self._classes))
        return self._by_key[key]

    def at(self, cell: int, overlay_rows: tuple[tuple[str, int], ...] = ()) -> PlaceClass:
        """Return the class itself of a cell, at a point that lies in these rows of overlay layers."""
        number = self.number(cell, overlay_rows)
        if number >= len(self._listed):
            self._listed = self.found
        return self._listed[number]

    @cached_property
    def _named(self) -> dict[str, frozenset[str]]:
        """Codes of each layer or level that the roster or the rules name."""
        named: dict[str, set[str]] = {}
        units = [*self.roster.units(), *(route.place_unit for route in self.rulebook.routes if route.place_unit)]
        for layer, code in units:
            named.setdefault(layer, set()).add(code)
        if self.roster.stations:
            named.setdefault("station", set()).update(station.code for station in self.roster.stations)
        return {layer: frozenset(codes) for layer, codes in named.items()}

    @cached_property
    def _signatures(self) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
        columns = []
        for layer in (*self.places.own_layers, *self.places.areas):
            named = self._named.get(layer.name)
            if named:
                keep = np.array([*(row if code in named else -1 for row, code in enumerate(layer.codes.tolist())), -1])
                columns.append(keep[layer.of_cell])
        columns.append(np.unique(self.places.land.astype(str), return_inverse=True)[1])
        _, first, inverse = np.unique(np.column_stack(columns), axis=0, return_index=True, return_inverse=True)
        return first.astype(np.int64), inverse.ravel().astype(np.int64)

    @property
    def _representatives(self) -> npt.NDArray[np.int64]:
        return self._signatures[0]

    @property
    def _signature_of_cell(self) -> npt.NDArray[np.int64]:
        return self._signatures[1]

    def _make(self, cell: int, overlay_rows: dict[str, int]) -> PlaceClass:
        lies_in: dict[str, str] = {}
        for layer in (*self.places.areas, *self.places.layers):
            row = overlay_rows.get(layer.name, -1) if layer.kind == "overlay" else int(layer.of_cell[cell])
            if row >= 0:
                lies_in[layer.name] = str(layer.codes[row])
        station = self._station(lies_in)
        tiers = self.roster.tiers_above(station) if station else ()
        grids = [(layer.name, lies_in[layer.name]) for layer in self.places.own_layers if layer.name in lies_in]
        grids += [(name, lies_in[name]) for name in overlay_rows if name in lies_in]
        has_duty = {duty.unit for duty in self.roster.duties}
        units = [unit for unit in grids if unit in has_duty]
        units += [("station", tier.code) for tier in tiers if ("station", tier.code) not in units]
        land = str(self.places.land[cell])
        if "land" in lies_in:
            layer = self.places.by_name["land"]
            land = str(layer.names[overlay_rows["land"]]) if "land" in overlay_rows else lies_in["land"]
        routed = {route.place_unit for route in self.rulebook.routes if route.place_unit}
        members = frozenset(unit for unit in lies_in.items() if unit in routed)
        return PlaceClass(tuple(units), station, land, members)

    def _station(self, lies_in: dict[str, str]) -> str:
        """Return the station that serves the most specific grid or area, ``""`` for none."""
        order = [layer.name for layer in (*self.places.own_layers, *self.places.areas, *self.places.layers)]
        for name in order:
            code = lies_in.get(name, "")
            served = self._served.get((name, code)) if code else None
            if served is None and name == "station" and code in self._stations:
                served = code
            if served:
                return served
        return ""

    @cached_property
    def _served(self) -> dict[Unit, str]:
        return {(row.layer, row.code): row.station for row in self.roster.serves}

    @cached_property
    def _stations(self) -> dict[str, Station]:
        return {station.code: station for station in self.roster.stations}
