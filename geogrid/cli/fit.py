"""``geogrid fit``: how past reports fall on grids, stations and people."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from geogrid.cli.output import console, print_json, print_table, progress_bar

if TYPE_CHECKING:
    from geogrid.coverage.fit import Fit

__all__ = ["fit"]


def fit(
    reports: Annotated[
        Path, typer.Argument(help="CSV, Excel, Parquet, GeoPackage, GeoJSON or NDJSON.", show_default=False)
    ],
    atlas: Annotated[str, typer.Option(help="The atlas: a file or a database URL.", show_default=False)],
    datum: Annotated[str | None, typer.Option(help="Of the coordinates, unless the file has a CRS.")] = None,
    lon: Annotated[str | None, typer.Option(help="Column; each is found by its name if not given.")] = None,
    lat: Annotated[str | None, typer.Option(help="Column.")] = None,
    category: Annotated[str | None, typer.Option(help="Column.")] = None,
    condition: Annotated[str | None, typer.Option(help="Column.")] = None,
    at: Annotated[str | None, typer.Option(help="Column: when it was filed.")] = None,
    id: Annotated[str | None, typer.Option(help="Column.")] = None,
    station: Annotated[str | None, typer.Option(help="Column: the station that handled it.")] = None,
    person: Annotated[str | None, typer.Option(help="Column: who handled it.")] = None,
    department: Annotated[str | None, typer.Option(help="Column: the department that handled it.")] = None,
    closed: Annotated[str | None, typer.Option(help="Column: when it was closed; blank if open.")] = None,
    solved: Annotated[str | None, typer.Option(help="Column: yes or no; else what is closed is solved.")] = None,
    time_format: Annotated[str | None, typer.Option(help="E.g. '%m/%d/%Y %H:%M'; ISO 8601 if not given.")] = None,
    edition: Annotated[int | None, typer.Option(help="Number of the edition; the one in force if not given.")] = None,
    layer: Annotated[str | None, typer.Option(help="Grids whose borders families may cross.")] = None,
    thresholds: Annotated[Path | None, typer.Option(help="TOML file: what is flagged, what is near.")] = None,
    out: Annotated[Path | None, typer.Option(help="Write a GeoPackage (.gpkg) or a folder of CSV files.")] = None,
    limit: Annotated[int, typer.Option(help="Rows to print of each table.")] = 10,
    json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Show how past reports fall on grids, stations and people: load, mix, near-duplicates.

    Exit code 0 if nothing is flagged, 1 if something is.

    Example:

    geogrid fit reports.csv --atlas city.gpkg --datum wgs84 --out fit.gpkg
    """
    from geogrid.assign.desk import Atlas
    from geogrid.assign.report_files import read_reports
    from geogrid.coverage.fit import fit_reports
    from geogrid.coverage.past import past_reports
    from geogrid.coverage.thresholds import Thresholds

    limits = Thresholds.read(thresholds) if thresholds is not None else Thresholds()
    given = {
        "lon": lon, "lat": lat, "category": category, "condition": condition, "at": at, "id": id, "station": station,
        "person": person, "department": department, "closed": closed, "solved": solved,
    }  # fmt: skip
    desk = Atlas.open(atlas).desk(number=edition)
    with progress_bar(quiet=json) as progress:
        past = past_reports(
            read_reports(reports), calendar=desk.roster.calendar, datum=datum, time_format=time_format, source=reports,
            columns={meaning: column for meaning, column in given.items() if column is not None},
        )  # fmt: skip
        found = fit_reports(desk, past, thresholds=limits, layer=layer, progress=progress)
    if out is not None:
        found.write(out)
    if json:
        print_json(found.to_dict())
    else:
        print_fit(found, limit=limit)
    if not found.fits:
        raise typer.Exit(1)


def print_fit(fit: Fit, *, limit: int = 10) -> None:
    """Print figures, loads, mixes and families of a fit, then what is flagged."""
    print_table(("figure", "value"), [(name, f"{value:,.6g}") for name, value in fit.figures.items()])
    print_table(
        ("load of", "by", "reports", "without", "among", "Gini", "by chance", "first", "its share"),
        [
            (load.of, load.basis, load.reports, load.without, len(load.holders), f"{load.gini:.3f}",
             f"{load.gini_by_chance:.3f}", load.holders[0].code if load.holders else "", f"{load.top_share:.1%}")
            for load in fit.loads
        ],
    )  # fmt: skip
    print_table(
        ("mix of", "reports", "entropy, bits", "shown by the grids", "hidden inside them"),
        [
            (one.layer, one.reports, f"{one.entropy_bits:.2f}", f"{one.shown_bits:.3f}", f"{one.hidden_bits:.3f}")
            for one in fit.mixtures
        ],
    )
    largest = sorted(fit.families.families, key=lambda family: (-len(family.reports), family.number))[:limit]
    if largest:
        print_table(
            ("family", "category", "reports", "span m", "grids", "owner"),
            [
                (one.number, one.category, len(one.reports), f"{one.span_m:.0f}", " ".join(one.grids), one.owner)
                for one in largest
            ],
            title=f"{len(fit.families.families)} families of near-duplicates, the largest",
        )
    if fit.fits:
        console().print("nothing is flagged")
        return
    shown = [
        (f.rule, f.message, "" if f.lon is None else f"{f.lon:.6f}, {f.lat:.6f}") for f in fit.findings[: max(limit, 0)]
    ]
    print_table(("rule", "finding", "at"), shown, title=f"{len(fit.findings)} finding(s)")
    if len(fit.findings) > limit:
        console().print(f"… and {len(fit.findings) - limit} more: --limit, --json or --out show them")
