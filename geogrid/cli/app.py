"""The program: finds the verb, runs it, turns errors into messages and exit codes."""

from __future__ import annotations

import errno
import sys
from importlib import import_module
from typing import Annotated

import typer

from geogrid.cli.output import errors
from geogrid.errors import GeogridError, StorageError

__all__ = ["VERBS", "build_app", "exit_code", "main"]

VERBS: dict[str, str] = {
    "demo": "Run the whole way once on a bundled real district.",
    "partition": "Cut a place into cells and grids by a plan and publish an edition.",
    "adopt": "Take an existing division as it is, prove it and publish it.",
    "rebalance": "Put grids in balance again after the load has changed, moving as little as possible.",
    "compare": "Make several plans of grids and compare them side by side.",
    "stations": "Place stations: where people walk least, or as few as reach every cell.",
    "lookup": "Answer one place: cell, grids, station, accountable person.",
    "assign": "Answer a file of reports: CSV, Excel, Parquet, GeoPackage, NDJSON.",
    "doctor": "Tell whether a feed's coordinates are mislabelled, and how sure answers are.",
    "roster": "Import, export and show stations, people and duties.",
    "route": "Import, export and check categories, rules, assets and powers.",
    "answer": "Trace who answers a place by day, hour by hour.",
    "coverage": "Prove that every place has an owner, and list where not.",
    "fit": "Show how past reports fall on grids, stations and people.",
    "daily": "Take daily reports of stations, also nothing; show who is missing and what is red.",
    "editions": "List the editions of an atlas.",
    "diff": "Show what changed between two editions.",
    "map": "Draw a layer as one HTML page.",
    "export": "Write a layer to GeoJSON, GeoPackage, GeoParquet, FlatGeobuf or Shapefile.",
    "check": "Read outlines and report what is wrong with them.",
    "seams": "Tell whether seams stand off the legal borders as a whole, and by how much.",
    "code": "Explain a code against the register.",
    "serve": "Serve an atlas over HTTP.",
}
"""The verbs and their one-line help; module ``geogrid.cli.<verb>`` holds function ``<verb>``.

A module with several commands instead holds a ``typer.Typer`` of that name. A function that would
hide a builtin is called ``<verb>_``.
"""


def build_app(typed: str | None = None) -> typer.Typer:
    """Return the program with the verb `typed` imported and every other verb as a line of help."""
    app = typer.Typer(
        name="geogrid",
        no_args_is_help=True,
        add_completion=False,
        rich_markup_mode=None,
        help="Who answers for this place? Responsibility grids: cut, kept, proved, looked up.",
    )
    app.callback()(_root)
    for verb, summary in VERBS.items():
        if verb != typed:
            app.command(name=verb, help=summary)(_root)
            continue
        module = import_module(f"geogrid.cli.{verb}")
        command = getattr(module, verb, None) or getattr(module, f"{verb}_")
        if isinstance(command, typer.Typer):
            app.add_typer(command, name=verb, help=summary)
        else:
            app.command(name=verb)(command)
    return app


def _print_version(wanted: bool) -> None:
    if wanted:
        import geogrid

        typer.echo(f"geogrid {geogrid.__version__}")
        raise typer.Exit


def _root(
    *,
    version: Annotated[
        bool, typer.Option("--version", help="Print the version and stop.", is_eager=True, callback=_print_version)
    ] = False,
) -> None:
    pass


def main() -> None:
    """Run the command line; exit 0 ok, 1 something was found wrong, 2 wrong usage."""
    try:
        build_app(sys.argv[1] if len(sys.argv) > 1 else None)()
    except GeogridError as error:
        errors().print(f"geogrid: {error}", style="red", markup=False)
        raise SystemExit(exit_code(error)) from None
    except BrokenPipeError:
        raise SystemExit(0) from None
    except OSError as error:
        message = _storage_message(error)
        errors().print(f"geogrid: {message}", style="red", markup=False)
        raise SystemExit(1) from None


def exit_code(error: GeogridError) -> int:
    """Return 1 for data that cannot be taken or kept, 2 for a wrong call."""
    from geogrid.errors import BoundaryError, InputError, NotFoundError, PartitionError, RowsError

    data = (BoundaryError, PartitionError, RowsError)
    return 2 if isinstance(error, (InputError, NotFoundError)) and not isinstance(error, data) else 1


def _storage_message(error: OSError) -> StorageError:
    full = error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
    return StorageError(
        f"the file cannot be read or written ({error.strerror or error})", given=error.filename,
        mend="free some space and run it again" if full else "check the path, its folder and the permissions",
    )  # fmt: skip
