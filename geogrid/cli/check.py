"""``geogrid check``: read outlines and report what is wrong with them."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from geogrid.boundaries import LevelFile, check_boundaries
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
        rows = [
            (
                finding.rule, ", ".join(finding.subjects), finding.message,
                None if finding.lon is None else f"{finding.lon:.7f}", None if finding.lat is None else f"{finding.lat:.7f}",
                "" if finding.amount is None else f"{finding.amount:,.2f} {finding.unit}".strip(),
            )
            for finding in findings
        ]  # fmt: skip
        print_table(("rule", "areas", "finding", "lon", "lat", "amount"), rows, title=f"{len(findings)} finding(s)")
    else:
        console().print("nothing wrong was found")
    if findings:
        raise typer.Exit(1)
