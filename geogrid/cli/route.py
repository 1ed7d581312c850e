"""``geogrid route``: import, export and check categories, rules, assets and powers."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from geogrid.cli.output import console, print_changes, print_json, print_table, print_written
from geogrid.errors import InputError

__all__ = ["route"]

route = typer.Typer(no_args_is_help=True, help="Import, export and check categories, rules, assets and powers.")

_ATLAS = Annotated[str, typer.Option("--atlas", help="The atlas: a file or a database URL.", show_default=False)]
_JSON = Annotated[bool, typer.Option("--json", help="Print JSON.")]
_DRY = Annotated[bool, typer.Option("--dry-run", help="Only list what would change.")]


@route.command(name="import")
def import_(
    path: Annotated[Path, typer.Argument(help="A workbook, a CSV file or a folder of CSV files.", show_default=False)],
    atlas: _ATLAS,
    dry_run: _DRY = False,
    json: _JSON = False,
) -> None:
    """Take the tables of a file into the rulebook, all or nothing, and list the changes.

    Example:

    geogrid route import rules.xlsx --atlas city.gpkg --dry-run
    """
    from geogrid.assign.desk import Atlas

    print_changes(Atlas.open(atlas).import_rulebook(path, dry_run=dry_run), applied=not dry_run, json=json)


@route.command()
def standard(
    path: Annotated[
        Path, typer.Argument(help="A published standard, one row per filing condition.", show_default=False)
    ],
    atlas: _ATLAS,
    kind: Annotated[str, typer.Option(help="component or event.")] = "component",
    dry_run: _DRY = False,
    json: _JSON = False,
) -> None:
    """Take a city's published standard as it is; its categories replace those of the same code.

    Exit code 1 if values could not be understood: they are kept as they are and listed.

    Example:

    geogrid route standard components.csv --kind component --atlas city.gpkg --dry-run
    """
    from geogrid.assign.catalogue import read_catalogue
    from geogrid.assign.desk import Atlas

    if kind not in ("component", "event"):
        raise InputError("unknown kind", given=kind, allowed="component, event")
    catalogue = read_catalogue(path, kind="component" if kind == "component" else "event")
    store = Atlas.open(atlas)
    changes = store.add_categories(catalogue.categories, dry_run=dry_run)
    print_changes(changes, applied=not dry_run, json=json)
    for problem in catalogue.unparsed:
        console().print(f"not understood, kept as it is: {problem}", markup=False)
    if catalogue.unparsed:
        raise typer.Exit(1)


@route.command()
def export(
    path: Annotated[Path, typer.Argument(help="A .xlsx file, or a folder for CSV files.", show_default=False)],
    atlas: _ATLAS,
    json: _JSON = False,
) -> None:
    """Write the rulebook as a workbook or a folder of CSV files, which can be imported again.

    Example:

    geogrid route export rules.xlsx --atlas city.gpkg
    """
    from geogrid.assign.desk import Atlas

    print_written(Atlas.open(atlas).export_rulebook(path), json=json)


@route.command()
def template(
    path: Annotated[Path, typer.Argument(help="A .xlsx file, or a folder for CSV files.", show_default=False)],
    json: _JSON = False,
) -> None:
    """Write an empty rulebook to fill in: every sheet with its headers.

    Example:

    geogrid route template rules.xlsx
    """
    from geogrid.assign.rule_files import write_rulebook
    from geogrid.assign.rulebook import Rulebook

    print_written(write_rulebook(Rulebook(), path), json=json)


@route.command()
def show(atlas: _ATLAS, json: _JSON = False) -> None:
    """Count what the rulebook holds.

    Example:

    geogrid route show --atlas city.gpkg
    """
    from geogrid.assign.desk import Atlas

    rules = Atlas.open(atlas).rulebook()
    counts = {
        "categories": len(rules.categories),
        "conditions": sum(len(category.conditions) for category in rules.categories),
        "routes": len(rules.routes),
        "assets": len(rules.assets),
        "powers": len(rules.powers),
        "fallback": "yes" if rules.fallback else "no",
    }
    if json:
        print_json(counts)
    else:
        print_table(("table", "rows"), list(counts.items()))
