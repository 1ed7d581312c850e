"""``geogrid editions``: the editions of an atlas, and which is in force."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from geogrid.atlas import Atlas
from geogrid.cli.output import console, print_json, print_table
from geogrid.errors import NotFoundError

__all__ = ["editions"]


def editions(
    atlas: Annotated[str, typer.Option("--atlas", help="The atlas: a file, or a PostgreSQL URL.")],
    code: Annotated[str | None, typer.Option("--code", help="Tell the life of this code instead.")] = None,
    verify: Annotated[bool, typer.Option("--verify", help="Read every edition and compare it with its hash.")] = False,
    json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """List the editions of an atlas, or tell the life of a code.

    Example:

    geogrid editions --atlas city.gpkg --verify

    geogrid editions --atlas city.gpkg --code 310114001001023
    """
    opened = Atlas.open(atlas)
    if code is not None:
        found = opened.history(code)
        print_json(found) if json else console().print("\n".join(str(history) for history in found), markup=False)
        return
    listed = opened.editions()
    if verify:
        for edition in listed:
            edition.verify()
    try:
        current = opened.edition().number
    except NotFoundError:
        current = None
    rows: list[dict[str, Any]] = [
        {
            "number": edition.number,
            "valid_from": edition.valid_from,
            "valid_to": edition.valid_to,
            "in_force": edition.number == current,
            "withdrawn": edition.withdrawn,
            "published_at": edition.published_at,
            "code": edition.code,
            "name": edition.name,
            "layers": edition.counts,
            "content_hash": edition.content_hash,
            "note": edition.note,
        }
        for edition in listed
    ]
    if json:
        print_json(rows)
        return
    print_table(
        ["edition", "from", "to", "", "layers", "hash", "note"],
        [
            (
                row["number"],
                row["valid_from"],
                row["valid_to"],
                "withdrawn" if row["withdrawn"] else "in force" if row["in_force"] else "",
                ", ".join(f"{name} {count:,}" for name, count in row["layers"].items()),
                str(row["content_hash"])[:8],
                row["note"],
            )
            for row in rows
        ],
        title=f"{listed[-1].name} ({listed[-1].code})" if listed else "no edition yet",
    )
