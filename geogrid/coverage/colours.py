"""Colours: green, blue or red for each station, street and department, by stated thresholds."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from geogrid.assign.answering import Desk
from geogrid.assign.places import PlaceLayer
from geogrid.coverage.daily import DailyStatus
from geogrid.coverage.load import coded
from geogrid.coverage.moments import NEVER
from geogrid.coverage.placing import PlacedReports
from geogrid.coverage.thresholds import MEASURES, Colours, Measure
from geogrid.types import BoolArray, Finding

__all__ = ["Colour", "ColourState", "codes_of", "colour_findings", "colour_of", "colour_states", "level_of_streets"]

Colour = Literal["green", "blue", "red"]
_RANK: dict[Colour, int] = {"red": 0, "blue": 1, "green": 2}
_WORDS: dict[Measure, str] = {
    "overdue": "open report(s) past the deadline",
    "due_soon": "open report(s) near the deadline",
    "closed_late": "report(s) closed late",
    "missing": "daily report(s) missing",
    "late": "daily report(s) late",
}


@dataclass(frozen=True)
class ColourState:
    """The colour of a station, street or department.

    Parameters
    ----------
    of : str
        ``station``, ``department``, or the name of a level.
    code, name : str
    colour : {"green", "blue", "red"}
    counts : mapping of measure to int
    why : str
        What made it blue or red; ``""`` for green.
    """

    of: str
    code: str
    name: str
    colour: Colour
    counts: Mapping[Measure, int]
    why: str = ""


def colour_of(counts: Mapping[Measure, int], colours: Colours) -> tuple[Colour, str]:
    """Return the colour that counts give, and what gave it.

    Examples
    --------
    >>> colour_of({"missing": 3}, Colours())
    ('red', '3 daily report(s) missing')
    >>> colour_of({"overdue": 0}, Colours())
    ('green', '')
    """
    limits: tuple[tuple[Colour, Mapping[Measure, int]], ...] = (("red", colours.red), ("blue", colours.blue))
    for colour, begins in limits:
        met = [measure for measure in MEASURES if measure in begins and counts.get(measure, 0) >= begins[measure]]
        if met:
            return colour, ", ".join(f"{counts[measure]} {_WORDS[measure]}" for measure in met)
    return "green", ""


def colour_states(
    desk: Desk,
    colours: Colours,
    *,
    now: dt.datetime,
    statuses: Iterable[DailyStatus] = (),
    placed: PlacedReports | None = None,
    level: str | None = None,
) -> tuple[ColourState, ...]:
    """Return the colour of every station, street and department, the gravest first.

    A station's missing report counts for its department and for each street with cells it serves.

    Parameters
    ----------
    desk : Desk
    colours : Colours
    now : datetime
        Reports filed later are not looked at; closed later means open now.
    statuses : iterable of DailyStatus
        From `daily_statuses`.
    placed : PlacedReports, optional
    level : str, optional
        Level of the streets; see `level_of_streets`.

    Raises
    ------
    NotFoundError
        If there is no such level.
    """
    calendar = desk.roster.calendar
    streets = level_of_streets(desk, level)
    moment = calendar.second_of(now)
    since = calendar.second_of(calendar.moment_of(moment) - dt.timedelta(days=colours.days))
    kinds: dict[str, dict[str, str]] = {
        "station": {station.code: station.name for station in desk.roster.stations},
        streets.name: {str(code): str(name) for code, name in zip(streets.codes, streets.names, strict=True)},
        "department": desk.roster.department_names,
    }
    counts: dict[tuple[str, str], dict[Measure, int]] = {
        (of, code): dict.fromkeys(MEASURES, 0) for of, known in kinds.items() for code in known
    }
    departments = {station.code: station.department for station in desk.roster.stations}
    served = _streets_served(desk, streets)
    for status in statuses:
        if status.status in ("missing", "late") and since < status.end <= moment:
            holders = [("station", status.station), ("department", departments.get(status.station, ""))]
            holders += [(streets.name, code) for code in served.get(status.station, ())]
            for holder in holders:
                if holder in counts:
                    counts[holder]["missing" if status.status == "missing" else "late"] += 1
    if placed is not None:
        flags = _flags(placed, colours, moment, since)
        for of, known in kinds.items():
            codes = codes_of(placed, of, known)
            for measure, rows in flags.items():
                for code in codes[rows].tolist():
                    if (of, code) in counts:
                        counts[of, code][measure] += 1
    states = [
        ColourState(of, code, kinds[of][code], *_split(colour_of(counted, colours), counted))
        for (of, code), counted in counts.items()
    ]
    order = list(kinds)
    return tuple(sorted(states, key=lambda one: (order.index(one.of), _RANK[one.colour], one.code)))


def level_of_streets(desk: Desk, level: str | None = None) -> PlaceLayer:
    """Return the level of the streets: `level`, else the one called ``street``, else the one above the finest."""
    if level is not None:
        return desk.places.layer(level)
    levels: Sequence[PlaceLayer] = desk.places.areas
    return next((one for one in levels if one.name == "street"), levels[min(1, len(levels) - 1)])


def colour_findings(states: Iterable[ColourState], statuses: Iterable[DailyStatus], desk: Desk) -> list[Finding]:
    """Return what is flagged: daily reports that are missing, and everything red."""
    calendar, stations = desk.roster.calendar, {one.code: one for one in desk.roster.stations}
    found = []
    for status in statuses:
        if status.status == "missing":
            due = calendar.moment_of(status.end).isoformat(" ", "minutes")
            station = stations[status.station]
            text = f"station {station.code} {station.name} did not report, due before {due}"
            found.append(Finding("station_has_reported", text, (station.code,), station.lon, station.lat))
    found += [
        Finding("nothing_is_red", f"{state.of} {state.code} {state.name} is red: {state.why}", (state.of, state.code))
        for state in states
        if state.colour == "red"
    ]
    return found


def _split(coloured: tuple[Colour, str], counts: Mapping[Measure, int]) -> tuple[Colour, Mapping[Measure, int], str]:
    return coloured[0], counts, coloured[1]


def _streets_served(desk: Desk, streets: PlaceLayer) -> dict[str, list[str]]:
    """Return the streets with cells that each station serves."""
    # Classes are met while cells are sorted into them: ask for the cells first.
    of_cell = desk.classes.of_cell
    station = np.array([place.station for place in desk.classes.found] or [""], dtype=object)[of_cell]
    pairs = {
        (str(code), int(row)) for code, row in zip(station.tolist(), streets.of_cell.tolist(), strict=True) if row >= 0
    }
    found: dict[str, list[str]] = {}
    for code, row in sorted(pairs):
        if code:
            found.setdefault(code, []).append(str(streets.codes[row]))
    return found


def _flags(placed: PlacedReports, colours: Colours, now: int, since: int) -> dict[Measure, BoolArray]:
    past, due = placed.past, placed.due
    if past.closed is not None:
        closed = (past.closed != NEVER) & (past.closed <= now)
        closed_late = closed & (due != NEVER) & (past.closed >= due) & (past.closed > since)
    elif past.solved is not None:
        closed, closed_late = past.solved, np.zeros(len(past), bool)
    else:
        closed, closed_late = np.ones(len(past), bool), np.zeros(len(past), bool)
    waiting = ~closed & (past.filed <= now) & (due != NEVER)
    soon = now + int(colours.due_soon_hours * 3600)
    return {
        "overdue": waiting & (due <= now),
        "due_soon": waiting & (due > now) & (due < soon),
        "closed_late": closed_late,
    }


def codes_of(placed: PlacedReports, of: str, known: Mapping[str, str]) -> npt.NDArray[np.object_]:
    """Return (n,) codes of the station, street or department of each report: by the file, else by who answers."""
    if of not in ("station", "department"):
        return placed.of_layer[of]
    return coded(placed.past.handled[of], known) if of in placed.past.handled else placed.answers[of]
