"""``geogrid rebalance``: new weights, the least change that restores balance, and the choice between."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np
import typer

from geogrid.atlas import Atlas, as_date
from geogrid.cli.output import console, print_json, print_table, progress_bar
from geogrid.errors import InputError, NotFoundError
from geogrid.partition.division import Division

if TYPE_CHECKING:
    from geogrid.partition.balance import Front, Step

__all__ = ["rebalance"]


def rebalance(
    atlas: Annotated[str, typer.Option("--atlas", help="The atlas: a file, or a PostgreSQL URL.")],
    layer: Annotated[str, typer.Option("--layer", help="The layer of grids to put in balance again.")],
    weight: Annotated[str, typer.Option("--weight", help="A column of the cells, area_m2, or cells.")] = "area_m2",
    points: Annotated[
        Path | None, typer.Option("--points", help="Instead: a file of points, counted per cell.")
    ] = None,
    datum: Annotated[str | None, typer.Option("--datum", help="Of the points.")] = None,
    within: Annotated[str | None, typer.Option("--within", help="A level of areas no grid reaches over.")] = None,
    tolerance: Annotated[
        list[float] | None, typer.Option("--tolerance", help="A balance to try; may be given several times.")
    ] = None,
    moving: Annotated[
        str | None, typer.Option("--moving", help="What a move counts: a column, or area_m2; the weight if left out.")
    ] = None,
    keep: Annotated[float, typer.Option("--keep", help="Metres of border that moving one mean cell costs.")] = 500.0,
    pick: Annotated[
        float | None, typer.Option("--pick", help="Publish the least change within this tolerance.")
    ] = None,
    valid_from: Annotated[str | None, typer.Option("--valid-from", help="First day of the edition published.")] = None,
    relocate: Annotated[
        bool,
        typer.Option(
            "--relocate/--stay",
            help="Whether whole grids may be dissolved and founded anew elsewhere under their code, or every grid stays in its place.",
        ),
    ] = True,
    bound: Annotated[
        float, typer.Option("--bound", min=0, help="Seconds to prove how little load between neighbours could move.")
    ] = 0.0,
    seconds: Annotated[
        float | None,
        typer.Option(
            "--seconds",
            help="Time limit of each balance on average (five, unless --tolerance says which); Ctrl-C gives what was found so far.",
        ),
    ] = None,
    workers: Annotated[int, typer.Option("--workers", min=1, help="Threads.")] = 1,
    seed: Annotated[int, typer.Option("--seed")] = 1,
    json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Show what moves for which balance, and publish the choice; grids keep their codes.

    Each line is a balance and the least change found for it; `at_least` is what no plan can do without.

    Grids that are within the tolerance picked as they are stay, and nothing is published.

    Exit code 0 if the tightest tolerance can be met (or the one picked), 1 if not.

    Example:

    geogrid rebalance --atlas city.gpkg --layer responsibility --points homes.csv --datum wgs84

    geogrid rebalance --atlas city.gpkg --layer responsibility --tolerance 0.15 --tolerance 0.05 --bound 20

    geogrid rebalance --atlas city.gpkg --layer responsibility --pick 0.05 --valid-from 2026-12-01
    """
    from geogrid.partition.balance import Budget
    from geogrid.partition.balance import rebalance as find_front
    from geogrid.partition.balance.layer import BalanceSection, WeightSection, problem_of

    for share in [*(tolerance or []), *([] if pick is None else [pick])]:
        if not 0 <= share < 1:
            raise InputError("a tolerance is a share, not a percentage", given=share, allowed="0.05 for ±5 %")
    store = Atlas.open(atlas)
    edition = store.edition()
    division = edition.division
    below = division.layer(layer).of
    if below is None:
        raise NotFoundError("not a layer of grids", given=layer, allowed="a layer that stands on another")
    if pick is not None and valid_from is None:
        raise InputError("a choice is published on a day", given=f"--pick {pick}", mend="add --valid-from 2026-12-01")
    if valid_from is not None:
        as_date(valid_from)
    told = sorted({*(tolerance or [0.30, 0.20, 0.15, 0.10, 0.05]), *([] if pick is None else [pick])}, reverse=True)
    primary = WeightSection(name=points.stem if points else weight, points=points, datum=datum)
    section = BalanceSection(name=layer, of=below, within=within, weight=primary, start=layer, tolerance=told[0])
    problem, findings = problem_of(division, section)
    if moving is not None:
        counted = section.model_copy(update={"weight": moving})
        problem = replace(problem, moving=problem_of(division, counted)[0].measures[0].values)
    with progress_bar(quiet=json) as progress:
        front = find_front(
            problem, tolerances=told, keep=keep, relocate=relocate, bound_seconds=bound, seed=seed,
            budget=Budget(seconds=seconds, workers=workers), progress=progress,
        )  # fmt: skip
        chosen = front.within(pick if pick is not None else told[-1])
        published = None
        stays = chosen is not None and bool(np.isinf(chosen.tolerance))
        if pick is not None and chosen is not None and valid_from is not None and not stays:
            changed = _with_grids(division, layer, chosen)
            note = f"rebalanced within {pick:g}"
            published = store.publish(
                changed, valid_from=valid_from, note=note, based_on=edition.number, progress=progress
            )
    grids = [
        str(code or name) for code, name in zip(division.layer(layer).codes, division.layer(layer).names, strict=True)
    ]
    notes = [str(finding) for finding in findings]
    if pick is not None and stays:
        notes.append(f"nothing was published: the grids are within ±{pick:.1%} as they are")
    _show(front, grids, notes, None if published is None else published.number, json=json)
    if chosen is None:
        raise typer.Exit(1)


def _with_grids(division: Division, name: str, step: Step) -> Division:
    """Return the division with the layer's cells in their new grids, codes unchanged."""
    layers = []
    for layer in division.layers:
        if layer.name == name:
            layer = replace(layer, membership=np.asarray(step.result.membership, np.int32))
        layers.append(layer)
    return replace(division, layers=tuple(layers))


def _show(front: Front, grids: list[str], notes: list[str], number: int | None, *, json: bool) -> None:
    rows: list[dict[str, Any]] = [
        {
            "asked": "as it is" if np.isinf(step.tolerance) else f"±{step.tolerance:.1%}",
            "reached": round(step.worst, 4),
            "moved": round(step.moved, 1),
            "moved_share": round(step.moved / front.total, 4) if front.total else 0.0,
            "moved_cells": step.moved_cells,
            "moved_m2": round(step.moved_area_m2),
            "border_km": round(step.border_m / 1000, 2),
            "valid": step.valid,
            "on_front": step.on_front,
            "at_least": round(step.least, 1),
            **({} if step.least_touching is None else {"at_least_between_neighbours": round(step.least_touching, 1)}),
            "relocated": [grids[row] for row in step.relocated],
        }
        for step in front.steps
    ]
    if json:
        print_json({"steps": rows, "notes": notes, "edition": number})
        return
    shown = [word for word in rows[-1] if word not in ("moved_cells", "moved_m2", "relocated")]
    print_table(
        [*shown, "relocated"], [[*(row.get(word, "") for word in shown), len(row["relocated"])] for row in rows]
    )
    for row in rows:
        if row["relocated"] and row["on_front"]:
            console().print(f"{row['asked']}: founded anew elsewhere: {', '.join(row['relocated'])}", markup=False)
    for note in notes:
        console().print(note, markup=False)
    if number is not None:
        console().print(f"published as edition {number}", markup=False)
