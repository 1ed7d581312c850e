"""``geogrid diff``: what changed between two editions."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer

from geogrid.atlas import Atlas
from geogrid.atlas.diff import LayerDiff, compare_editions
from geogrid.cli.output import console, print_json, print_table, progress_bar

__all__ = ["diff"]

_SHOWN = 20


def diff(
    earlier: Annotated[int, typer.Argument(help="Number of the earlier edition.")],
    later: Annotated[int, typer.Argument(help="Number of the later edition.")],
    atlas: Annotated[str, typer.Option("--atlas", help="The atlas: a file, or a PostgreSQL URL.")],
    layer: Annotated[str | None, typer.Option("--layer", help="Only this layer.")] = None,
    json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Show what changed between two editions: cells and grids new, gone, changed, and the m² that moved.

    Example:

    geogrid diff 3 4 --atlas city.gpkg --layer responsibility
    """
    opened = Atlas.open(atlas)
    before, after = opened.edition(earlier), opened.edition(later)
    if layer is not None and layer not in before.layer_names:
        after.layer(layer)
    with progress_bar(quiet=json) as progress:
        found = compare_editions(before, after, progress=progress)
    found = tuple(part for part in found if layer in (None, part.layer))
    if json:
        layers = [asdict(part) | {"moved_m2": part.moved_m2} for part in found]
        print_json({"earlier": earlier, "later": later, "layers": layers})
        return
    print_table(
        ["layer", "new", "gone", "changed", "renamed", "unchanged", "moved m²"],
        [
            (
                part.layer,
                len(part.new),
                len(part.gone),
                len(part.changed),
                len(part.renamed),
                part.unchanged,
                f"{part.moved_m2:,.0f}",
            )
            for part in found
        ],
        title=f"{after.name}: edition {earlier} → {later}",
    )
    for part in found:
        if part.moves or part.renamed:
            _print_moves(part)


def _print_moves(part: LayerDiff) -> None:
    rows = [(move.from_code or "(outside)", move.to_code or "(outside)", f"{move.area_m2:,.1f}") for move in part.moves]
    rows += [(code, f"{before} → {after}", "renamed") for code, before, after in part.renamed]
    print_table(["from", "to", "m²"], rows[:_SHOWN], title=part.layer)
    if len(rows) > _SHOWN:
        console().print(f"… and {len(rows) - _SHOWN} more (--json shows all)", markup=False)
