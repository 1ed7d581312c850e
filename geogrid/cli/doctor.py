"""``geogrid doctor``: what ails a feed of coordinates, and what an accuracy costs."""

from __future__ import annotations

from math import isnan
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from geogrid.cli.output import console, print_json, print_table
from geogrid.errors import InputError
from geogrid.types import FloatArray

if TYPE_CHECKING:
    from geogrid.assign.doctor import Diagnosis
    from geogrid.assign.locator import Locator

__all__ = ["doctor"]

_BLOCK_ROWS = 1 << 16


def doctor(
    reports: Annotated[
        Path | None, typer.Argument(help="CSV, Excel, Parquet, GeoPackage or NDJSON.", show_default=False)
    ] = None,
    *,
    atlas: Annotated[str, typer.Option(help="The atlas: a file or a database URL.", show_default=False)],
    datum: Annotated[str | None, typer.Option(help="What the feed says it is in.", show_default=False)] = None,
    lon: Annotated[str, typer.Option(help="Column of longitudes.")] = "lon",
    lat: Annotated[str, typer.Option(help="Column of latitudes.")] = "lat",
    seams: Annotated[Path | None, typer.Option(help="Roads or buildings to measure distances to.")] = None,
    accuracy: Annotated[
        str | None, typer.Option(help="Metres, e.g. 5,10,20: print the share of places that go wrong.")
    ] = None,
    encoding: Annotated[str, typer.Option(help="Of CSV and NDJSON, e.g. gb18030.")] = "utf-8",
    edition: Annotated[int | None, typer.Option(help="Number of the edition; the one in force if not given.")] = None,
    json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Tell whether a feed is swapped, in another datum than declared, truncated, or at one spot.

    Exit code 0 if nothing is wrong with the feed, 1 if something is. Nothing is corrected.

    Example:

    geogrid doctor reports.csv --atlas city.gpkg --datum wgs84
    """
    from geogrid.assign.desk import Atlas
    from geogrid.assign.doctor import diagnose

    if reports is None and accuracy is None:
        raise InputError("nothing to examine", allowed="a file of reports, or --accuracy")
    locator = Atlas.open(atlas).desk(number=edition).locator
    if accuracy is not None:
        _print_accuracy(locator, accuracy, json=json)
    if reports is None:
        return
    if datum is None:
        raise InputError(
            "no datum", allowed="--datum wgs84, cgcs2000, gcj02 or bd09", mend="say what the feed declares"
        )
    x, y = _columns(reports, lon, lat, encoding)
    result = diagnose(locator, x, y, declared=datum, seams=None if seams is None else _shapes(seams))
    _print(result, json=json)
    if result.findings:
        raise typer.Exit(1)


def _columns(path: Path, lon: str, lat: str, encoding: str) -> tuple[FloatArray, FloatArray]:
    import numpy as np

    from geogrid.assign.stream_read import degrees_of, read_rows

    parts: list[tuple[FloatArray, FloatArray]] = []
    for rows in read_rows(path, block_rows=_BLOCK_ROWS, encoding=encoding):
        missing = [name for name in (lon, lat) if name not in rows.table.column_names]
        if missing:
            raise InputError(
                "no such column", given=", ".join(missing), allowed=", ".join(rows.table.column_names), source=path,
                mend="name the columns with --lon and --lat",
            )  # fmt: skip
        parts.append((degrees_of(rows.table.column(lon)), degrees_of(rows.table.column(lat))))
    return np.concatenate([part[0] for part in parts]), np.concatenate([part[1] for part in parts])


def _shapes(path: Path) -> Any:
    from geogrid.boundaries.formats import read_features

    return read_features(path).geometry.to_numpy()


def _print_accuracy(locator: Locator, accuracy: str, *, json: bool) -> None:
    from geogrid.assign.chances import wrong_share

    try:
        metres = [float(part) for part in accuracy.split(",")]
    except ValueError:
        raise InputError("not a list of metres", given=accuracy, allowed="e.g. 5,10,20") from None
    shares = wrong_share(locator, metres)
    if json:
        print_json({"accuracy_m": metres, "wrong": shares})
        return
    rows = [[f"{m:g} m", *(f"{shares[name][i]:.1%}" for name in shares)] for i, m in enumerate(metres)]
    print_table(["accuracy (68 %)", *shares], rows, title="Share of places that get the wrong one")


def _print(result: Diagnosis, *, json: bool) -> None:
    if json:
        print_json({"rows": result.rows, "declared": result.declared, "readings": result.readings,
                    "findings": result.findings})  # fmt: skip
        return
    rows = [
        [
            f"{reading.datum}{', axes swapped' if reading.swapped else ''}", reading.places,
            f"{reading.inside / result.rows:.2%}" if result.rows else "-", "-" if isnan(reading.shift_m) else f"{reading.shift_m:,.0f} m",
            "-" if reading.seam_m is None else f"{reading.seam_m:.1f} m",
        ]
        for reading in result.readings
    ]  # fmt: skip
    print_table(["read as", "places", "inside", "shift", "to seams"], rows, title=f"{result.rows:,} reports")
    for finding in result.findings:
        console().print(f"• {finding}", markup=False)
    if not result.findings:
        console().print("Nothing was found wrong.")
