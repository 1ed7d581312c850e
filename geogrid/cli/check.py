"""``geogrid check``: read outlines and report what is wrong with them."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Annotated

import typer

from geogrid.boundaries import RULES, LevelFile, check_boundaries
from geogrid.cli.output import console, print_json, print_table
from geogrid.errors import InputError
from geogrid.types import Finding

__all__ = ["check"]


def check(
    paths: Annotated[
        list[str],
        typer.Argument(
            metavar="PATH...",
            help="A folder with source.toml, a file, or LEVEL=FILE for each level, coarse to fine.",
            show_default=False,
        ),
    ],
    code: Annotated[str, typer.Option(help="Column with the code.")] = "code",
    name: Annotated[str, typer.Option(help="Column with the name.")] = "name",
    parent: Annotated[str, typer.Option(help="Column with the parent's code.")] = "parent",
    layer: Annotated[str | None, typer.Option(help="Layer of the file.")] = None,
    where: Annotated[str | None, typer.Option(help="SQL condition on the columns.")] = None,
    datum: Annotated[str | None, typer.Option(help="wgs84, cgcs2000, gcj02 or bd09.")] = None,
    crs: Annotated[str | None, typer.Option(help="CRS of files that declare none, e.g. EPSG:4549.")] = None,
    encoding: Annotated[str | None, typer.Option(help="Of attribute tables, e.g. gbk.")] = None,
    swap_axes: Annotated[bool, typer.Option(help="Take the first coordinate as latitude.")] = False,
    json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Read outlines and report what is wrong with them, where, and how much.

    Exit code 0 if nothing is, 1 if anything is.

    Example:

    geogrid check streets.shp --code JDDM --name JDMC --encoding gbk

    geogrid check district=outline.geojson street=streets.gpkg
    """
    findings: list[Finding] = []
    sources: list[str | dict[str, str | Path | LevelFile]] = []
    levels = {level: path for level, sign, path in (text.partition("=") for text in paths) if sign}
    if levels and len(levels) != len(paths):
        raise InputError("some paths name their level and some do not", given=" ".join(paths), allowed="LEVEL=FILE …")
    sources = [dict(levels)] if levels else list(paths)
    for source in sources:
        findings += check_boundaries(
            source, code=code, name=name, parent=parent, layer=layer, where=where, datum=datum, crs=crs,
            encoding=encoding, swap_axes=swap_axes,
        )  # fmt: skip
    if json:
        print_json(findings)
    elif findings:
        for rule, count in Counter(finding.rule for finding in findings).items():
            console().print(f"{count:>6} × {rule}, should be: {RULES[rule]}", markup=False)
        print_table(("rule", "lon, lat", "amount", "finding"), [_row(finding) for finding in findings])
    else:
        console().print("nothing wrong was found")
    if findings:
        raise typer.Exit(1)


def _row(finding: Finding) -> tuple[str, str, str, str]:
    place = "" if finding.lon is None or finding.lat is None else f"{finding.lon:.7f}, {finding.lat:.7f}"
    amount = "" if finding.amount is None else f"{finding.amount:,.2f} {finding.unit}".strip()
    return finding.rule, place, amount, finding.message
