"""``geogrid map``: draw a layer as one HTML page."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from geogrid.cli.output import console, print_json, progress_bar
from geogrid.errors import InputError

if TYPE_CHECKING:
    from geogrid.maps.ground import MapGround
    from geogrid.partition.titles import Language

__all__ = ["map_"]

_LANGUAGES: dict[str, Language] = {"en": "en", "zh": "zh-CN", "zh-cn": "zh-CN"}


def map_(
    atlas: Annotated[str, typer.Option(help="The atlas: a file, or postgresql://…")],
    out: Annotated[Path, typer.Option(help="The page to write.")] = Path("map.html"),
    layer: Annotated[str | None, typer.Option(help="Layer to fill; the cells if not given.")] = None,
    colour_by: Annotated[
        str | None,
        typer.Option(
            help="area: the size in m²; parent, or a level such as community: the administrative area; a column, "
            "a layer above, station or person. The station if not given."
        ),
    ] = None,
    edition: Annotated[int | None, typer.Option(help="Number of the edition; the one in force if not given.")] = None,
    as_of: Annotated[str | None, typer.Option(help="Day whose edition is drawn, e.g. 2026-11-22.")] = None,
    plan: Annotated[
        Path | None, typer.Option(help="The plan whose seams and buildings are drawn; the edition's own if not given.")
    ] = None,
    seams: Annotated[
        Path | None, typer.Option(help="A file of lines or polygons, instead of the plan's seams.")
    ] = None,
    buildings: Annotated[Path | None, typer.Option(help="A file of polygons, instead of the plan's.")] = None,
    ground: Annotated[
        bool, typer.Option("--ground/--no-ground", help="Draw the seams and buildings that the plan names.")
    ] = True,
    within: Annotated[str | None, typer.Option(help="Code or name of an area: draw that alone.")] = None,
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

    geogrid map --atlas city.gpkg --layer cell --colour-by area --plan plan.toml --within 310114001
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
        beneath, absent = _ground(found, atlas, plan, ground, seams, buildings)
        page = draw_map(
            found, layer=layer, colour_by=colour_by, columns=columns, ground=beneath, within=within,
            offline=not online, language=_LANGUAGES[language.lower()],
        )  # fmt: skip
        progress("write", 3, 4)
        page.write(out)
        progress("write", 4, 4)
    size = out.stat().st_size
    name = layer or found.division.base.name
    facts = {
        "out": out, "edition": found.number, "layer": name, "rows": len(found.division.layer(name)), "bytes": size,
        "seams": len(beneath.seams), "buildings": len(beneath.buildings), "not_drawn": absent,
    }  # fmt: skip
    if json:
        print_json(facts)
    else:
        console().print(f"{out}: {facts['rows']:,} of layer {name}, edition {found.number}, {size / 1e6:.1f} MB")
        if absent:
            console().print(
                f"the plan's seams and buildings are not drawn: {absent}; name the plan with --plan", markup=False
            )


def _ground(
    edition: Any, atlas: str, plan: Path | None, wanted: bool, seams: Path | None, buildings: Path | None
) -> tuple[MapGround, str]:
    """Return the seams and buildings to draw, and why those of the edition's plan are not among them."""
    from geogrid.crs import Metric, parse_crs
    from geogrid.maps.ground import MapGround, ground_of_edition
    from geogrid.partition import Plan

    given = MapGround.of_files(seams=seams, buildings=buildings)
    if not wanted or (seams is not None and buildings is not None):
        return given, ""
    metric = Metric(parse_crs(edition.division.metric_crs))
    if plan is not None:
        return given.or_else(MapGround.of_plan(Plan.read(plan), metric)), ""
    if not edition.division.plan:
        return given, ""
    folders = [Path.cwd()] if "://" in atlas else [Path(atlas).resolve().parent, Path.cwd()]
    found, absent = ground_of_edition(edition.division.plan, metric, folders)
    return given.or_else(found), absent
