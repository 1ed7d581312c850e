"""``geogrid code``: explain a code against the register."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from geogrid.cli.output import console, print_json, print_table
from geogrid.codes import explain_code, read_register

__all__ = ["code_"]


def code_(
    code: Annotated[str, typer.Argument(metavar="CODE", help="The code, digits only.", show_default=False)],
    scheme: Annotated[
        str | None, typer.Option(help="Scheme of the code, or a template; needed where its length fits several.")
    ] = None,
    register: Annotated[
        list[Path] | None, typer.Option(help="CSV with columns code and name, instead of the bundled register.")
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Explain a code against the register: district, street, community, number.

    Exit code 1 if the register should know an area of the code and does not, 2 if it is no code.

    Example:

    geogrid code 310114001001023

    geogrid code Canton-00042 --scheme '{area}-{seq:05d}'
    """
    names = None if not register else read_register(*register)
    found = explain_code(code.strip(), scheme=scheme, register=names)
    if json:
        print_json({**{key: getattr(found, key) for key in ("code", "scheme", "title", "title_zh", "standard", "area")},
                    "known": found.known, "parts": found.parts})  # fmt: skip
    else:
        rows = [
            (part.digits, part.name, part.title_zh, part.meaning if part.known else "not in the register")
            for part in found.parts
        ]
        print_table(("digits", "part", "", "meaning"), rows, title=f"{found.code}: {found.title} ({found.title_zh})")
        if found.standard:
            console().print(f"scheme {found.scheme}, {found.standard}", markup=False)
    if not found.known:
        raise typer.Exit(1)
