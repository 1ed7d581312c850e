"""Coverage by people: every place, category, condition and instant of a period, by intervals.

Nothing is sampled: the timelines that answer reports are themselves read for the time in which
nobody, or more than one person, is answerable.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from geogrid.assign.answering import Desk
from geogrid.assign.lines import Line
from geogrid.assign.profiles import Profile
from geogrid.assign.resolve import Resolution
from geogrid.assign.timeline import Timeline
from geogrid.coverage.pieces import Pieces, pieces_of
from geogrid.types import Int32Array, IntArray, Progress, no_progress

__all__ = ["Open", "StaffingProof", "prove_staffing"]

_WEEK_S = 7 * 86400


@dataclass(frozen=True)
class Open:
    """A hole or a clash: a place, what, when and why.

    Parameters
    ----------
    kind : {"hole", "clash"}
    layer, unit, name : str
        The grid it lies in: of the first stacked layer, or the base if there is none.
    cells : int
    area_m2 : float
    lon, lat : float
        A place where it can be seen, WGS 84.
    cell : str
        Code of the cell of that place.
    categories : tuple of str
        Codes, ``category/condition`` where one condition only; empty when no categories are loaded.
    intervals : (n, 2) int64
        Half-open, seconds since 1970 UTC.
    hours_per_week : float
    why : str
    nearest : str
        Who is nearest to filling it, ``""`` if nobody is.
    """

    kind: str
    layer: str
    unit: str
    name: str
    cells: int
    area_m2: float
    lon: float
    lat: float
    cell: str
    categories: tuple[str, ...]
    intervals: IntArray
    hours_per_week: float
    why: str
    nearest: str = ""

    @property
    def hours(self) -> float:
        """Open hours in the period."""
        return float((self.intervals[:, 1] - self.intervals[:, 0]).sum()) / 3600


@dataclass(frozen=True)
class StaffingProof:
    """What the sweep found.

    Parameters
    ----------
    first, last : int
        The half-open period, seconds since 1970 UTC.
    open : tuple of Open
    cells, categories : int
        Swept; `categories` counts category × condition, at least 1.
    cases : int
        Cells (pieces of cells) × categories and conditions.
    answered_share : float
        Part of area × categories × time that has exactly one answerable person.
    hole_cells : tuple of (k,) int arrays
        Rows of the cells that have a hole at some hour, by class of places.
    """

    first: int
    last: int
    open: tuple[Open, ...]
    cells: int
    categories: int
    cases: int
    answered_share: float
    hole_cells: tuple[Int32Array, ...] = ()

    @property
    def holds(self) -> bool:
        """Whether exactly one person is answerable everywhere, for everything, always."""
        return not self.open


def prove_staffing(
    desk: Desk, first: dt.datetime | dt.date, last: dt.datetime | dt.date, *, progress: Progress = no_progress
) -> StaffingProof:
    """Return every hole and clash of a period.

    Parameters
    ----------
    desk : Desk
    first, last : date or datetime
        The half-open period; a date is its midnight in the city's own clock.
    progress : Progress
    """
    start, end = desk.roster.calendar.second_of(first), desk.roster.calendar.second_of(last)
    resolution = Resolution(desk.roster, start, end)
    pieces = pieces_of(desk)
    cases = desk.lines.profiles.cases()
    classes, met = desk.classes.found, pieces.classes_met
    swept = [(number, profile) for number in met for profile in cases]
    found: list[Open] = []
    answered = 0.0
    holed: set[int] = set()
    for done, (number, profile) in enumerate(swept):
        labels = cases[profile]
        lines = desk.lines.of_profile(classes[number], profile)
        timeline = resolution.timeline(lines)
        flaws = _flaws(timeline, end)
        closed = (end - start) - sum(int((spans[:, 1] - spans[:, 0]).sum()) for spans in flaws.values())
        answered += closed * len(labels) * pieces.class_area_m2(number)
        if "hole" in flaws:
            holed.add(number)
        for kind, spans in flaws.items():
            found += _opens(desk, pieces, number, kind, spans, tuple(labels), lines, resolution)
        progress("sweep", done + 1, len(swept))
    for cell, number, profile, holders, labels in _owned(desk):
        lines = desk.lines.of_profile(desk.classes.found[number], profile, holders)
        # Without an owner the same place is swept above: only what the owner's own people add is new.
        clashing = _flaws(resolution.timeline(lines), end).get("clash")
        if clashing is not None:
            found += _opens(desk, pieces, number, "clash", clashing, tuple(labels), lines, resolution, cell)
    reportable = sum(len(labels) for labels in cases.values())
    total = float(pieces.area_m2.sum()) * reportable * (end - start)
    found.sort(key=lambda o: (o.kind != "hole", -o.hours_per_week * o.area_m2 * max(len(o.categories), 1), o.unit))
    return StaffingProof(
        start, end, tuple(found), len(desk.places), reportable, len(pieces) * reportable, answered / total if total else 1.0,
        tuple(pieces.cell[pieces.of_class(number)] for number in sorted(holed)),
    )  # fmt: skip


def _owned(desk: Desk) -> Iterator[tuple[int, int, Profile, tuple[str, ...], list[str]]]:
    """Yield (cell, class, profile, holders, cases) for the registered assets, each combination once."""
    index = desk.asset_index
    if len(index) == 0:
        return
    lon, lat = [asset.lon for asset in index.assets], [asset.lat for asset in index.assets]
    rows = desk.locator.locate_all(lon, lat, datum="wgs84")
    combined: dict[tuple[int, int, Profile, tuple[str, ...]], list[str]] = {}
    for row, asset in enumerate(index.assets):
        cell = int(rows[desk.places.base.name][row])
        category = desk.rulebook.category(asset.category)
        if cell < 0 or category.kind != "component":
            continue
        number = desk.classes.number(cell, tuple((name, int(rows[name][row])) for name in desk.classes.overlays))
        for code in [case.code for case in category.conditions] or [""]:
            labels = combined.setdefault((cell, number, desk.lines.profiles.of(category, code), asset.holders), [])
            label = f"{category.code}/{code}" if code else category.code
            if label not in labels:
                labels.append(label)
    for (cell, number, profile, holders), labels in combined.items():
        yield cell, number, profile, holders, labels


def _flaws(timeline: Timeline, end: int) -> dict[str, IntArray]:
    flaws = {
        "hole": timeline.where(timeline.values < 0, end),
        "clash": timeline.where((timeline.values >= 0) & (timeline.values % 2 == 1), end),
    }
    return {kind: spans for kind, spans in flaws.items() if len(spans)}


def _opens(
    desk: Desk, pieces: Pieces, number: int, kind: str, spans: IntArray, labels: tuple[str, ...],
    lines: tuple[Line, ...], resolution: Resolution, only_cell: int | None = None,
) -> list[Open]:  # fmt: skip
    """Return one finding per grid that the class lies in, or the one of a single cell."""
    weeks = (resolution.last - resolution.first) / _WEEK_S
    hours = float((spans[:, 1] - spans[:, 0]).sum()) / 3600 / weeks
    why = _why(desk, lines, number, kind)
    nearest = _nearest(desk, lines, spans, resolution) if kind == "hole" else ""
    grids = pieces.grid_layer
    mine = pieces.of_class(number)
    if only_cell is not None:
        mine = mine[pieces.cell[mine] == only_cell]
    found = []
    for row in np.unique(grids.of_cell[pieces.cell[mine]]):
        here = mine[grids.of_cell[pieces.cell[mine]] == row]
        lon, lat = pieces.point_in(int(here[0]))
        code, name = (str(grids.codes[row]), str(grids.names[row])) if row >= 0 else ("", "")
        cell = str(desk.places.base.codes[pieces.cell[here[0]]])
        shown = tuple(label for label in labels if label)
        found.append(
            Open(kind, grids.name, code, name, len(np.unique(pieces.cell[here])), float(pieces.area_m2[here].sum()),
                 lon, lat, cell, shown, spans, hours, why, nearest)
        )  # fmt: skip
    return found


def _why(desk: Desk, lines: tuple[Line, ...], number: int, kind: str) -> str:
    place = desk.classes.found[number]
    if kind == "clash":
        rules = [
            option.rule for line in lines if line.stage == "route" for option in line.options if len(line.options) > 1
        ]
        return (
            f"rules {', '.join(rules)} are equally specific" if rules else "several people of equal order are on duty"
        )
    posts = [post for line in lines for option in line.options for post in option.posts]
    if not posts:
        return (
            "nobody is named for this place" if place.station else "nobody is named, and no station serves this place"
        )
    qualifications = {post.qualification for post in posts if post.qualification}
    needs = f" with {', '.join(sorted(qualifications))}" if qualifications else ""
    people = {duty for post in posts for duty in post.duties}
    return f"none of {len(people)} duties{needs} is on at these hours"


def _nearest(desk: Desk, lines: tuple[Line, ...], spans: IntArray, resolution: Resolution) -> str:
    """Return who of those asked is on duty closest in time to the first open interval."""
    best: tuple[int, str] | None = None
    opening, closing = int(spans[0, 0]), int(spans[0, 1])
    rows = {row for line in lines for option in line.options for post in option.posts for row in post.duties}
    for row in sorted(rows):
        for person, present in resolution.presence.of_duty(row):
            if len(present) == 0:
                continue
            wait = min(
                int(np.abs(present[:, 1] - opening).min()),
                int(np.abs(present[:, 0] - closing).min()),
            )
            name = resolution.roster.persons[person].name
            if best is None or (wait, name) < best:
                best = (wait, name)
    return best[1] if best else ""
