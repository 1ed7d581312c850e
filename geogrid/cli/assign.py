"""``geogrid assign``: answer a file of reports."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from geogrid.cli.lookup import moment
from geogrid.cli.output import console, errors, print_json, print_table, progress_bar
from geogrid.errors import InputError, NotFoundError
from geogrid.types import Datum

if TYPE_CHECKING:
    from geogrid.assign.stream import StreamResult
    from geogrid.assign.tally import Tally

__all__ = ["assign"]

CLASH = "_answer"
"""Goes behind the name of an answer's column that the file already has."""


def assign(
    reports: Annotated[
        Path, typer.Argument(help="CSV, Excel, Parquet, GeoPackage, GeoJSON or NDJSON.", show_default=False)
    ],
    atlas: Annotated[str, typer.Option(help="The atlas: a file or a database URL.", show_default=False)],
    out: Annotated[
        Path | None, typer.Option(help="Write reports with answers: .parquet, .csv, .xlsx, .ndjson.")
    ] = None,
    datum: Annotated[str | None, typer.Option(help="Of the coordinates, unless the file has a CRS.")] = None,
    lon: Annotated[str | None, typer.Option(help="Column; found by its name if not given.")] = None,
    lat: Annotated[str | None, typer.Option(help="Column; found by its name if not given.")] = None,
    category: Annotated[str | None, typer.Option(help="Column; found by its name if not given.")] = None,
    at: Annotated[str | None, typer.Option(help="Column, or one ISO time for all; now if there is none.")] = None,
    edition: Annotated[int | None, typer.Option(help="Number of the edition; the one in force if not given.")] = None,
    expect: Annotated[str | None, typer.Option(help="Column with labels to compare the answers with.")] = None,
    expect_layer: Annotated[str, typer.Option(help="Layer the labels name; the base if not given.")] = "",
    disagreements: Annotated[Path | None, typer.Option(help="Write the rows that disagree.")] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on behind what an interrupted run finished.")] = False,
    block_rows: Annotated[int, typer.Option(min=1, help="Reports held in memory at a time.")] = 1 << 16,
    json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Answer every report of a file of any length; each is answered or refused on its own.

    Exit code 0 if all are answered, 1 if some are refused, outside, in a hole or disagree.

    Example:

    geogrid assign reports.csv --atlas city.gpkg --datum gcj02 --out answers.csv

    geogrid assign 311.csv --atlas city.gpkg --datum wgs84 --expect district
    """
    from geogrid.assign.comparison import Labels
    from geogrid.assign.desk import Atlas
    from geogrid.assign.report_columns import ReportColumns
    from geogrid.assign.stream_desk import answer_reports
    from geogrid.assign.stream_parts import rows_left_behind
    from geogrid.assign.stream_write import require_writable
    from geogrid.assign.tally import Tally

    if resume and out is None:
        raise InputError("nothing was written that could be resumed", given="--resume", mend="add --out")
    for target in (out, disagreements):
        if target is not None:
            require_writable(target)
    columns = ReportColumns.of(reports, datum=datum, lon=lon, lat=lat, category=category)
    if datum is None and columns.lon is not None:
        raise InputError("no datum", mend="say which datum the coordinates were measured in", allowed=", ".join(Datum))
    if expect is not None and expect not in columns.names:
        raise NotFoundError("no such column", given=expect, allowed=", ".join(columns.names))
    when = at if at in columns.names else moment(at) if at is not None else columns.at or None
    if resume and when is None:
        raise InputError(
            "the answers to begin with were of another moment", given="--resume without a time",
            mend="give --at from the start: a column, or one time for all",
        )  # fmt: skip
    desk = Atlas.open(atlas).desk(number=edition)
    given = Datum.of(datum or Datum.WGS84)

    def named(column: str) -> str:
        return column + CLASH if column in (*columns.names, *columns.places) else column

    left = 0 if out is None else rows_left_behind(out)
    if left and not resume:
        errors().print(
            f"an interrupted run had answered {left} reports for {out}: starting over; "
            "--resume would go on behind them (Ctrl-C within the first stretch keeps them)", markup=False,
        )  # fmt: skip
    labels = None
    if expect is not None:
        layer = expect_layer or desk.places.base.name
        labels = Labels(desk, expect, named(layer), columns.places, given, layer)
    with Tally(named("outcome"), named("problem"), labels) as tally, progress_bar(quiet=json) as progress:
        result = answer_reports(
            desk, reports, out, datum=given, lon=columns.lon, lat=columns.lat, category=columns.category, at=when,
            encoding=columns.encoding, block_rows=block_rows, rows_per_part=16 * block_rows, overwrite=True,
            resume=resume, byte_order_mark=True, clash_suffix=CLASH, watch=tally.watch, progress=progress,
        )  # fmt: skip
        if disagreements is not None and labels is not None:
            tally.write_disagreements(disagreements)
    if left and resume and not result.resumed_rows:
        errors().print(
            f"the {left} reports of the interrupted run were of another question (file, edition, roster, rules "
            "or options): all were answered anew", markup=False,
        )  # fmt: skip
    _print(tally, result, json=json)
    if tally.outcomes["answered"] < result.rows or result.unread_rows or tally.disagreeing:
        raise typer.Exit(1)


def _print(tally: Tally, result: StreamResult, *, json: bool) -> None:
    from geogrid.assign.tally import OUTCOMES

    outcomes = {outcome: tally.outcomes[outcome] for outcome in OUTCOMES}
    refused, labels = dict(tally.refused.most_common()), tally.labels
    if json:
        told: dict[str, object] = {
            "outcomes": outcomes, "refused": refused, "unread": result.unread_rows, "resumed": result.resumed_rows,
        }  # fmt: skip
        if labels is not None:
            told["expected"] = {
                "layer": labels.rows.name, "column": labels.column, "labelled": tally.labelled,
                "agreeing": tally.agreeing, "share": tally.share, "disagreements": tally.shown,
            }  # fmt: skip
        print_json(told)
        return
    print_table(("outcome", "reports"), list(outcomes.items()))
    for problem, count in refused.items():
        console().print(f"{count} refused: {problem}", markup=False)
    if result.unread_rows:
        console().print(f"{result.unread_rows} rows of the file are no reports and are left out")
        for row in [problem for problem in result.problems if not problem.column]:
            console().print(f"row {row.row}: {row.value}; {row.reason}", markup=False)
    if result.resumed_rows:
        console().print(f"{result.resumed_rows} reports were answered by the run before")
    if result.path is not None:
        console().print(f"wrote {result.path}")
    if labels is None:
        return
    console().print(
        f"{tally.agreeing} of {tally.labelled} labels in {labels.column} agree with layer "
        f"{labels.rows.name}: {tally.share:.3%}"
    )
    rows = [
        (row["row"], row["label"], row["answer"] or "outside", f"{row['lon']:.6f}, {row['lat']:.6f}",
         f"{row['border_m']:.1f}")
        for row in tally.shown
    ]  # fmt: skip
    if rows:
        print_table(("row", "label", "answer", "at", "m from the labelled border"), rows)
    if tally.disagreeing > len(rows):
        console().print(f"and {tally.disagreeing - len(rows)} more; --disagreements writes them all")
