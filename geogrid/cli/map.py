"""``geogrid map``: draw a layer as one HTML page."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from geogrid.cli.output import console, print_json, progress_bar
from geogrid.errors import InputError

__all__ = ["map_"]

_LANGUAGES = {"en": "en", "zh": "zh-CN", "zh-cn": "zh-CN"}


def map_(
    atlas: Annotated[str, typer.Option(help="The atlas: a file, or postgresql://…")],
    out: Annotated[Path, typer.Option(help="The page to write.")] = Path("map.html"),
    layer: Annotated[str | None, typer.Option(help="Layer to fill; the cells if not given.")] = None,
    colour_by: Annotated[
        str | None, typer.Option(help="A column, a layer above, station or person; the station if not given.")
    ] = None,
    edition: Annotated[int | None, typer.Option(help="Number of the edition; the one in force if not given.")] = None,
    as_of: Annotated[str | None, typer.Option(help="Day whose edition is drawn, e.g. 2026-11-22.")] = None,
    seams: Annotated[Path | None, typer.Option(help="A file of lines or polygons to draw over the cells.")] = None,
    language: Annotated[str, typer.Option(help="Of the page: en or zh-CN.")] = "en",
    online: Annotated[
        bool, typer.Option("--online", help="Link Leaflet and a street map instead of a page that needs no network.")
    ] = False,
    json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Draw a layer of an edition as one HTML page that opens anywhere, without a network.

    Example:

    geogrid map --atlas city.gpkg --out map.html

    geogrid map --atlas city.gpkg --layer station --language zh-CN --out map.html
    """
    from geogrid.assign.desk import Atlas
    from geogrid.maps import draw_map, who_answers

    if language.lower() not in _LANGUAGES:
        raise InputError("unknown language", given=language, allowed="en, zh-CN", source="--language")
    with progress_bar(quiet=json) as progress:
        progress("open the edition", 0, 4)
        opened = Atlas.open(atlas)
        found = opened.edition(edition, as_of=as_of)
        progress("ask who answers", 1, 4)
        columns = who_answers(opened, found, layer)
        progress("draw", 2, 4)
        page = draw_map(
            found, layer=layer, colour_by=colour_by, columns=columns, seams=_seam_lines(seams), offline=not online,
            language=_LANGUAGES[language.lower()],  # type: ignore[arg-type]
        )  # fmt: skip
        progress("write", 3, 4)
        page.write(out)
        progress("write", 4, 4)
    size = out.stat().st_size
    name = layer or found.division.base.name
    facts = {"out": out, "edition": found.number, "layer": name, "rows": len(found.division.layer(name)), "bytes": size}
    if json:
        print_json(facts)
    else:
        console().print(f"{out}: {facts['rows']:,} of layer {name}, edition {found.number}, {size / 1e6:.1f} MB")


def _seam_lines(path: Path | None) -> Any:
    if path is None:
        return None
    from geogrid.boundaries import read_features

    return read_features(path).geometry.to_numpy()
