"""``geogrid adopt``: an existing division as it is, proved, and published."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from geogrid.boundaries import Boundaries, bundled, read_boundaries
from geogrid.cli.output import console, errors, print_table, progress_bar
from geogrid.cli.partition import publish, require_publishable, show
from geogrid.errors import InputError
from geogrid.partition.adopt_and_heal import adopt_and_heal
from geogrid.partition.adopting import adopt as adopt_division
from geogrid.partition.changes import Change, save_changes
from geogrid.partition.strips import HealRule

__all__ = ["adopt"]

_SHOWN = 30


def adopt(
    division: Annotated[Path, typer.Argument(help="A file of polygons: GeoPackage, GeoJSON, Shapefile, GeoParquet, …")],
    atlas: Annotated[
        str | None, typer.Option("--atlas", help="Publish an edition there; made if it does not exist.")
    ] = None,
    layer: Annotated[str, typer.Option("--layer", help="What to call its layer.")] = "cell",
    code_column: Annotated[
        str | None, typer.Option("--code-column", help="Found by its usual names if left out.")
    ] = None,
    name_column: Annotated[
        str | None, typer.Option("--name-column", help="Found by its usual names if left out.")
    ] = None,
    boundaries: Annotated[
        str | None,
        typer.Option("--boundaries", help="Official outlines: a file or folder, or the code of a bundled place."),
    ] = None,
    boundaries_code: Annotated[str, typer.Option("--boundaries-code", help="Their column of codes.")] = "code",
    place_code: Annotated[
        str | None, typer.Option("--place-code", help="The place's code; else the file's name.")
    ] = None,
    place_name: Annotated[
        str | None, typer.Option("--place-name", help="The place's name; else the file's name.")
    ] = None,
    file_layer: Annotated[str | None, typer.Option("--file-layer", help="The file's layer, if it has several.")] = None,
    crs: Annotated[str | None, typer.Option("--crs", help="The CRS, if the file does not declare it.")] = None,
    datum: Annotated[str | None, typer.Option("--datum", help="wgs84, cgcs2000, gcj02 or bd09.")] = None,
    encoding: Annotated[str | None, typer.Option("--encoding", help="Of a Shapefile's attributes, e.g. gbk.")] = None,
    accept_faults: Annotated[bool, typer.Option("--accept-faults", help="Publish in spite of what was found.")] = False,
    heal: Annotated[
        float | None, typer.Option("--heal", help="Heal gaps, overlaps and slivers up to this width, metres.")
    ] = None,
    wide_overlaps: Annotated[
        str, typer.Option("--wide-overlaps", help="Wider overlaps: list, or give to the smaller or larger row.")
    ] = "list",
    changes: Annotated[
        Path | None, typer.Option("--changes", help="Write a GeoPackage with a row for each change.")
    ] = None,
    valid_from: Annotated[
        str | None, typer.Option("--valid-from", help="The first day it is in force; today if left out.")
    ] = None,
    note: Annotated[str, typer.Option("--note", help="Why this edition was made.")] = "",
    replace: Annotated[
        bool, typer.Option("--replace", help="Withdraw the editions that begin on that day or later.")
    ] = False,
    json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Take an existing division as it is, prove it and publish it.

    Exit code 0 if nothing is wrong with it or its faults are accepted, else 1; then nothing is published.

    Example:

    geogrid adopt grids.shp --encoding gbk --datum gcj02

    geogrid adopt beats.gpkg --heal 0.5 --changes changes.gpkg

    geogrid adopt districts.gpkg --layer cell --atlas city.gpkg
    """
    if changes is not None and heal is None:
        raise InputError("there are changes only when something is healed", given="--changes", mend="add --heal 0.5")
    require_publishable(atlas, valid_from)
    reading: dict[str, Any] = {"layer": file_layer, "crs": crs, "datum": datum, "encoding": encoding}
    with progress_bar(quiet=json) as progress:
        words = {key: value for key, value in reading.items() if value is not None}
        words |= {"layer_name": layer, "code_column": code_column, "name_column": name_column}
        words |= {"place_code": place_code, "place_name": place_name}
        outlines = _outlines(boundaries, boundaries_code)
        changed: tuple[Change, ...] | None = None
        if heal is not None:
            healed = adopt_and_heal(division, rule=HealRule(heal, wide_overlaps), boundaries=outlines, **words)  # type: ignore[arg-type]
            adopted, changed = healed.division, healed.changes
        else:
            adopted = adopt_division(division, boundaries=outlines, **words)
        if changes is not None:
            save_changes(changed or (), changes)
        held_back = bool(adopted.findings) and not accept_faults
        edition = None
        if atlas is not None and not held_back:
            edition = publish(adopted, atlas, valid_from=valid_from, note=note, replace=replace, progress=progress)
    if changed is not None and not json:
        _show_changes(changed)
    show(adopted, edition, atlas=atlas, json=json, more={} if changed is None else {"changes": list(changed)})
    if held_back:
        if atlas is not None:
            errors().print("geogrid: not published; mend the file, or say --accept-faults", style="red", markup=False)
        raise typer.Exit(1)


def _show_changes(changes: tuple[Change, ...]) -> None:
    rows = [
        (change.kind, "healed" if change.done else "left", round(change.m2, 2), round(change.width_m, 3),
         f"{change.lon:.7f}, {change.lat:.7f}", change.gained, ", ".join(change.lost), change.reason)
        for change in changes[:_SHOWN]
    ]  # fmt: skip
    done = [change for change in changes if change.done]
    title = f"{len(done)} strip(s) healed, {sum(change.m2 for change in done):,.2f} m²; {len(changes) - len(done)} left"
    print_table(("kind", "what", "m²", "width, m", "lon, lat", "gained", "lost", "why"), rows, title=title)
    if len(changes) > _SHOWN:
        console().print(f"… and {len(changes) - _SHOWN} more; --changes and --json list all", markup=False)


def _outlines(named: str | None, code_column: str) -> Boundaries | None:
    if named is None:
        return None
    return bundled(named) if named.isdigit() and not Path(named).exists() else read_boundaries(named, code=code_column)
