"""``geogrid export``: a layer as a file for other programs."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from geogrid.atlas import Atlas
from geogrid.atlas.export import FORMATS, TABLES, export_layer
from geogrid.cli.output import console, print_json

__all__ = ["export"]


def export(
    atlas: Annotated[str, typer.Option("--atlas", help="The atlas: a file, or a PostgreSQL URL.")],
    layer: Annotated[str, typer.Option("--layer", help="A layer, or area_<level> for a level of areas.")],
    out: Annotated[
        Path,
        typer.Option("--out", help=f"The file; its ending chooses the format: {', '.join(FORMATS | TABLES)}."),
    ],
    edition: Annotated[int | None, typer.Option("--edition", help="Its number; else the one in force.")] = None,
    as_of: Annotated[str | None, typer.Option("--as-of", help="The edition in force on this day.")] = None,
    json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Write a layer to GeoJSON, GeoPackage, GeoParquet, FlatGeobuf or Shapefile, or its rows to Excel or CSV.

    Example:

    geogrid export --atlas city.gpkg --layer cell --out cells.geojson

    geogrid export --atlas city.gpkg --layer area_street --out streets.shp

    geogrid export --atlas city.gpkg --layer responsibility --out grids.xlsx
    """
    chosen = Atlas.open(atlas).edition(edition, as_of=as_of)
    done = export_layer(chosen, layer, out)
    if json:
        print_json(done)
        return
    say = console()
    what = "rows" if out.suffix.lower() in TABLES else "features"
    say.print(f"{done.path}: {done.features:,} {what} of layer {layer}, edition {chosen.number}", markup=False)
    for old, new in done.renamed:
        say.print(f"  column {old} is called {new} in the file (ten bytes at most)", markup=False)
    for column, rows in done.shortened:
        say.print(f"  column {column}: {rows:,} texts were cut to 254 bytes", markup=False)
