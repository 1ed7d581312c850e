"""Columns of roster and rulebook tables: how a value is read from a cell's text and written back."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable
from dataclasses import MISSING, dataclass, fields
from typing import Any

from geogrid.assign.hours import ALWAYS, Hours
from geogrid.errors import InputError

__all__ = ["Column", "Sheet"]


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a sheet.

    Parameters
    ----------
    name, name_zh : str
        Header in English and Chinese; both are accepted.
    read : callable
        Text to value; raises InputError or ValueError with the reason.
    write : callable
        Value to text.
    note : str
        What to fill in, for the template.
    """

    name: str
    name_zh: str
    read: Callable[[str], Any] = str
    write: Callable[[Any], str] = str
    note: str = ""


@dataclass(frozen=True)
class Sheet:
    """One table of a workbook and the value that each of its rows becomes.

    Parameters
    ----------
    name, name_zh : str
    kind : type
        A dataclass whose fields the columns name.
    columns : tuple of Column
    """

    name: str
    name_zh: str
    kind: type[Any]
    columns: tuple[Column, ...]

    @property
    def required(self) -> tuple[str, ...]:
        """Columns without which a row means nothing."""
        return tuple(f.name for f in fields(self.kind) if f.default is MISSING and f.default_factory is MISSING)

    def column_of(self, header: str) -> Column | None:
        """Return the column that a header names, None if it is not one of this sheet."""
        wanted = header.strip().lower()
        for column in self.columns:
            if wanted in (column.name, column.name_zh):
                return column
        return None

    def row_of(self, value: Any) -> list[str]:
        """Return the texts of one row, in the order of the columns."""
        return [column.write(getattr(value, column.name)) for column in self.columns]


def _date(text: str) -> dt.date | None:
    if not text:
        return None
    if re.fullmatch(r"\d{5}", text):
        # Excel's own day number, left as a number by a cell format lost on the way.
        return dt.date(1899, 12, 30) + dt.timedelta(days=int(text))
    match = re.fullmatch(r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?(?: 00:00(?::00)?)?", text) or re.fullmatch(
        r"(\d{4})(\d{2})(\d{2})", text
    )
    if match is None:
        raise InputError("not a date", allowed="YYYY-MM-DD, YYYY/M/D or YYYY年M月D日")
    try:
        return dt.date(*(int(part) for part in match.groups()))
    except ValueError as error:
        raise InputError(f"not a date ({error})") from None


def _moment(text: str) -> dt.datetime:
    head, _, clock = text.replace("T", " ").partition(" ")
    day = _date(head)
    if day is None:
        raise InputError("must not be empty", allowed="a date, or a date and time")
    if not clock:
        return dt.datetime.combine(day, dt.time())
    try:
        return dt.datetime.combine(day, dt.time.fromisoformat(clock))
    except ValueError:
        raise InputError("not a time of day", allowed="YYYY-MM-DD HH:MM") from None


def _degrees(text: str) -> float | None:
    if not text:
        return None
    try:
        value = float(text)
    except ValueError:
        raise InputError("not a number of degrees") from None
    if not -180 <= value <= 180:
        raise InputError("out of range", allowed="degrees, WGS 84")
    return value


def _whole(text: str) -> int:
    try:
        return int(text)
    except ValueError:
        raise InputError("not a whole number") from None


def _or_blank(value: object) -> str:
    return "" if value is None else str(value)


def _words(text: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(part for part in re.split(r"[,;、\s]+", text) if part))


def text(name: str, name_zh: str, note: str = "") -> Column:
    """Return a column of plain text."""
    return Column(name, name_zh, note=note)


def date(name: str, name_zh: str, note: str = "date, inclusive") -> Column:
    """Return a column of dates, blank for none."""
    return Column(name, name_zh, _date, _or_blank, note)


def moment(name: str, name_zh: str, note: str = "date, or date and time") -> Column:
    """Return a column of moments in the city's own clock."""
    return Column(name, name_zh, _moment, lambda value: value.isoformat(" ", "minutes"), note)


def degrees(name: str, name_zh: str) -> Column:
    """Return a column of degrees, blank for none."""
    return Column(name, name_zh, _degrees, _or_blank, "degrees, WGS 84")


def whole(name: str, name_zh: str, note: str = "") -> Column:
    """Return a column of whole numbers."""
    return Column(name, name_zh, _whole, str, note)


def words(name: str, name_zh: str, note: str = "several: separate with commas") -> Column:
    """Return a column of several words."""
    return Column(name, name_zh, _words, ", ".join, note)


def hours(name: str, name_zh: str, *, blank: Hours | None) -> Column:
    """Return a column of hours; a blank cell means `blank`."""
    return Column(
        name, name_zh, lambda value: Hours.parse(value) if value else blank,
        lambda value: "" if value is None else value.text, "e.g. workdays 08:30-17:30; Sat 22:00-06:00; 24h",
    )  # fmt: skip


def one_of(name: str, name_zh: str, allowed: tuple[str, ...]) -> Column:
    """Return a column that takes one of some words."""

    def read(value: str) -> str:
        if value not in allowed:
            raise InputError("not one of the words known here", allowed=", ".join(allowed))
        return value

    return Column(name, name_zh, read, str, " | ".join(allowed))


def flag(name: str, name_zh: str) -> Column:
    """Return a column of yes or no."""

    def read(value: str) -> bool:
        if value.lower() in ("", "no", "false", "0", "否"):
            return False
        if value.lower() in ("yes", "true", "1", "是"):
            return True
        raise InputError("neither yes nor no", allowed="yes, no, 是, 否")

    return Column(name, name_zh, read, lambda value: "yes" if value else "no", "yes | no")


ROUND_THE_CLOCK = ALWAYS
"""What blank opening hours of a station mean."""
