"""The roster as tables: its sheets, reading, writing, and the changes an import would make."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from geogrid.assign import columns as c
from geogrid.assign.columns import Sheet
from geogrid.assign.hours import ALWAYS
from geogrid.assign.roles import DEFAULT_ROLES, Role
from geogrid.assign.roster import Contact, Department, Duty, Leave, Person, Roster, Served, Station
from geogrid.assign.workbook import read_tables, write_tables
from geogrid.assign.workdays import WorkCalendar
from geogrid.errors import InputError, RowsError

__all__ = ["ROSTER_SHEETS", "read_roster", "roster_of", "roster_values", "write_roster"]


@dataclass(frozen=True, slots=True)
class CalendarDay:
    """A day the city's own table declares off or worked."""

    date: dt.date
    day: str


@dataclass(frozen=True, slots=True)
class Setting:
    """A setting of the roster's calendar: zone, country, subdivision, rest_weekdays, until."""

    key: str
    value: str = ""


ROSTER_SHEETS: tuple[Sheet, ...] = (
    Sheet("departments", "部门", Department, (
        c.text("code", "代码"), c.text("name", "名称"), c.text("parent", "上级", "code of the department above"),
    )),
    Sheet("persons", "人员", Person, (
        c.text("id", "编号"), c.text("name", "姓名"), c.text("department", "部门", "code"),
        c.words("qualifications", "资质"), c.date("valid_from", "生效日期"), c.date("valid_to", "失效日期", "date, exclusive"),
    )),
    Sheet("contacts", "联系方式", Contact, (
        c.text("person", "人员"), c.text("phone", "电话"), c.text("email", "邮箱"), c.text("note", "备注"),
    )),
    Sheet("stations", "工作站", Station, (
        c.text("code", "代码"), c.text("name", "名称"), c.text("tier", "层级", "e.g. station, centre"),
        c.text("parent", "上级", "code of the station one tier up"), c.text("department", "部门", "code"),
        c.degrees("lon", "经度"), c.degrees("lat", "纬度"), c.hours("hours", "开放时间", blank=ALWAYS),
    )),
    Sheet("serves", "服务范围", Served, (
        c.text("layer", "层", "layer or level, e.g. responsibility, street"), c.text("code", "代码"),
        c.text("station", "工作站", "code"),
    )),
    Sheet("roles", "岗位", Role, (
        c.text("code", "代码"), c.text("name", "英文名"), c.text("name_zh", "名称"),
        c.one_of("position", "位次", ("head", "deputy", "member")), c.text("deputy_of", "代行岗位", "code of a role"),
        c.flag("fixed", "固定"),
    )),
    Sheet("duties", "职责", Duty, (
        c.text("person", "人员", "id"), c.text("role", "岗位", "code of a role"),
        c.text("layer", "层", "layer, station or department"), c.text("code", "代码"),
        c.hours("hours", "时间", blank=None), c.text("categories", "类别", "* | component | event | 01* | 0102"),
        c.whole("order", "次序", "the lowest answers first"), c.date("valid_from", "生效日期"),
        c.date("valid_to", "失效日期", "date, exclusive"),
    )),
    Sheet("leaves", "请假", Leave, (
        c.text("person", "人员", "id"), c.moment("start", "开始"), c.moment("end", "结束"),
        c.text("substitute", "代班人", "id"),
    )),
    Sheet("calendar", "日历", CalendarDay, (c.date("date", "日期", "date"), c.one_of("day", "类型", ("holiday", "workday")))),
    Sheet("settings", "设置", Setting, (c.text("key", "项"), c.text("value", "值"))),
)  # fmt: skip
"""The sheets of a roster workbook, in the order in which they are written."""


def read_roster(path: str | Path, *, onto: Roster | None = None) -> Roster:
    """Return the roster that a workbook, a CSV file or a folder of CSV files holds.

    Parameters
    ----------
    path : str or Path
    onto : Roster, optional
        Tables that the file does not have stay as they are here.

    Raises
    ------
    RowsError
        With every row, column, value and reason, of reading and of contradictions.
    """
    tables = read_tables(path, ROSTER_SHEETS)
    before = roster_values(onto) if onto is not None else {}
    try:
        return roster_of({**before, **tables.values})
    except RowsError as error:
        raise tables.renumbered(error, source=path) from None


def write_roster(roster: Roster, path: str | Path) -> Path:
    """Write a roster as a workbook or a folder of CSV files; an empty one is the template."""
    return write_tables(path, ROSTER_SHEETS, roster_values(roster))


def roster_values(roster: Roster) -> dict[str, Sequence[Any]]:
    """Return the rows of every sheet of a roster."""
    calendar = roster.calendar
    days = [CalendarDay(day, "holiday") for day in sorted(calendar.holidays)]
    days += [CalendarDay(day, "workday") for day in sorted(calendar.make_up_days)]
    settings = [
        Setting("zone", calendar.zone), Setting("country", calendar.country),
        Setting("subdivision", calendar.subdivision),
        Setting("rest_weekdays", " ".join(str(day) for day in calendar.rest_weekdays)),
        Setting("until", calendar.until.isoformat() if calendar.until else ""),
    ]  # fmt: skip
    kept = {sheet.name: getattr(roster, sheet.name) for sheet in ROSTER_SHEETS[:-2]}
    return {**kept, "calendar": days, "settings": settings}


def roster_of(values: Mapping[str, Sequence[Any]]) -> Roster:
    """Return the roster of the rows of its sheets; missing ones are empty, roles the default ones."""
    tables = {name: tuple(rows) for name, rows in values.items() if name not in ("calendar", "settings")}
    tables["roles"] = tables.get("roles") or DEFAULT_ROLES
    return Roster(**tables, calendar=_calendar(values))


def _calendar(values: Mapping[str, Sequence[Any]]) -> WorkCalendar:
    settings = {row.key: row.value for row in values.get("settings", ())}
    unknown = settings.keys() - {"zone", "country", "subdivision", "rest_weekdays", "until"}
    if unknown:
        raise InputError("unknown setting of the roster", given=", ".join(sorted(unknown)))
    days = values.get("calendar", ())
    calendar = WorkCalendar(
        holidays=frozenset(row.date for row in days if row.day == "holiday"),
        make_up_days=frozenset(row.date for row in days if row.day == "workday"),
    )
    if "rest_weekdays" in settings:
        try:
            rest = tuple(int(part) for part in settings["rest_weekdays"].split())
        except ValueError:
            raise InputError("rest_weekdays are numbers, Monday = 0", given=settings["rest_weekdays"]) from None
        calendar = replace(calendar, rest_weekdays=rest)
    if settings.get("until"):
        calendar = replace(calendar, until=dt.date.fromisoformat(settings["until"]))
    for key in ("zone", "country", "subdivision"):
        if key in settings:
            calendar = replace(calendar, **{key: settings[key]})
    _ = calendar.tz
    return calendar
