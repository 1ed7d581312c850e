"""``geogrid compare``: several good plans for a layer of grids, side by side."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from geogrid.cli.output import console, print_json, print_table, progress_bar
from geogrid.errors import NotFoundError, PlanError
from geogrid.partition import Plan, divide

__all__ = ["compare"]


def compare(
    plan: Annotated[Path, typer.Argument(help="The plan, a TOML file with a layer of method balance.")],
    layer: Annotated[str | None, typer.Option("--layer", help="That layer; the first one if left out.")] = None,
    plans: Annotated[int, typer.Option("--plans", min=1, max=50, help="How many to make.")] = 4,
    seed: Annotated[int, typer.Option("--seed", help="The first seed.")] = 1,
    seconds: Annotated[
        float | None, typer.Option("--seconds", help="Time limit of each; the plan's if left out.")
    ] = None,
    html: Annotated[Path | None, typer.Option("--html", help="Draw them side by side on one page.")] = None,
    json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Make several plans by different seeds and compare border, balance and shape.

    What the first plan could not meet is printed below the table. Exit code 0 if one of them is valid, 1 if none is.

    Ctrl-C gives the plans made so far.

    Example:

    geogrid compare plan.toml

    geogrid compare plan.toml --layer responsibility --plans 6 --seconds 20 --html plans.html
    """
    from geogrid.partition.balance import Budget, alternatives, side_by_side
    from geogrid.partition.balance.layer import BalanceSection, problem_of

    if html is not None and not html.absolute().parent.is_dir():
        raise NotFoundError("no such folder", given=html.parent, source="--html", mend="make it first")
    recipe = Plan.read(plan)
    position = _position(recipe, layer)
    section = recipe.layers[position]
    if not isinstance(section, BalanceSection):
        raise PlanError(f"layer {section.name!r} is not balanced", given=section.method, allowed="balance", source=plan)
    with progress_bar(quiet=json) as progress:
        division = divide(recipe.model_copy(update={"layers": recipe.layers[:position]}), progress=progress)
        problem, notes = problem_of(division, section)
        budget = Budget(section.effort, section.seconds if seconds is None else seconds, section.workers)
        shapes = division.shapes(section.of)
        made = alternatives(problem, plans, seed=seed, budget=budget, cells=shapes, progress=progress)
    rows = [alternative.row() for alternative in made]
    told = list(dict.fromkeys(str(finding) for finding in (*notes, *made[0].findings)))
    whys = [f"seed {made[0].seed}: {why}" for why in made[0].reasons.why if why]
    if html is not None:
        title = f"{division.name}: {section.name}, {plans} plans"
        html.write_text(side_by_side(shapes, made, title=title), encoding="utf-8")
    if json:
        print_json({"layer": section.name, "plans": rows, "notes": [*told, *whys]})
    else:
        print_table(list(rows[0]), [list(row.values()) for row in rows], title=f"{division.name}: {section.name}")
        for note in told[:10]:
            console().print(note, markup=False)
        if len(told) > 10:
            console().print(f"… and {len(told) - 10:,} more; --json lists all", markup=False)
        for why in whys[:10]:
            console().print(why, markup=False)
    if not any(row["valid"] for row in rows):
        raise typer.Exit(1)


def _position(recipe: Plan, layer: str | None) -> int:
    from geogrid.partition.balance.layer import BalanceSection

    for position, section in enumerate(recipe.layers):
        if section.name == layer or (layer is None and isinstance(section, BalanceSection)):
            return position
    names = ", ".join(section.name for section in recipe.layers)
    raise PlanError("no such layer of method balance", given=layer, allowed=names, source=recipe.source)
