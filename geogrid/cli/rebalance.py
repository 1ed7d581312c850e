"""``geogrid rebalance``: new weights, the least change that restores balance, and the choice between."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np
import typer

from geogrid.atlas import Atlas, Edition
from geogrid.cli.output import console, print_json, print_table, progress_bar
from geogrid.errors import InputError, NotFoundError
from geogrid.partition.division import Division, labels_of

if TYPE_CHECKING:
    from geogrid.partition.balance import Front, Problem
    from geogrid.partition.balance.sections import BalanceSection, WeightSection
    from geogrid.types import Finding, FloatArray

__all__ = ["rebalance"]

_SHOWN = 10


def rebalance(
    atlas: Annotated[str, typer.Option("--atlas", help="The atlas: a file, or a PostgreSQL URL.")],
    layer: Annotated[str, typer.Option("--layer", help="The layer of grids to put in balance again.")],
    weight: Annotated[
        str | None,
        typer.Option("--weight", help="A column of the cells, area_m2, or cells; the plan's weight if left out."),
    ] = None,
    points: Annotated[
        Path | None, typer.Option("--points", help="Instead: a file of points, counted per cell.")
    ] = None,
    datum: Annotated[str | None, typer.Option("--datum", help="Of the points.")] = None,
    plan: Annotated[
        Path | None,
        typer.Option(
            "--plan",
            help="The plan whose section of the layer holds: seams, barriers, locks, further weights, within; the edition's own if left out.",
        ),
    ] = None,
    within: Annotated[
        str | None,
        typer.Option(
            "--within",
            help="A level of areas no grid reaches over, or none; the plan's if left out, without a plan the finest that holds now.",
        ),
    ] = None,
    tolerance: Annotated[
        list[float] | None, typer.Option("--tolerance", help="A balance to try; may be given several times.")
    ] = None,
    moving: Annotated[
        str | None, typer.Option("--moving", help="What a move counts: a column, or area_m2; the weight if left out.")
    ] = None,
    moving_points: Annotated[
        Path | None, typer.Option("--moving-points", help="Instead: a file of points, such as open reports.")
    ] = None,
    moving_datum: Annotated[str | None, typer.Option("--moving-datum", help="Of these points.")] = None,
    keep: Annotated[float, typer.Option("--keep", help="Metres of border that moving one mean cell costs.")] = 500.0,
    pick: Annotated[
        float | None, typer.Option("--pick", help="Publish the least change within this tolerance.")
    ] = None,
    valid_from: Annotated[str | None, typer.Option("--valid-from", help="First day of the edition published.")] = None,
    replace_later: Annotated[
        bool, typer.Option("--replace", help="Withdraw the editions that begin on that day or later.")
    ] = False,
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

    The rules of the plan that the edition remembers hold (seams, barriers, locks, further weights, within); --plan names another one, other options come first.

    Grids that are within the tolerance picked as they are stay, and nothing is published.

    Exit code 0 if the tightest tolerance can be met (or the one picked), 1 if not.

    Example:

    geogrid rebalance --atlas city.gpkg --layer responsibility --points homes.csv --datum wgs84

    geogrid rebalance --atlas city.gpkg --layer responsibility --weight households --moving-points open.csv --moving-datum gcj02

    geogrid rebalance --atlas city.gpkg --layer responsibility --plan plan.toml --tolerance 0.15 --tolerance 0.05 --bound 20

    geogrid rebalance --atlas city.gpkg --layer responsibility --pick 0.05 --valid-from 2026-12-01
    """
    from geogrid.partition.balance import Budget
    from geogrid.partition.balance import rebalance as find_front
    from geogrid.partition.balance.figures import regrouped
    from geogrid.partition.balance.layer import problem_of
    from geogrid.partition.balance.rebalance import within as to_within
    from geogrid.partition.balance.standing import rules_of

    _require_shares([*(tolerance or []), *([] if pick is None else [pick])])
    if pick is not None and valid_from is None:
        raise InputError("a choice is published on a day", given=f"--pick {pick}", mend="add --valid-from 2026-12-01")
    counted = _weight("weight", weight, points, datum)
    moved = _weight("moving", moving, moving_points, moving_datum)
    store = Atlas.open(atlas)
    edition, notes = _last(store)
    if valid_from is not None:
        store.require_turn(edition, valid_from=valid_from, replace=replace_later)
    division = edition.division
    if division.layer(layer).of is None:
        raise NotFoundError("not a layer of grids", given=layer, allowed="a layer that stands on another")
    told = sorted({*(tolerance or [0.30, 0.20, 0.15, 0.10, 0.05]), *([] if pick is None else [pick])}, reverse=True)
    aim = pick if pick is not None else told[-1]
    rules = rules_of(division, layer, plan=plan, folders=store.folders, weight=counted, within=within)
    notes += rules.notes
    problem, found = problem_of(division, rules.section)
    notes += map(str, found)
    if moved is not None:
        worth, left_out = _moving(division, rules.section, moved, problem)
        problem = replace(problem, moving=worth)
        notes += map(str, left_out)
    aimed = to_within(problem, aim)

    def regroup(membership: Any) -> Any:
        return regrouped(
            division, layer, membership, aimed, found=found, sections=rules.above, others=rules.others
        )  # fmt: skip

    if pick is not None and problem.start is not None:
        # What stands on the layer must be readable before the search, not after it.
        regroup(problem.start)
    labels = labels_of(division.layer(layer))
    with progress_bar(quiet=json) as progress:
        front = find_front(
            problem, tolerances=told, keep=keep, relocate=relocate, bound_seconds=bound, seed=seed,
            budget=Budget(seconds=seconds, workers=workers), progress=progress,
        )  # fmt: skip
        chosen = front.within(aim)
        published = None
        stays = chosen is not None and bool(np.isinf(chosen.tolerance))
        if pick is not None and chosen is not None and valid_from is not None and not stays:
            made = regroup(chosen.result.membership)
            notes += made.notes
            published = store.publish(
                made.division, valid_from=valid_from, note=f"rebalanced within {pick:g} by {problem.measures[0].name}",
                based_on=edition.number, replace=replace_later, progress=progress,
            )  # fmt: skip
    if front.interrupted:
        notes.append("interrupted: these are the best grids found until then; balances may be missing")
    if pick is not None and stays:
        notes.append(f"nothing was published: the grids are within ±{pick:.1%} as they are")
    off = [] if chosen is not None else _out_of_range(aimed, front, labels)
    if chosen is None:
        notes.append(_not_met(front, aim, off, publishing=pick is not None))
    _show(
        front, labels, notes, None if published is None else published.number, rules=rules.source, off=off, json=json
    )  # fmt: skip
    if chosen is None:
        raise typer.Exit(1)


def _require_shares(shares: list[float]) -> None:
    for share in shares:
        if not 0 <= share < 1:
            raise InputError("a tolerance is a share, not a percentage", given=share, allowed="0.05 for ±5 %")


def _weight(option: str, column: str | None, points: Path | None, datum: str | None) -> WeightSection | None:
    """Return the weight that options name, or None."""
    from geogrid.partition.balance.sections import WeightSection

    many, of = ("--points", "--datum") if option == "weight" else ("--moving-points", "--moving-datum")
    if column is not None and points is not None:
        raise InputError(
            "a column or a file of points, not both", given=f"--{option} {column}, {many} {points}",
            mend="leave one of them out",
        )  # fmt: skip
    if datum is not None and points is None:
        raise InputError("a datum without points", given=f"{of} {datum}", mend=f"name their file with {many}")
    if points is not None:
        return WeightSection(name=points.stem, points=points, datum=datum)
    return None if column is None else WeightSection(name=column)


def _last(store: Atlas) -> tuple[Edition, list[str]]:
    """Return the edition that the next one follows, and a note if it is not the one in force."""
    editions = store.editions()
    if not editions:
        raise NotFoundError("the atlas has no edition to rebalance", source=store.path, mend="publish one first")
    last = editions[-1]
    today = store.clock().astimezone().date()
    if last.valid_from <= today:
        return last, []
    return last, [f"from edition {last.number}, the last one, which is in force from {last.valid_from.isoformat()} on"]


def _moving(
    division: Division, section: BalanceSection, weight: WeightSection, problem: Problem
) -> tuple[FloatArray, tuple[Finding, ...]]:
    """Return what each cell counts when it moves, and what was left out reading it."""
    from geogrid.partition.balance import measure_of
    from geogrid.partition.balance.layer import measured

    values, found = measured(division, section, weight, problem.graph)
    return measure_of(weight.name, values, codes=problem.graph.codes).values, found


def _out_of_range(problem: Problem, front: Front, labels: list[str]) -> list[dict[str, Any]]:
    """Return which grids of the nearest step are out of range, of which weight, and by how much."""
    from geogrid.partition.balance.existing import as_they_are
    from geogrid.partition.balance.reasons import out_of_range

    done = as_they_are(replace(problem, start=front.nearest.result.membership))
    return [
        {"grid": labels[grid], "weight": name, "amount": round(amount, 3), "out_by": round(by, 3)}
        for grid, name, amount, by in out_of_range(problem, done)
    ]


def _not_met(front: Front, aim: float, off: list[dict[str, Any]], *, publishing: bool) -> str:
    worst = front.nearest.worst
    said = f"±{aim:.1%} is not met; the nearest found is within ±{worst:.1%}"
    if worst <= aim:
        said = f"grids within ±{aim:.1%} that keep all other rules were not found"
    few = [
        f"{row['grid']} has {row['weight']} {row['amount']:,g}, {abs(row['out_by']):,g} "
        f"{'over' if row['out_by'] > 0 else 'under'} its range"
        for row in off[:_SHOWN]
    ]
    more = f"; and {len(off) - _SHOWN} more (--json lists all)" if len(off) > _SHOWN else ""
    named = f"; out of range stay: {'; '.join(few)}{more}" if few else ""
    return said + named + ("; nothing was published" if publishing else "")


def _show(
    front: Front, grids: list[str], notes: list[str], number: int | None, *, rules: str, off: list[dict[str, Any]],
    json: bool,
) -> None:  # fmt: skip
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
        print_json({"steps": rows, "rules": rules, "out_of_range": off, "notes": notes, "edition": number})
        return
    shown = [word for word in rows[-1] if word not in ("moved_cells", "moved_m2", "relocated")]
    print_table(
        [*shown, "relocated"], [[*(row.get(word, "") for word in shown), len(row["relocated"])] for row in rows]
    )
    for row in rows:
        if row["relocated"] and row["on_front"]:
            console().print(f"{row['asked']}: founded anew elsewhere: {', '.join(row['relocated'])}", markup=False)
    if rules:
        console().print(f"rules: {rules}", markup=False)
    for note in notes:
        console().print(note, markup=False)
    if number is not None:
        console().print(f"published as edition {number}", markup=False)
