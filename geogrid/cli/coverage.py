"""``geogrid coverage``: prove that every place has an owner, and list where not."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from geogrid.cli.output import console, print_json, print_table, progress_bar
from geogrid.errors import InputError

if TYPE_CHECKING:
    from geogrid.coverage import CoverageReport

__all__ = ["coverage", "print_report"]


def coverage(
    atlas: Annotated[str, typer.Option(help="The atlas: a file or a database URL.", show_default=False)],
    edition: Annotated[int | None, typer.Option(help="Number of the edition; the one in force if not given.")] = None,
    first: Annotated[str | None, typer.Option("--from", help="First day; today if not given.")] = None,
    last: Annotated[str | None, typer.Option("--to", help="Day after the last; a year later if not given.")] = None,
    html: Annotated[Path | None, typer.Option(help="Write the report as one page.")] = None,
    out: Annotated[Path | None, typer.Option(help="Write what is open as a GeoPackage layer.")] = None,
    limit: Annotated[int, typer.Option(help="Findings to print.")] = 20,
    json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Prove that every place, category and hour has exactly one answerable person.

    Exit code 0 if so, 1 if anything is open.

    Example:

    geogrid coverage --atlas city.gpkg --html coverage.html

    geogrid coverage --atlas city.gpkg --from 2026-12-01 --to 2027-01-01 --json
    """
    from geogrid.assign.desk import Atlas
    from geogrid.coverage import cover

    desk = Atlas.open(atlas).desk(number=edition)
    with progress_bar(quiet=json) as progress:
        report = cover(desk, first=_day(first), last=_day(last), progress=progress)
    if html is not None:
        report.to_html(html)
    if out is not None:
        report.to_geopackage(out)
    if json:
        print_json(report.to_dict())
    else:
        print_report(report, limit=limit)
    if not report.holds:
        raise typer.Exit(1)


def print_report(report: CoverageReport, *, limit: int = 20) -> None:
    """Print the figures, then the gravest findings."""
    from geogrid.coverage.figures import shown_figure

    print_table(("figure", "value"), [(name, shown_figure(value)) for name, value in report.figures.items()])
    for notice in report.notices:
        console().print(f"note: {notice.message}")
    if report.holds:
        console().print("exactly one person is answerable everywhere, for everything, at every hour")
        return
    shown = report.findings[:limit]
    rows = [
        (f.rule, ", ".join(f.subjects), f.message, "" if f.lon is None else f"{f.lon:.6f}, {f.lat:.6f}") for f in shown
    ]
    print_table(("rule", "where", "finding", "at"), rows, title=f"{len(report.findings)} finding(s)")
    if len(report.findings) > limit:
        console().print(f"… and {len(report.findings) - limit} more: --limit, --json or --html show them")


def _day(text: str | None) -> dt.date | None:
    if text is None:
        return None
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        raise InputError("not a day", given=text, allowed="YYYY-MM-DD") from None
