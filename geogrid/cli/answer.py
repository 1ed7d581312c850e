"""``geogrid answer``: who answers a place through a day, change by change."""

from __future__ import annotations

import datetime as dt
from typing import Annotated

import typer

from geogrid.cli.lookup import moment, print_answer
from geogrid.cli.output import console, print_json, print_table

__all__ = ["answer"]


def answer(
    atlas: Annotated[str, typer.Option(help="The atlas: a file or a database URL.", show_default=False)],
    lon: Annotated[float, typer.Option(help="Longitude, degrees.", show_default=False)],
    lat: Annotated[float, typer.Option(help="Latitude, degrees.", show_default=False)],
    datum: Annotated[str, typer.Option(help="wgs84, cgcs2000, gcj02 or bd09.", show_default=False)],
    category: Annotated[str, typer.Option(help="Code of the kind of problem.")] = "",
    condition: Annotated[str, typer.Option(help="Code of the filing condition.")] = "",
    at: Annotated[str | None, typer.Option(help="ISO time the day begins with; now if not given.")] = None,
    hours: Annotated[float, typer.Option(help="How long to follow it.")] = 24.0,
    chinese: Annotated[bool, typer.Option("--zh", help="Say why in Chinese.")] = False,
    json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Answer one place in full, then list who takes over when during the hours that follow.

    Exit code 1 if anybody is missing or two are entitled at any of these hours.

    Example:

    geogrid answer --atlas city.gpkg --lon 121.25 --lat 31.38 --datum gcj02 --hours 48
    """
    from geogrid.assign.desk import Atlas

    store = Atlas.open(atlas)
    begin = moment(at) or dt.datetime.now(dt.UTC)
    desk = store.desk(as_of=begin)
    first = desk.answer(lon=lon, lat=lat, datum=datum, category=category, condition=condition, at=begin)
    turns = desk.turns(
        lon=lon, lat=lat, datum=datum, category=category, condition=condition, at=begin, hours=hours
    )  # fmt: skip
    if json:
        print_json({"answer": first.to_dict(), "turns": turns})
    else:
        print_answer(first, chinese=chinese)
        rows = [
            (turn.start.isoformat(" ", "minutes"), turn.person.name if turn.person else "nobody",
             turn.person.role_name if turn.person else "", turn.rule, "clash" if turn.clash else "")
            for turn in turns
        ]  # fmt: skip
        print_table(("from", "person", "role", "by", ""), rows, title=f"The next {hours:g} hours")
        if not turns:
            console().print("outside: nobody takes over")
    if first.outcome == "outside" or any(turn.person is None or turn.clash for turn in turns):
        raise typer.Exit(1)
