"""``geogrid roster``: import, export and show stations, people and duties."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from geogrid.cli.output import print_changes, print_json, print_table, print_written

__all__ = ["roster"]

roster = typer.Typer(no_args_is_help=True, help="Import, export and show stations, people and duties.")

_ATLAS = Annotated[str, typer.Option("--atlas", help="The atlas: a file or a database URL.", show_default=False)]
_JSON = Annotated[bool, typer.Option("--json", help="Print JSON.")]


@roster.command(name="import")
def import_(
    path: Annotated[Path, typer.Argument(help="A workbook, a CSV file or a folder of CSV files.", show_default=False)],
    atlas: _ATLAS,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only list what would change.")] = False,
    json: _JSON = False,
) -> None:
    """Take the tables of a file into the roster, all or nothing, and list the changes.

    Example:

    geogrid roster import roster.xlsx --atlas city.gpkg --dry-run
    """
    from geogrid.assign.desk import Atlas

    changes = Atlas.open(atlas).import_roster(path, dry_run=dry_run)
    print_changes(changes, applied=not dry_run, json=json)


@roster.command()
def export(
    path: Annotated[Path, typer.Argument(help="A .xlsx file, or a folder for CSV files.", show_default=False)],
    atlas: _ATLAS,
    contacts: Annotated[bool, typer.Option(help="Write personal contact data, too.")] = True,
    json: _JSON = False,
) -> None:
    """Write the roster as a workbook or a folder of CSV files, which can be imported again.

    Example:

    geogrid roster export roster.xlsx --atlas city.gpkg --no-contacts
    """
    from geogrid.assign.desk import Atlas

    print_written(Atlas.open(atlas).export_roster(path, contacts=contacts), json=json)


@roster.command()
def template(
    path: Annotated[Path, typer.Argument(help="A .xlsx file, or a folder for CSV files.", show_default=False)],
    json: _JSON = False,
) -> None:
    """Write an empty roster to fill in: every sheet with its headers and the known roles.

    Example:

    geogrid roster template roster.xlsx
    """
    from geogrid.assign.roster import Roster
    from geogrid.assign.roster_files import write_roster

    print_written(write_roster(Roster(), path), json=json)


@roster.command()
def show(atlas: _ATLAS, json: _JSON = False) -> None:
    """Count what the roster holds.

    Example:

    geogrid roster show --atlas city.gpkg
    """
    from geogrid.assign.desk import Atlas

    counts = Atlas.open(atlas).roster().count()
    if json:
        print_json(counts)
    else:
        print_table(("table", "rows"), list(counts.items()))
