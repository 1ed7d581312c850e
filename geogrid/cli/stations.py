"""``geogrid stations``: where stations could stand, and what each would serve."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from geogrid.atlas import Atlas
from geogrid.atlas.creation import spare_atlas
from geogrid.atlas.export import export_frame, format_of
from geogrid.cli.output import console, print_json, print_table, progress_bar
from geogrid.errors import InputError, NotFoundError

if TYPE_CHECKING:
    from geogrid.partition.siting import Sited

__all__ = ["stations"]

_NAMED = 10
"""Cells that a finding names."""


def stations(
    atlas: Annotated[str, typer.Option("--atlas", help="The atlas: a file, or a PostgreSQL URL.")],
    place: Annotated[
        int | None, typer.Option("--place", min=1, help="How many stations in all, existing ones included.")
    ] = None,
    within_m: Annotated[
        float | None, typer.Option("--within-m", help="The longest way from a cell to its station, metres.")
    ] = None,
    existing: Annotated[
        Path | None, typer.Option("--existing", help="A file of points: stations that stand already and stay.")
    ] = None,
    candidates: Annotated[
        Path | None,
        typer.Option("--candidates", help="A file of points: where one may stand; anywhere if left out."),
    ] = None,
    weight: Annotated[
        str, typer.Option("--weight", help="Demand: a column of the cells, area_m2, or cells.")
    ] = "area_m2",
    points: Annotated[
        Path | None, typer.Option("--points", help="Instead: a file of points, counted per cell.")
    ] = None,
    datum: Annotated[str | None, typer.Option("--datum", help="Of the points.")] = None,
    streets: Annotated[
        Path | None, typer.Option("--streets", help="A file of lines: ways are measured along them, not straight.")
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option("--out", help="Write the stations; the ending chooses the format: .gpkg, .geojson, .xlsx, …"),
    ] = None,
    seconds: Annotated[
        float, typer.Option("--seconds", min=0.1, help="How long HiGHS may look for better and prove.")
    ] = 60.0,
    json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Place stations for the cells of an atlas, and show what each would serve.

    --place: that many, where people walk least. --within-m: as few as reach every cell. Both: that many, which reach most.

    What is written is what a plan reads: method = "nearest-station", stations = "stations.gpkg".

    Exit code 0 if a station reaches every cell, 1 if not.

    Example:

    geogrid stations --atlas city.gpkg --place 12 --points reports.csv --datum wgs84 --out stations.gpkg

    geogrid stations --atlas city.gpkg --within-m 800 --existing stations.gpkg --streets streets.gpkg

    geogrid stations --atlas city.gpkg --within-m 800 --place 12 --candidates sites.gpkg --weight households
    """
    if place is None and within_m is None:
        raise InputError(
            "nothing says how many stations", allowed="--place 12, --within-m 800, or both", mend="add one of them"
        )
    _require_writable(out)
    for option, file in {"--existing": existing, "--candidates": candidates, "--streets": streets}.items():
        if file is not None and not file.exists():
            raise NotFoundError("no such file", given=file, source=option)
    from geogrid.partition.balance.sections import WeightSection
    from geogrid.partition.nearest_station import read_stations
    from geogrid.partition.plan_files import features_named, lines_of
    from geogrid.partition.siting import site_stations

    division = Atlas.open(atlas).edition().division
    demand = WeightSection(name=points.stem if points else weight, points=points, datum=datum)
    with progress_bar(quiet=json) as progress:
        found = site_stations(
            division, demand, stations=place, within_m=within_m,
            existing=None if existing is None else read_stations(existing),
            candidates=None if candidates is None else read_stations(candidates, what="candidate"),
            streets=None if streets is None else lines_of(features_named(streets), what="street", source=streets),
            seconds=seconds, progress=progress,
        )  # fmt: skip
    if out is not None:
        export_frame(found.to_geopandas(), out, layer="stations")
    _show(found, division.name or division.code, demand.name, out, json=json)
    if found.unreached:
        raise typer.Exit(1)


def _require_writable(out: Path | None) -> None:
    if out is None:
        return
    format_of(out)
    if not out.absolute().parent.is_dir():
        raise NotFoundError("no such folder", given=out.parent, source="--out", mend="make it first")
    spare_atlas(out)


def _show(found: Sited, place: str, demand: str, out: Path | None, *, json: bool) -> None:
    rows: list[dict[str, Any]] = [
        {
            "station": found.stations.names[row],
            "code": found.stations.codes[row],
            "existing": bool(found.existing[row]),
            "lon": round(lon, 7),
            "lat": round(lat, 7),
            "cells": int(found.cells[row]),
            "demand": round(float(found.demand[row]), 1),
            "mean_m": round(float(found.mean_m[row]), 1),
            "farthest_m": round(float(found.farthest_m[row]), 1),
        }
        for row, (lon, lat) in enumerate(found.stations.lonlat.tolist())
    ]
    reached = int(found.cells.sum())
    total = {
        "weight": demand,
        "cells": len(found.codes),
        "cells_reached": reached,
        "demand": round(float(found.weights.sum()), 1),
        "demand_reached": round(float(found.demand.sum()), 1),
        "mean_m": round(found.total_mean_m, 1),
        "farthest_m": round(float(found.farthest_m.max()), 1),
        "candidates": found.candidates,
        "proved": found.proved,
    }
    notes = [str(finding) for finding in found.findings]
    if json:
        print_json({"stations": rows, "total": total, "unreached": found.unreached, "notes": notes, "out": out})
        return
    shown = [word for word in rows[0] if word != "code" or any(row["code"] for row in rows)]
    shown = [word for word in shown if word != "existing" or any(row["existing"] for row in rows)]
    print_table(shown, [[row[word] for word in shown] for row in rows], title=f"{place}: {len(rows)} stations")
    say = console()
    say.print(
        f"{reached:,} of {total['cells']:,} cells and {total['demand_reached']:,} of {total['demand']:,} {demand} reached; "
        f"{total['mean_m']:,} m on average, {total['farthest_m']:,} m at most",
        markup=False,
    )
    proof = "no choice among them is better" if found.proved else "not proved to be the best"
    say.print(f"chosen among {found.candidates:,} places: {proof}", markup=False)
    for note in notes:
        say.print(note, markup=False)
    if len(found.unreached) > _NAMED:
        say.print(f"… and {len(found.unreached) - _NAMED:,} more cells; --json lists all", markup=False)
    if out is not None:
        say.print(f"wrote {out}", markup=False)
