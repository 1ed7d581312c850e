"""``geogrid lookup``: answer one place."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Annotated

import typer

from geogrid.cli.output import console, print_json, print_table
from geogrid.errors import InputError

if TYPE_CHECKING:
    from geogrid.assign.answer import Answer, OnDuty

__all__ = ["lookup", "moment"]


def lookup(
    atlas: Annotated[str, typer.Option(help="The atlas: a file or a database URL.", show_default=False)],
    lon: Annotated[float, typer.Option(help="Longitude, degrees.", show_default=False)],
    lat: Annotated[float, typer.Option(help="Latitude, degrees.", show_default=False)],
    datum: Annotated[str, typer.Option(help="wgs84, cgcs2000, gcj02 or bd09.", show_default=False)],
    category: Annotated[str, typer.Option(help="Code of the kind of problem.")] = "",
    condition: Annotated[str, typer.Option(help="Code of the filing condition.")] = "",
    at: Annotated[
        str | None, typer.Option(help="ISO time; now if not given, the city's clock if without zone.")
    ] = None,
    chinese: Annotated[bool, typer.Option("--zh", help="Say why in Chinese.")] = False,
    json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Answer one place: cell, grids, station, accountable person, and why.

    Exit code 0 if somebody answers, 1 for a hole, a clash or a point outside.

    Example:

    geogrid lookup --atlas city.gpkg --lon 121.25 --lat 31.38 --datum gcj02

    geogrid lookup --atlas city.gpkg --lon 121.25 --lat 31.38 --datum wgs84 --zh
    """
    from geogrid.assign.desk import Atlas

    answer = Atlas.open(atlas).answer(
        lon=lon, lat=lat, datum=datum, category=category, condition=condition, at=moment(at)
    )
    if json:
        print_json(answer.to_dict())
    else:
        print_answer(answer, chinese=chinese)
    if answer.outcome != "answered" or answer.clash:
        raise typer.Exit(1)


def moment(text: str | None) -> dt.datetime | None:
    """Return the time that an option says, None for none.

    Raises
    ------
    InputError
    """
    if text is None:
        return None
    try:
        return dt.datetime.fromisoformat(text)
    except ValueError:
        raise InputError("not a time", given=text, allowed="ISO 8601, e.g. 2026-11-22T20:15+08:00") from None


def print_answer(answer: Answer, *, chinese: bool = False) -> None:
    """Print an answer as a table and its reasons as a numbered list."""
    rows: list[tuple[str, str]] = [("outcome", answer.outcome + (" (clash)" if answer.clash else ""))]
    rows += [(name, f"{place.code} {place.name}") for name, place in answer.areas.items()]
    rows += [(name, f"{place.code} {place.name}") for name, place in answer.layers.items()]
    if answer.outcome == "outside":
        rows.append(("nearest cell", f"{answer.cell.code}, {answer.distance_m:.1f} m away"))
    if answer.station:
        rows.append(("served by", f"{answer.station.code} {answer.station.name}"))
    if answer.person:
        rows.append(("person", _shown(answer.person)))
    rows += [("deputy", _shown(deputy)) for deputy in answer.deputies]
    rows += [("helper", _shown(helper)) for helper in answer.helpers]
    if answer.deadline:
        rows.append(("deadline", answer.deadline.isoformat(" ", "minutes")))
    for tier in answer.escalation:
        when = f" at {tier.at.isoformat(' ', 'minutes')}" if tier.at else ""
        who = _shown(tier.person) if tier.person else "nobody"
        rows.append((f"then{when}", f"{tier.unit.code} {tier.unit.name}: {who}"))
    rows.append(("edition", str(answer.edition)))
    print_table(("", answer.at.isoformat(" ", "seconds")), rows)
    for number, reason in enumerate(answer.why, start=1):
        console().print(f"{number:>3}. {reason.zh if chinese else reason.en}", markup=False)


def _shown(person: OnDuty) -> str:
    where = f", {person.department_name}" if person.department_name else ""
    return f"{person.name} ({person.id}), {person.role_name} {person.role_name_zh}{where}"
