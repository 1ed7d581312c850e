"""``geogrid partition``: a plan becomes a proved division, and an edition."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from geogrid.atlas import Atlas, Edition, as_date
from geogrid.atlas.numbering import Numbering
from geogrid.cli.balanced import balance_of, print_unmet, print_worst, unmet
from geogrid.cli.output import console, print_json, print_table, progress_bar
from geogrid.errors import NotFoundError
from geogrid.partition import Division, Plan, divide
from geogrid.partition.blocks.measures import measure_ground
from geogrid.partition.measures import measure_layer
from geogrid.partition.rules import aim_of
from geogrid.types import Finding, Progress

__all__ = ["partition", "publish", "require_publishable", "show"]

_SHOWN = 10
_EACH = 3


def partition(
    plan: Annotated[Path, typer.Argument(help="The plan, a TOML file.")],
    atlas: Annotated[
        str | None,
        typer.Option("--atlas", help="Publish an edition there; made if it does not exist. Else only report."),
    ] = None,
    valid_from: Annotated[
        str | None,
        typer.Option("--valid-from", help="The first day it is in force, e.g. 2026-12-01; today if left out."),
    ] = None,
    note: Annotated[str, typer.Option("--note", help="Why this edition was made.")] = "",
    replace: Annotated[
        bool, typer.Option("--replace", help="Withdraw the editions that begin on that day or later.")
    ] = False,
    workers: Annotated[
        int,
        typer.Option(
            "--workers", min=1, help="Side by side, unless the plan says; the result is the same for any number."
        ),
    ] = 1,
    json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Cut a place into cells and grids by a plan and publish an edition.

    Exit code 1 if balanced grids are out of range or cannot be what the plan asks for; they are published all the same.

    Example:

    geogrid partition plan.toml

    geogrid partition plan.toml --atlas city.gpkg --valid-from 2026-12-01
    """
    require_publishable(atlas, valid_from)
    recipe = Plan.read(plan)
    numbering = {
        section.name: Numbering(section.codes.template, section.codes.limit)
        for section in recipe.layers
        if section.codes is not None
    }
    with progress_bar(quiet=json) as progress:
        division = divide(recipe, progress=progress, workers=workers)
        edition = None
        if atlas is not None:
            edition = publish(
                division,
                atlas,
                valid_from=valid_from,
                note=note,
                replace=replace,
                numbering=numbering,
                progress=progress,
            )
    balances = {
        section.name: balance_of(division, section.name) for section in recipe.layers if section.method == "balance"
    }
    said = unmet(division, balances)
    show(division, edition, atlas=atlas, json=json, balances=balances, more={"not_met": said})
    if not json:
        print_unmet(said)
    if said:
        raise typer.Exit(1)


def require_publishable(atlas: str | None, valid_from: str | None) -> None:
    """Check the day and the atlas before hours go into what is to be published there.

    Raises
    ------
    InputError, NotFoundError, StorageError
        If the day is none, the folder is not there, or the file is no atlas.
    """
    if valid_from is not None:
        as_date(valid_from)
    if atlas is None or "://" in atlas:
        return
    if Path(atlas).exists():
        Atlas.open(atlas)
    elif not Path(atlas).absolute().parent.is_dir():
        raise NotFoundError("no such folder", given=Path(atlas).parent, source="--atlas", mend="make it first")


def publish(
    division: Division,
    atlas: str,
    *,
    valid_from: str | None,
    note: str,
    replace: bool,
    progress: Progress,
    numbering: Mapping[str, Numbering] | None = None,
) -> Edition:
    """Return the edition that a division has become, in an atlas that is made if it does not exist."""
    is_new = "://" not in atlas and not Path(atlas).exists()
    store = Atlas.create(atlas) if is_new else Atlas.open(atlas)
    first_day = valid_from or dt.date.today().isoformat()
    return store.publish(
        division, valid_from=first_day, note=note, replace=replace, numbering=numbering or None, progress=progress
    )


def show(
    division: Division, edition: Edition | None, *, atlas: str | None, json: bool, more: Mapping[str, Any] | None = None,
    balances: Mapping[str, dict[str, Any]] | None = None,
) -> None:  # fmt: skip
    """Print what a division is like: its layers, what was found, and where it was published.

    `more` is added to the JSON; `balances` are the figures of balanced layers by name.
    """
    balances = balances or {}
    ground = measure_ground(division, target_m2=aim[0]) if (aim := aim_of(division, division.base.name)) else None
    layers: list[dict[str, Any]] = []
    for layer in division.layers:
        measures = measure_layer(division, layer.name)
        layers.append(
            {
                "layer": layer.name,
                "kind": layer.kind,
                "rows": len(layer),
                "km2": round(float(measures.area_m2.sum()) / 1e6, 3),
                "mean_m2": round(float(measures.area_m2.mean()), 1),
                "smallest_m2": round(float(measures.area_m2.min()), 1),
                "compactness": round(float(measures.polsby_popper.mean()), 3),
                "in_parts": int((measures.parts > 1).sum()),
            }
        )
        if json and layer.name in balances:
            layers[-1]["balance"] = balances[layer.name]
    if json:
        number = None if edition is None else edition.number
        place = {"code": division.code, "name": division.name, "metric_crs": division.metric_crs}
        print_json(
            {
                **place,
                "edition": number,
                "atlas": atlas,
                "layers": layers,
                "ground": ground,
                "findings": list(division.findings),
                **(more or {}),
            }
        )
        return
    title = f"{division.name} ({division.code}), {division.metric_crs}"
    print_table(list(layers[0]), [list(layer.values()) for layer in layers], title=title)
    if balances:
        figures = {
            name: {word: balance[word] for word in balance if word != "grids"} for name, balance in balances.items()
        }
        rows = [[name, *values.values()] for name, values in figures.items()]
        print_table(["layer", *next(iter(figures.values()))], rows, title="Grids in balance")
    for name, balance in balances.items():
        print_worst(name, balance)
    say = console()
    if ground is not None:
        say.print(str(ground), markup=False)
        for reason, count in ground.flagged.items():
            say.print(f"flagged: {count:,} cell(s), {reason}", markup=False)
    _show_findings(division.findings)
    if edition is None:
        say.print("not published: name an atlas with --atlas city.gpkg", markup=False)
    else:
        say.print(f"edition {edition.number} in {atlas}, valid from {edition.valid_from}", markup=False)
        for name in balances:
            say.print(f"every grid: geogrid export --atlas {atlas} --layer {name} --out {name}.xlsx", markup=False)


def _show_findings(findings: Sequence[Finding]) -> None:
    """Print findings; of many, how many break each rule, and the first few of each."""
    say = console()
    by_rule: dict[str, list[Finding]] = {}
    for finding in findings:
        by_rule.setdefault(finding.rule, []).append(finding)
    for rule, found in by_rule.items():
        few = found if len(findings) <= _SHOWN else found[:_EACH]
        for finding in few:
            say.print(f"found: {finding}", markup=False)
        if len(found) > len(few):
            say.print(f"… and {len(found) - len(few):,} more of {rule}; --json lists all", markup=False)
