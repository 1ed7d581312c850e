"""``geogrid demo``: the whole way once, on a real district."""

from __future__ import annotations

import datetime as dt
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from geogrid.cli.output import console, errors, print_json, print_table, progress_bar
from geogrid.types import Progress

if TYPE_CHECKING:
    from geogrid.assign.answer import Answer

__all__ = ["demo"]

_SHOWN = 10


def demo(
    out: Annotated[Path, typer.Option(help="Folder to write to; made if it is not there.")] = Path("out"),
    reports: Annotated[int, typer.Option(min=10, max=1_000_000, help="How many random reports to answer.")] = 10_000,
    seed: Annotated[int, typer.Option(help="Seed of the sample stations, people and reports.")] = 20261122,
    json_: Annotated[bool, typer.Option("--json", help="Print the figures as JSON.")] = False,
) -> None:
    """Divide 嘉定区 (310114) from its bundled outline, publish, answer, prove and draw it.

    The outline and the names of streets and towns are real; stations, people and reports are
    SAMPLES and say so.

    Example:  geogrid demo --out out
    """
    begun = time.perf_counter()
    with progress_bar(quiet=json_) as progress:
        figures, answers = _run(out, reports, seed, progress)
    figures["seconds"] = round(time.perf_counter() - begun, 1)
    if json_:
        print_json({"figures": figures, "answers": [answer.to_dict() for answer in answers]})
    else:
        _tell(figures, answers, out)


def _run(out: Path, count: int, seed: int, progress: Progress) -> tuple[dict[str, Any], list[Answer]]:
    import pandas as pd

    from geogrid.assign.desk import Atlas
    from geogrid.assign.sample import sample_roster, sample_rulebook
    from geogrid.assign.sample_places import sample_reports, write_sample_stations
    from geogrid.boundaries import bundled
    from geogrid.coverage import cover
    from geogrid.maps import draw_map
    from geogrid.partition import Plan, divide

    place = bundled("310114")
    out.mkdir(parents=True, exist_ok=True)
    write_sample_stations(place, out / "sample_stations.geojson", seed=seed)
    plan = out / "jiading.toml"
    plan.write_text(_plan(place.code, place.name), encoding="utf-8")
    division = divide(Plan.read(plan), progress=progress)

    path = out / "jiading.gpkg"
    path.unlink(missing_ok=True)
    atlas = Atlas.create(path)
    edition = atlas.publish(division, valid_from=dt.date(2026, 1, 1), note="demo", progress=progress)
    atlas.replace_roster(sample_roster(edition.division, seed=seed))
    rules = sample_rulebook(edition.division, seed=seed)
    atlas.replace_rulebook(rules)
    sample = sample_reports(place, count, seed=seed)
    codes = [category.code for category in rules.categories]
    sample["category"] = [codes[number * 7 % len(codes)] for number in range(count)]
    sample["condition"] = "1"
    sample.to_csv(out / "sample_reports.csv", index=False)

    desk = atlas.desk(number=edition.number)
    first = [
        desk.answer(
            lon=row.lon,
            lat=row.lat,
            datum="wgs84",
            category=row.category,
            condition=row.condition,
            at=dt.datetime.fromisoformat(row.at),
        )
        for row in sample.head(_SHOWN).itertuples()
    ]
    atlas.answers(sample.head(_SHOWN), datum="wgs84", as_of=edition.valid_from)  # compiles the kernels
    started = time.perf_counter()
    answers = atlas.answers(sample, datum="wgs84", as_of=edition.valid_from)
    seconds = time.perf_counter() - started
    answers.to_csv(out / "answers.csv")
    coverage = cover(desk, progress=progress)
    draw_map(edition, layer="cell", colour_by="station", offline=True).save(str(out / "map.html"))
    outcomes = pd.Series(answers["outcome"]).value_counts()
    figures = {
        "place": f"{place.name} {place.code}",
        "cells": len(edition.layer("cell")),
        "responsibility grids": len(edition.layer("responsibility")),
        "stations": len(edition.layer("station")),
        "edition": edition.number,
        "content_hash": edition.content_hash,
        "reports": count,
        "outcomes": {str(name): int(number) for name, number in outcomes.items()},
        "answers_per_second": round(count / seconds),
        "coverage": coverage.to_dict()["figures"],
        "coverage_holds": coverage.holds,
    }
    atlas.close()
    return figures, first


def _plan(code: str, name: str) -> str:
    return f"""\
# {name}: cells of 10,000 m² inside the bundled outline, 292 responsibility grids of equal area, and the areas of
# twelve SAMPLE stations. 样例方案：工作站为样例数据。

[place]
code = "{code}"

[[layer]]
name = "cell"
method = "squares"
target_area_m2 = 10_000
tolerance = 0.10

[[layer]]
name = "responsibility"
method = "balance"
of = "cell"
count = 292
weight = "area_m2"
tolerance = 0.05
seed = 1

[[layer]]
name = "station"
method = "nearest-station"
of = "responsibility"
stations = "sample_stations.geojson"
"""


def _tell(figures: dict[str, Any], answers: list[Answer], out: Path) -> None:
    from geogrid.coverage.figures import shown_figure

    rows = [
        (
            answer.at.strftime("%m-%d %H:%M"),
            answer.cell.code,
            answer.station.name if answer.station else "",
            answer.person.name if answer.person else "",
            answer.verdict.en,
        )
        for answer in answers
    ]
    print_table(("time", "cell", "station (sample)", "person (sample)", "why"), rows, title="The first ten reports")
    print_table(("figure", "value"), [(key, value) for key, value in figures.items() if not isinstance(value, dict)])
    print_table(("coverage", "value"), [(key, shown_figure(value)) for key, value in figures["coverage"].items()])
    path = out / "jiading.gpkg"
    console().print(
        f"""
Wrote {path}, {out / "map.html"}, {out / "jiading.toml"}, {out / "sample_stations.geojson"}, {out / "answers.csv"}.
Stations, people and reports are samples; the outline and the names of streets and towns are real.

Next:
  geogrid lookup --atlas {path} --lon 121.25 --lat 31.38 --datum gcj02
  geogrid assign {out / "sample_reports.csv"} --atlas {path} --datum wgs84 --out {out / "answers.parquet"}
  geogrid coverage --atlas {path} --html {out / "coverage.html"}
  geogrid export --atlas {path} --layer station --out {out / "stations.geojson"}
  geogrid serve --atlas {path}
"""
    )
    if not figures["coverage_holds"]:
        errors().print("Coverage is not complete: geogrid coverage shows where.")
