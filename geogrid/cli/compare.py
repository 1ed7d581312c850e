"""``geogrid compare``: several good plans for a layer of grids, side by side."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from geogrid.cli.output import console, print_json, print_table, progress_bar
from geogrid.errors import NotFoundError, PlanError
from geogrid.partition import Plan, divide

if TYPE_CHECKING:
    from geogrid.partition.balance import Alternative

__all__ = ["compare"]


def compare(
    plan: Annotated[Path, typer.Argument(help="The plan, a TOML file with a layer of method balance.")],
    layer: Annotated[str | None, typer.Option("--layer", help="That layer; the first one if left out.")] = None,
    plans: Annotated[int, typer.Option("--plans", min=1, max=50, help="How many different ones.")] = 4,
    seed: Annotated[int, typer.Option("--seed", help="The first seed.")] = 1,
    seconds: Annotated[
        float | None, typer.Option("--seconds", help="Time limit of each; the plan's if left out.")
    ] = None,
    workers: Annotated[
        int, typer.Option("--workers", min=1, help="Side by side, unless the plan says; no plan depends on it.")
    ] = 1,
    html: Annotated[Path | None, typer.Option("--html", help="Draw them side by side on one page.")] = None,
    json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Make several different plans by different seeds and compare border, balance and shape.

    Seeds that give the grids of another are followed by further ones, up to three for each plan asked for.

    What the first plan could not meet is printed below the table. Exit code 0 if one of them is valid, 1 if none is.

    Ctrl-C gives the plans made so far.

    Example:

    geogrid compare plan.toml

    geogrid compare plan.toml --layer responsibility --plans 6 --seconds 20 --html plans.html
    """
    from geogrid.partition.balance import alternatives, side_by_side
    from geogrid.partition.balance.layer import problem_of
    from geogrid.partition.balance.sections import BalanceSection

    if html is not None and not html.absolute().parent.is_dir():
        raise NotFoundError("no such folder", given=html.parent, source="--html", mend="make it first")
    recipe = Plan.read(plan)
    position = _position(recipe, layer)
    section = recipe.layers[position]
    if not isinstance(section, BalanceSection):
        raise PlanError(f"layer {section.name!r} is not balanced", given=section.method, allowed="balance", source=plan)
    section = section.with_workers(workers)
    stop = threading.Event()
    budget = replace(section.budget, seconds=section.seconds if seconds is None else seconds, stop=stop)
    with progress_bar(quiet=json) as progress:
        below = recipe.model_copy(update={"layers": recipe.layers[:position]})
        division = divide(below, progress=progress, workers=workers)
        problem, notes = problem_of(division, section)
        shapes = division.shapes(section.of)
        made = alternatives(problem, plans, seed=seed, budget=budget, cells=shapes, progress=progress)
    told = list(dict.fromkeys(str(finding) for finding in (*notes, *made[0].findings)))
    whys = [f"seed {made[0].seed}: {why}" for why in made[0].reasons.why if why]
    ended = _ended(made, plans, interrupted=stop.is_set())
    if html is not None:
        title = f"{division.name} {section.name}: {len(made)} 个方案 plan(s)"
        html.write_text(side_by_side(shapes, made, title=title, note=ended), encoding="utf-8")
    rows = [alternative.row() for alternative in made]
    if json:
        more = [{"same_by_seed": plan.same, "stopped": plan.result.stopped} for plan in made]
        about = {"asked": plans, "interrupted": stop.is_set(), "notes": [*told, *whys]}
        lines = [{**row, **one} for row, one in zip(rows, more, strict=True)]
        print_json({"layer": section.name, "plans": lines, **about})
    else:
        print_table(list(rows[0]), [list(row.values()) for row in rows], title=f"{division.name}: {section.name}")
        if ended:
            console().print(ended, markup=False)
        for note in told[:10]:
            console().print(note, markup=False)
        if len(told) > 10:
            console().print(f"… and {len(told) - 10:,} more; --json lists all", markup=False)
        for why in whys[:10]:
            console().print(why, markup=False)
    if not any(row["valid"] for row in rows):
        raise typer.Exit(1)


def _ended(made: Sequence[Alternative], asked: int, *, interrupted: bool) -> str:
    """Return why there are fewer plans than were asked for, or one is not searched to its end; "" if neither."""
    if interrupted:
        cut = [str(plan.seed) for plan in made if plan.result.stopped == "interrupt"]
        rest = f"; seed {', '.join(cut)} ended with its best grids until then" if cut else ""
        return f"interrupted: {len(made)} of {asked} plans were made{rest}"
    if len(made) == asked:
        return ""
    tried = sum(1 + len(plan.same) for plan in made)
    return f"{tried} seeds gave {len(made)} plan(s) that differ, not {asked}: the others end with the same grids"


def _position(recipe: Plan, layer: str | None) -> int:
    from geogrid.partition.balance.sections import BalanceSection

    for position, section in enumerate(recipe.layers):
        if section.name == layer or (layer is None and isinstance(section, BalanceSection)):
            return position
    names = ", ".join(section.name for section in recipe.layers)
    raise PlanError("no such layer of method balance", given=layer, allowed=names, source=recipe.source)
