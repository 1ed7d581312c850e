"""The register: official names of districts, streets and communities by code."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from geogrid.codes.bundle import bundle_folder, read_verified
from geogrid.errors import FormatError, NotFoundError

__all__ = ["Entry", "Register", "bundled_register", "read_register"]

_LEVELS = {6: "district", 9: "street", 12: "community"}


@dataclass(frozen=True, slots=True)
class Entry:
    """One area of the register.

    Parameters
    ----------
    code : str
        6 digits for a district, 9 for a street or town, 12 for a community.
    name : str
    level : str
        ``"district"``, ``"street"`` or ``"community"``.
    """

    code: str
    name: str
    level: str

    @property
    def parent(self) -> str:
        """Code of the area one level up; ``""`` for a district."""
        return self.code[:-3] if len(self.code) > 6 else ""


class Register:
    """Entries by code, in the order of codes.

    Parameters
    ----------
    entries : iterable of Entry

    Examples
    --------
    >>> register = bundled_register()
    >>> register.name("310114001")
    '新成路街道'
    >>> [entry.name for entry in register.children("310114")][:2]
    ['新成路街道', '真新街道']
    """

    def __init__(self, entries: Iterable[Entry]) -> None:
        self._entries = {entry.code: entry for entry in sorted(entries, key=lambda entry: entry.code)}

    def __getitem__(self, code: str) -> Entry:
        """Return the entry, or raise NotFoundError."""
        try:
            return self._entries[code]
        except KeyError:
            raise NotFoundError("not in the register", given=code, allowed=self._near(code)) from None

    def find(self, code: str) -> Entry | None:
        """Return the entry, or None if the register does not have it."""
        return self._entries.get(code)

    def __contains__(self, code: object) -> bool:
        """Return whether the register has this code."""
        return code in self._entries

    def __iter__(self) -> Iterator[str]:
        """Iterate over the codes."""
        return iter(self._entries)

    def __len__(self) -> int:
        """Return the number of entries."""
        return len(self._entries)

    def name(self, code: str) -> str:
        """Return the name of the area with this code, or raise NotFoundError."""
        return self[code].name

    def children(self, code: str) -> tuple[Entry, ...]:
        """Return the areas directly below `code`, in the order of codes."""
        return tuple(entry for entry in self._entries.values() if entry.parent == code)

    def level(self, level: str, within: str = "") -> tuple[Entry, ...]:
        """Return all entries of one level whose code starts with `within`."""
        return tuple(
            entry for entry in self._entries.values() if entry.level == level and entry.code.startswith(within)
        )

    def _near(self, code: str) -> str | None:
        siblings = self.children(code[:-3]) if len(code) in (9, 12) else self.level("district")
        shown = [f"{entry.code} {entry.name}" for entry in siblings[:8]]
        more = f" … {len(siblings) - 8} more" if len(siblings) > 8 else ""
        return ", ".join(shown) + more if shown else None


def _entries(data: bytes, source: object) -> Iterator[Entry]:
    rows = csv.DictReader(io.StringIO(data.decode("utf-8-sig"), newline=""))
    if not {"code", "name"} <= set(rows.fieldnames or ()):
        raise FormatError("not a register", given=rows.fieldnames, allowed="columns code and name", source=source)
    for line, row in enumerate(rows, start=2):
        code, name = (row["code"] or "").strip(), (row["name"] or "").strip()
        if len(code) not in _LEVELS or not code.isascii() or not code.isdigit():
            raise FormatError(
                "not a register code", given=repr(code), allowed="6, 9 or 12 digits", source=f"{source}, row {line}"
            )
        yield Entry(code, name, _LEVELS[len(code)])


def read_register(*paths: str | Path) -> Register:
    """Return the register in CSV files with the columns ``code`` and ``name`` (UTF-8).

    Raises
    ------
    NotFoundError
        If a file does not exist.
    FormatError
        If a file has other columns, or a code is not one of 6, 9 or 12 digits.
    """
    entries: list[Entry] = []
    for path in map(Path, paths):
        try:
            entries += _entries(path.read_bytes(), path)
        except FileNotFoundError:
            raise NotFoundError("no such file", given=path) from None
        except UnicodeDecodeError:
            raise FormatError("not UTF-8", source=path, mend="save the register as CSV in UTF-8") from None
    return Register(entries)


@cache
def bundled_register() -> Register:
    """Return the bundled register: six districts, their streets and towns, their communities.

    Raises
    ------
    ChecksumError
        If a file has changed since it was published.
    """
    folder = bundle_folder() / "register"
    names = ("districts.csv", "streets.csv", "communities.csv")
    return Register(entry for name in names for entry in _entries(read_verified(folder, name), folder / name))
