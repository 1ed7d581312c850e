"""``geogrid fit``: load, mix and duplicates of past reports."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer

from geogrid.assign.desk import Atlas
from geogrid.assign.frame import answer_frame, reported_seconds
from geogrid.assign.report_files import column_like, read_reports
from geogrid.cli.output import console, print_json, print_table
from geogrid.coverage.fit import Fit, fit_reports
from geogrid.crs import to_wgs84
from geogrid.errors import InputError

__all__ = ["fit"]


def fit(
    reports: Annotated[Path, typer.Argument(help="Past reports: CSV, Excel, Parquet, GeoPackage.", show_default=False)],
    atlas: Annotated[str, typer.Option(help="The atlas: a file or a database URL.", show_default=False)],
    datum: Annotated[str, typer.Option(help="Of the coordinates.", show_default=False)],
    lon: Annotated[str | None, typer.Option(help="Column; found by its name if not given.")] = None,
    lat: Annotated[str | None, typer.Option(help="Column; found by its name if not given.")] = None,
    category: Annotated[str | None, typer.Option(help="Column with the kind, in the reports' own words.")] = None,
    at: Annotated[str | None, typer.Option(help="Column; found by its name if not given.")] = None,
    at_format: Annotated[str, typer.Option(help="How times are written, as strftime; ISO 8601 if not given.")] = "",
    solved: Annotated[str | None, typer.Option(help="Column that says whether it was solved: yes/no, 1/0.")] = None,
    layer: Annotated[
        str, typer.Option(help="Layer whose grids are compared; the first stacked one if not given.")
    ] = "",
    top_share: Annotated[float, typer.Option(help="A unit with more of all reports is flagged.")] = 0.5,
    near_m: Annotated[float, typer.Option(help="Metres within which reports of one kind are one matter.")] = 50.0,
    within_hours: Annotated[float, typer.Option(help="Hours within which they are.")] = 24.0,
    limit: Annotated[int, typer.Option(help="Rows to print of each table.")] = 10,
    json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Measure how a division fits past reports: load, Gini, mix of kinds, near-duplicates.

    Exit code 1 if the load of a unit is flagged.
    """
    frame = read_reports(reports)
    desk = Atlas.open(atlas).desk()
    x, y = lon or column_like(frame, "lon"), lat or column_like(frame, "lat")
    when = at or column_like(frame, "at")
    seconds, problem = reported_seconds(desk, frame, when, form=at_format)
    answers = answer_frame(desk, frame, datum=datum, lon=x, lat=y, category="", at=None)
    kept = ((answers["outcome"] != "refused") & (problem == "")).to_numpy()
    kind = category or column_like(frame, "category")
    places = desk.places.own_layers
    grid = layer or places[min(1, len(places) - 1)].name
    if not kept.any():
        raise InputError("no report can be placed and dated", source=reports)
    east, north = to_wgs84(frame[x].astype(float)[kept], frame[y].astype(float)[kept], datum=datum)
    result = fit_reports(
        answers[kept], grid=grid, category=frame[kind][kept] if kind in frame.columns else None,
        solved=_truth(frame[solved][kept]) if solved else None, lon=east, lat=north, seconds=seconds[kept],
        units={"grid": len(desk.places.layer(grid).codes)}, top_share=top_share, near_m=near_m, within_hours=within_hours,
    )  # fmt: skip
    if json:
        print_json({"loads": result.loads, "mix": result.mix, "families": result.families, "findings": result.findings,
                    "left_out": int((~kept).sum())})  # fmt: skip
    else:
        _print(result, limit, int((~kept).sum()))
    if result.findings:
        raise typer.Exit(1)


def _truth(column: Any) -> np.ndarray[Any, np.dtype[np.bool_]]:
    return np.array([str(value).strip().lower() in ("1", "true", "yes", "y", "是", "closed") for value in column], bool)


def _print(result: Fit, limit: int, left_out: int) -> None:
    for load in result.loads:
        rate = dict(load.solved)
        rows = [
            (name, count, f"{count / load.total:.1%}", f"{rate[name]:.0%}" if rate else "")
            for name, count in load.counts[:limit]
        ]
        print_table((load.by, "reports", "share", "solved"), rows, title=f"{load.by}: Gini {load.gini:.2f}")
    if result.mix:
        mixed = [(grid, f"{bits:.2f}", top, f"{share:.0%}") for grid, bits, top, share in result.mix[:limit]]
        print_table(("grid", "entropy (bit)", "most frequent", "share"), mixed, title="Least mixed grids")
    across = sum(family.crosses_border for family in result.families)
    console().print(f"{len(result.families)} families of near-duplicates, {across} across a border of grids")
    for finding in result.findings:
        console().print(f"flagged: {finding.message}", markup=False)
    if left_out:
        console().print(f"{left_out} report(s) left out: no place or no time")
