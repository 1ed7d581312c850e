"""What an import would add, remove or change, row by row."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from geogrid.assign.columns import Sheet

__all__ = ["Change", "changes_between"]

_KEYS = {"serves": 2, "duties": 5, "leaves": 2, "conditions": 2, "powers": 3}
"""How many leading columns identify a row, where it is more than one."""


@dataclass(frozen=True, slots=True)
class Change:
    """One row that an import would add, remove or change."""

    kind: str
    table: str
    key: str
    before: str = ""
    after: str = ""

    def __str__(self) -> str:
        """Return one readable line."""
        detail = {"added": self.after, "removed": self.before}.get(self.kind, f"{self.before} → {self.after}")
        return f"{self.kind} {self.table} {self.key}: {detail}"


def changes_between(
    sheets: Sequence[Sheet], before: Mapping[str, Sequence[Any]], after: Mapping[str, Sequence[Any]]
) -> tuple[Change, ...]:
    """Return what differs between two states of some sheets; contact data is named, not shown."""
    found = []
    for sheet in sheets:
        was, now = (_keyed(sheet, values.get(sheet.name, ())) for values in (before, after))
        hide = sheet.name == "contacts"
        for key in [*was, *(key for key in now if key not in was)]:
            one, two = was.get(key), now.get(key)
            if one == two:
                continue
            kind = "added" if one is None else "removed" if two is None else "changed"
            shown = [
                "" if not row else "(contact data)" if hide else " | ".join(filter(None, row)) for row in (one, two)
            ]
            found.append(Change(kind, sheet.name, key, *shown))
    return tuple(found)


def _keyed(sheet: Sheet, values: Sequence[Any]) -> dict[str, list[str]]:
    """Return the rows by the columns that identify them; repeated keys are numbered."""
    keyed: dict[str, list[str]] = {}
    repeats: dict[str, int] = {}
    for value in values:
        row = sheet.row_of(value)
        key = " ".join(part for part in row[: _KEYS.get(sheet.name, 1)] if part)
        repeats[key] = repeats.get(key, 0) + 1
        keyed[key if repeats[key] == 1 else f"{key} #{repeats[key]}"] = row
    return keyed
