"""The rulebook as tables: categories, conditions, routes, assets, powers, settings."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from geogrid.assign import columns as c
from geogrid.assign.columns import Column, Sheet
from geogrid.assign.hours import Hours
from geogrid.assign.rulebook import Asset, Category, Condition, Power, Route, Rulebook
from geogrid.assign.workbook import read_tables, write_tables
from geogrid.errors import InputError, RowProblem, RowsError

__all__ = ["RULE_SHEETS", "read_rulebook", "rulebook_of", "rulebook_values", "write_rulebook"]


@dataclass(frozen=True, slots=True)
class CategoryRow:
    """A category without its conditions."""

    code: str
    name: str
    kind: str = "event"
    major: str = ""
    major_name: str = ""
    role: str = ""
    qualification: str = ""
    bodies: tuple[str, ...] = ()
    supervisors: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ConditionRow:
    """A filing condition with the category it belongs to."""

    category: str
    code: str
    text: str
    limit: str = ""
    limits: tuple[tuple[str, str], ...] = ()
    closing: str = ""


@dataclass(frozen=True, slots=True)
class RuleSetting:
    """fallback, asset_reach_m, escalation, work_hours or seasons."""

    key: str
    value: str = ""


def _pairs(text: str) -> tuple[tuple[str, str], ...]:
    pairs = []
    for part in filter(None, (piece.strip() for piece in text.split(";"))):
        key, equals, value = (side.strip() for side in part.partition("="))
        if not (key and equals and value):
            raise InputError("not understood", allowed="A=2工作时; B=4工作时")
        pairs.append((key, value))
    return tuple(pairs)


_LIMITS = Column("limits", "分级时限", _pairs, lambda v: "; ".join(f"{a}={b}" for a, b in v), "A=2工作时; B=4工作时")

RULE_SHEETS: tuple[Sheet, ...] = (
    Sheet("categories", "类别", CategoryRow, (
        c.text("code", "代码"), c.text("name", "名称"), c.one_of("kind", "类型", ("component", "event")),
        c.text("major", "大类代码"), c.text("major_name", "大类名称"), c.text("role", "岗位", "role that handles it in a grid"),
        c.text("qualification", "资质", "certificate the lead must hold"), c.words("bodies", "责任主体"),
        c.words("supervisors", "监管主体"),
    )),
    Sheet("conditions", "立案条件", ConditionRow, (
        c.text("category", "类别"), c.text("code", "代码"), c.text("text", "条件"),
        c.text("limit", "处置时限", "2紧急工作时, 4工作时, 3工作日 …"), _LIMITS, c.text("closing", "结案条件"),
    )),
    Sheet("routes", "规则", Route, (
        c.text("id", "编号"), c.text("lead", "牵头", "role:…, department:… or person:…"),
        c.text("place", "地点", "* or layer=code"), c.text("land", "用地", "road, green, water …"),
        c.text("category", "类别", "* | component | event | 01* | 0102"), c.text("condition", "条件"),
        c.hours("hours", "时间", blank=None), c.words("helpers", "协同"),
    )),
    Sheet("assets", "部件", Asset, (
        c.text("id", "编号"), c.text("category", "类别"), c.degrees("lon", "经度"), c.degrees("lat", "纬度"),
        c.text("owner", "权属单位"), c.text("manager", "管理单位"), c.text("maintainer", "养护单位"),
    )),
    Sheet("powers", "权责", Power, (
        c.text("department", "部门"), c.text("category", "类别", "pattern"), c.text("land", "用地", "* or one class"),
    )),
    Sheet("rule_settings", "规则设置", RuleSetting, (c.text("key", "项"), c.text("value", "值"))),
)  # fmt: skip
"""The sheets of a rule workbook, in the order in which they are written."""


def read_rulebook(path: str | Path, *, onto: Rulebook | None = None) -> Rulebook:
    """Return the rulebook that a workbook, a CSV file or a folder of CSV files holds.

    Parameters
    ----------
    path : str or Path
    onto : Rulebook, optional
        Tables that the file does not have stay as they are here.

    Raises
    ------
    RowsError
        With every row, column, value and reason.
    """
    tables = read_tables(path, RULE_SHEETS)
    before = rulebook_values(onto) if onto is not None else {}
    try:
        return rulebook_of({**before, **tables.values})
    except RowsError as error:
        raise tables.renumbered(error, source=path) from None


def write_rulebook(rulebook: Rulebook, path: str | Path) -> Path:
    """Write a rulebook as a workbook or a folder of CSV files; an empty one is the template."""
    return write_tables(path, RULE_SHEETS, rulebook_values(rulebook))


def rulebook_values(rulebook: Rulebook) -> dict[str, Sequence[Any]]:
    """Return the rows of every sheet of a rulebook."""
    plain = list(CategoryRow.__dataclass_fields__)
    categories = [CategoryRow(**{name: getattr(one, name) for name in plain}) for one in rulebook.categories]
    conditions = [
        ConditionRow(one.code, case.code, case.text, case.limit, case.limits, case.closing)
        for one in rulebook.categories
        for case in one.conditions
    ]
    seasons = "; ".join(f"{name} {low}..{high}" for name, low, high in rulebook.seasons)
    settings = [
        RuleSetting("fallback", "yes" if rulebook.fallback else "no"),
        RuleSetting("asset_reach_m", f"{rulebook.asset_reach_m:g}"),
        RuleSetting("escalation", " ".join(f"{share:g}" for share in rulebook.escalation)),
        RuleSetting("work_hours", rulebook.work_hours.text),
        RuleSetting("seasons", seasons),
    ]
    return {
        "categories": categories, "conditions": conditions, "routes": rulebook.routes, "assets": rulebook.assets,
        "powers": rulebook.powers, "rule_settings": settings,
    }  # fmt: skip


def rulebook_of(values: Mapping[str, Sequence[Any]]) -> Rulebook:
    """Return the rulebook of the rows of its sheets; missing ones are empty.

    Raises
    ------
    RowsError
    """
    cases: dict[str, list[Condition]] = {}
    problems = []
    known = {row.code for row in values.get("categories", ())}
    for number, row in enumerate(values.get("conditions", ()), start=2):
        if row.category not in known:
            problems.append(RowProblem(number, "conditions.category", row.category, "no such category"))
            continue
        mine = cases.setdefault(row.category, [])
        if any(case.code == row.code for case in mine):
            problems.append(RowProblem(number, "conditions.code", row.code, f"already a condition of {row.category}"))
        mine.append(Condition(row.code, row.text, row.limit, row.limits, row.closing))
    for number, row in enumerate(values.get("assets", ()), start=2):
        if row.lon is None or row.lat is None:
            problems.append(RowProblem(number, "assets.lon", "", "an asset needs a place: lon and lat, WGS 84"))
    if problems:
        raise RowsError(problems, source="rulebook (rows counted within each table)")
    categories = tuple(
        Category(**{name: getattr(row, name) for name in CategoryRow.__dataclass_fields__},
                 conditions=tuple(cases.get(row.code, ())))
        for row in values.get("categories", ())
    )  # fmt: skip
    rulebook = Rulebook(
        categories, tuple(values.get("routes", ())), tuple(values.get("assets", ())), tuple(values.get("powers", ()))
    )
    return replace(rulebook, **_settings(values.get("rule_settings", ())))


def _settings(rows: Sequence[RuleSetting]) -> dict[str, Any]:
    read: dict[str, Callable[[str], Any]] = {
        "fallback": lambda text: text.lower() in ("yes", "true", "1", "是"),
        "asset_reach_m": float,
        "escalation": lambda text: tuple(float(part) for part in text.split()),
        "work_hours": Hours.parse,
        "seasons": _seasons,
    }
    settings = {}
    for number, row in enumerate(rows, start=2):
        if row.key not in read:
            reason = f"no such setting; known: {', '.join(read)}"
            raise RowsError([RowProblem(number, "rule_settings.key", row.key, reason)])
        try:
            settings[row.key] = read[row.key](row.value)
        except ValueError as error:
            raise RowsError([RowProblem(number, "rule_settings.value", row.value, str(error))]) from None
    return settings


def _seasons(text: str) -> tuple[tuple[str, str, str], ...]:
    seasons = []
    for part in filter(None, (piece.strip() for piece in text.split(";"))):
        name, _, days = part.partition(" ")
        low, dots, high = days.partition("..")
        if not dots:
            raise InputError("a season is a name and MM-DD..MM-DD", given=part)
        seasons.append((name, low.strip(), high.strip()))
    return tuple(seasons)
