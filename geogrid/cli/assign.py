"""``geogrid assign``: answer a file of reports."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Annotated, Any

import typer

from geogrid.assign.comparison import Comparison, compare_with_labels
from geogrid.assign.desk import Atlas
from geogrid.assign.frame import answer_frame
from geogrid.assign.report_files import column_like, read_reports, write_answers
from geogrid.cli.lookup import moment
from geogrid.cli.output import console, print_json, print_table

__all__ = ["assign"]


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
    json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Answer every report of a file; each is answered or refused on its own.

    Exit code 0 if all are answered, 1 if some are refused, outside, in a hole or disagree.

    Example:

    geogrid assign reports.csv --atlas city.gpkg --datum gcj02 --out answers.csv

    geogrid assign 311.csv --atlas city.gpkg --datum wgs84 --expect district
    """
    frame = read_reports(reports)
    x, y = lon or column_like(frame, "lon"), lat or column_like(frame, "lat")
    when = _when(frame, at)
    desk = Atlas.open(atlas).desk(number=edition)
    kind = category or column_like(frame, "category")
    answers = answer_frame(desk, frame, datum=datum, lon=x, lat=y, category=kind, at=when)
    if out is not None:
        write_answers(_joined(frame, answers), out)
    comparison = None
    if expect is not None:
        comparison = compare_with_labels(
            desk, frame, answers, column=expect, datum=datum or "wgs84", lon=x, lat=y, layer=expect_layer
        )
        if disagreements is not None:
            write_answers(comparison.disagreements.reset_index(names="row"), disagreements)
    counts = answers["outcome"].value_counts(sort=False).to_dict()
    _print(counts, answers, comparison, out, json=json)
    if counts["answered"] < len(frame) or (comparison is not None and len(comparison.disagreements)):
        raise typer.Exit(1)


def _when(frame: Any, at: str | None) -> str | dt.datetime | None:
    if at is None:
        found = column_like(frame, "at")
        return found if found in frame.columns else None
    return at if at in frame.columns else moment(at)


def _joined(frame: Any, answers: Any) -> Any:
    clashing = {name: f"{name}_answer" for name in answers.columns if name in frame.columns}
    return frame.join(answers.rename(columns=clashing))


def _print(
    counts: dict[str, int], answers: Any, comparison: Comparison | None, out: Path | None, *, json: bool
) -> None:
    refused = answers.loc[answers["outcome"] == "refused", "problem"].value_counts().to_dict()
    if json:
        told: dict[str, object] = {"outcomes": counts, "refused": refused}
        if comparison is not None:
            told["expected"] = {
                "layer": comparison.layer, "column": comparison.column, "labelled": comparison.labelled,
                "agreeing": comparison.agreeing, "share": comparison.share,
                "disagreements": comparison.disagreements.reset_index(names="row").to_dict("records"),
            }  # fmt: skip
        print_json(told)
        return
    print_table(("outcome", "reports"), list(counts.items()))
    for problem, count in refused.items():
        console().print(f"{count} refused: {problem}", markup=False)
    if out is not None:
        console().print(f"wrote {out}")
    if comparison is None:
        return
    console().print(
        f"{comparison.agreeing} of {comparison.labelled} labels in {comparison.column} agree with layer "
        f"{comparison.layer}: {comparison.share:.3%}"
    )
    rows = [
        (row.Index, row.label, row.answer or "outside", f"{row.lon:.6f}, {row.lat:.6f}", f"{row.border_m:.1f}")
        for row in comparison.disagreements.itertuples()
    ]
    if rows:
        print_table(("row", "label", "answer", "at", "m from the labelled border"), rows)
