"""``geogrid daily``: daily reports of stations, also nothing; who is missing, what is red."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from geogrid.cli.lookup import moment
from geogrid.cli.output import console, print_json, print_table, print_written
from geogrid.errors import InputError
from geogrid.types import Finding

if TYPE_CHECKING:
    from geogrid.coverage.colours import ColourState
    from geogrid.coverage.daily import DailyStatus

__all__ = ["daily"]

daily = typer.Typer(no_args_is_help=True, help="Take daily reports of stations; show who is missing, what is red.")

_ATLAS = Annotated[str, typer.Option("--atlas", help="The atlas: a file or a database URL.", show_default=False)]
_JSON = Annotated[bool, typer.Option("--json", help="Print JSON.")]


@daily.command()
def take(
    path: Annotated[Path, typer.Argument(help="CSV or workbook: station, at, count.", show_default=False)],
    atlas: _ATLAS,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only count what is new.")] = False,
    json: _JSON = False,
) -> None:
    """Add the daily reports of a file to the atlas, all or nothing.

    Example:

    geogrid daily take daily.xlsx --atlas city.gpkg --dry-run
    """
    from geogrid.assign.desk import Atlas
    from geogrid.coverage.daily import read_daily_reports
    from geogrid.coverage.daily_store import keep_daily_reports

    store = Atlas.open(atlas)
    reports = read_daily_reports(path, store.roster())
    new = keep_daily_reports(store, reports, dry_run=dry_run)
    if json:
        print_json({"rows": len(reports), "new": new, "kept": not dry_run})
    else:
        console().print(f"{new} of {len(reports)} daily report(s) are new{'' if dry_run else ' and kept'}")


@daily.command()
def template(
    path: Annotated[Path, typer.Argument(help="A .xlsx file, or a folder for CSV files.")], json: _JSON = False
) -> None:
    """Write an empty table of daily reports to fill in.

    Example:

    geogrid daily template daily.xlsx
    """
    from geogrid.coverage.daily import write_daily_template

    print_written(write_daily_template(path), json=json)


@daily.command()
def show(
    atlas: _ATLAS,
    at: Annotated[str | None, typer.Option(help="The moment to judge, ISO 8601; now if not given.")] = None,
    days: Annotated[int | None, typer.Option(help="Days back; as the thresholds say if not given.", min=1)] = None,
    reports: Annotated[Path | None, typer.Option(help="Past and open reports, for their deadlines.")] = None,
    datum: Annotated[str | None, typer.Option(help="Of the reports' coordinates.")] = None,
    column: Annotated[
        list[str] | None, typer.Option(help="Column of the reports, e.g. closed=Closed; found by name if not given.")
    ] = None,
    time_format: Annotated[str | None, typer.Option(help="Of the reports; ISO 8601 if not given.")] = None,
    edition: Annotated[int | None, typer.Option(help="Number of the edition; the one in force if not given.")] = None,
    level: Annotated[str | None, typer.Option(help="Level of the streets, if not called street.")] = None,
    thresholds: Annotated[Path | None, typer.Option(help="TOML file: who reports when, what is blue and red.")] = None,
    out: Annotated[Path | None, typer.Option(help="Write a GeoPackage (.gpkg) or a folder of CSV files.")] = None,
    json: _JSON = False,
) -> None:
    """Show which stations did not report, and the colour of stations, streets and departments.

    Exit code 0 if nobody is missing and nothing is red, 1 otherwise.

    Example:

    geogrid daily show --atlas city.gpkg --at 2026-11-24T18:00
    """
    from geogrid.assign.desk import Atlas
    from geogrid.assign.report_files import read_reports
    from geogrid.coverage.colours import colour_findings, colour_states
    from geogrid.coverage.daily import daily_statuses
    from geogrid.coverage.daily_store import kept_daily_reports
    from geogrid.coverage.fit_files import finding_rows, write_layers
    from geogrid.coverage.past import past_reports
    from geogrid.coverage.placing import place_reports
    from geogrid.coverage.thresholds import Thresholds
    from geogrid.coverage.zero import zero_findings

    limits = Thresholds.read(thresholds) if thresholds is not None else Thresholds()
    store = Atlas.open(atlas)
    desk = store.desk(number=edition)
    calendar = desk.roster.calendar
    now = calendar.moment_of(calendar.second_of(moment(at) or dt.datetime.now(dt.UTC)))
    colours = limits.colours if days is None else limits.colours.model_copy(update={"days": days})
    # One day more: a shift that began the day before may end within the days looked at.
    first = now.date() - dt.timedelta(days=colours.days + 1)
    since = calendar.second_of(now - dt.timedelta(days=colours.days))
    statuses = tuple(
        status
        for status in daily_statuses(
            desk.roster, kept_daily_reports(store), limits.expected, first=first,
            last=now.date() + dt.timedelta(days=1), now=now,
        )
        if status.end > since
    )  # fmt: skip
    placed = None
    if reports is not None:
        past = past_reports(
            read_reports(reports), calendar=calendar, datum=datum, time_format=time_format, source=reports,
            columns=_columns(column or ()),
        )  # fmt: skip
        placed = place_reports(desk, past)
    states = colour_states(desk, colours, now=now, statuses=statuses, placed=placed, level=level)
    findings = [*colour_findings(states, statuses, desk), *(zero_findings(statuses, placed) if placed else ())]
    if out is not None:
        write_layers(out, _layers(desk, states, statuses, level))
    if json:
        print_json({
            "at": now, "states": [_state_row(state) for state in states],
            "daily": [_status_row(desk, status) for status in statuses],
            "findings": finding_rows(tuple(findings)),
            "refused": list(placed.past.refused) if placed is not None else [],
        })  # fmt: skip
    else:
        _print(desk, states, statuses)
        _print_contradictions(findings)
        if placed is not None and placed.past.refused:
            console().print(f"{len(placed.past.refused)} row(s) of {reports} cannot be judged: --json lists them")
    if findings or (placed is not None and placed.past.refused):
        raise typer.Exit(1)


def _columns(given: list[str] | tuple[()]) -> dict[str, str]:
    pairs = {}
    for text in given:
        meaning, equals, header = text.partition("=")
        if not equals:
            raise InputError("not understood", given=text, allowed="meaning=header, e.g. closed=Closed")
        pairs[meaning] = header
    return pairs


def _print(desk: Any, states: tuple[ColourState, ...], statuses: tuple[DailyStatus, ...]) -> None:
    calendar = desk.roster.calendar
    missing = [status for status in statuses if status.status == "missing"]
    if missing:
        rows = [
            (one.station, desk.roster.station(one.station).name, calendar.moment_of(one.start).isoformat(" ", "minutes"),
             calendar.moment_of(one.end).isoformat(" ", "minutes"))
            for one in missing
        ]  # fmt: skip
        print_table(("station", "name", "from", "due before"), rows, title=f"{len(missing)} daily report(s) missing")
    awaited = sum(status.status == "awaited" for status in statuses)
    received = len(statuses) - len(missing) - awaited
    console().print(f"{received} daily report(s) received, {len(missing)} missing, {awaited} awaited")
    kinds = dict.fromkeys(state.of for state in states)
    counted = [
        (
            of,
            *(
                sum(state.of == of and state.colour == colour for state in states)
                for colour in ("green", "blue", "red")
            ),
        )
        for of in kinds
    ]
    print_table(("", "green", "blue", "red"), counted)
    coloured = [(one.of, one.code, one.name, one.colour, one.why) for one in states if one.colour != "green"]
    if coloured:
        print_table(("", "code", "name", "colour", "why"), coloured)


def _print_contradictions(findings: list[Finding]) -> None:
    for finding in findings:
        if finding.rule == "zero_is_true":
            console().print(finding.message, markup=False)


def _state_row(state: ColourState) -> dict[str, Any]:
    from geogrid.coverage.thresholds import MEASURES

    counts: dict[str, Any] = {measure: state.counts[measure] for measure in MEASURES}
    return {"of": state.of, "code": state.code, "name": state.name, "colour": state.colour, **counts, "why": state.why}


def _status_row(desk: Any, status: DailyStatus) -> dict[str, Any]:
    calendar = desk.roster.calendar
    shown = [
        None if second is None else calendar.moment_of(second).isoformat(" ", "seconds")
        for second in (status.start, status.end, status.received)
    ]
    return {"station": status.station, "from": shown[0], "due_before": shown[1], "status": status.status,
            "received": shown[2], "count": status.count}  # fmt: skip


def _layers(
    desk: Any, states: tuple[ColourState, ...], statuses: tuple[DailyStatus, ...], level: str | None
) -> dict[str, Any]:
    import pandas as pd

    from geogrid.coverage.colours import level_of_streets

    streets = level_of_streets(desk, level)
    rows = {of: pd.DataFrame([_state_row(one) for one in states if one.of == of]) for of in ("station", "department")}
    stations = {one.code: one for one in desk.roster.stations}
    if len(rows["station"]) and any(one.lon is not None for one in stations.values()):
        rows["station"]["lon"] = [stations[code].lon for code in rows["station"]["code"]]
        rows["station"]["lat"] = [stations[code].lat for code in rows["station"]["code"]]
    shapes = next((one for one in desk.division.areas if one.level == streets.name), None)
    frame = (desk.division if shapes is None else shapes).to_geopandas(*(() if shapes is not None else (streets.name,)))
    street_rows = pd.DataFrame([_state_row(one) for one in states if one.of == streets.name])
    coloured = frame[["code", "geometry"]].merge(street_rows, on="code", how="left")
    return {
        f"colour_{streets.name}": coloured, "colour_station": rows["station"], "colour_department": rows["department"],
        "daily": pd.DataFrame([_status_row(desk, status) for status in statuses]),
    }  # fmt: skip
