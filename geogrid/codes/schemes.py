"""Schemes of codes as data: what a code's digits mean, how it is written and checked."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from geogrid.errors import CodeError, FormatError, NotFoundError

__all__ = ["Meaning", "Part", "Scheme", "find_scheme", "read_schemes", "scheme", "schemes"]


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a range of a part's values means.

    Parameters
    ----------
    first, last : int
        Both included.
    text : str
    in_register : bool
        Whether the register knows such values; merged communities, for one, are not in it.
    """

    first: int
    last: int
    text: str
    in_register: bool = True


@dataclass(frozen=True, slots=True)
class Part:
    """A run of digits within a code.

    Parameters
    ----------
    name, title_zh : str
    digits : int
    least, most : int
        The values allowed.
    in_register : bool
        The area code up to here is a code of the register.
    meanings : tuple of Meaning
    note : str
    """

    name: str
    title_zh: str
    digits: int
    least: int
    most: int
    in_register: bool = False
    meanings: tuple[Meaning, ...] = ()
    note: str = ""

    def meaning_of(self, value: int) -> Meaning | None:
        """Return what this value means, if the scheme says so."""
        return next((m for m in self.meanings if m.first <= value <= m.last), None)


@dataclass(frozen=True)
class Scheme:
    """A scheme of codes of fixed length.

    Parameters
    ----------
    name, title, title_zh, standard : str
    parts : tuple of Part
    area : tuple of str
        The parts that together are the code of the area.
    sequence : str
        The part that counts within the area; ``""`` for a plain area code.

    Examples
    --------
    >>> unit_grid = scheme("unit-grid")
    >>> unit_grid.format(area="310114001001", sequence=23)
    '310114001001023'
    >>> unit_grid.parse("310114001001023")
    {'district': '310114', 'street': '001', 'community': '001', 'sequence': '023'}
    """

    name: str
    title: str
    title_zh: str
    standard: str
    parts: tuple[Part, ...]
    area: tuple[str, ...]
    sequence: str = ""

    @property
    def digits(self) -> int:
        """How long a code of this scheme is."""
        return sum(part.digits for part in self.parts)

    @property
    def last_number(self) -> int:
        """The highest number an area can give; 0 for a plain area code."""
        return next((part.most for part in self.parts if part.name == self.sequence), 0)

    def holds(self, code: str) -> bool:
        """Return whether `code` follows this scheme."""
        try:
            self.parse(code)
        except CodeError:
            return False
        return True

    def parse(self, code: str) -> dict[str, str]:
        """Return the digits of each part.

        Raises
        ------
        CodeError
            If the length is wrong, there is something else than digits, or a part's value is
            not allowed.
        """
        shape = " + ".join(str(part.digits) for part in self.parts)
        if len(code) != self.digits or not (code.isascii() and code.isdigit()):
            raise CodeError(
                f"not a {self.title}", given=repr(code), allowed=f"{self.digits} digits ({shape})", source=self.standard,
                mend=f"it has {len(code)} characters" if len(code) != self.digits else "use the digits 0 to 9 only",
            )  # fmt: skip
        found, at = {}, 0
        for part in self.parts:
            text = code[at : at + part.digits]
            if not part.least <= int(text) <= part.most:
                raise CodeError(
                    f"{part.name} ({part.title_zh}) of a {self.title} out of range",
                    given=f"{text} in {code}, digits {at + 1} to {at + part.digits}",
                    allowed=f"{part.least:0{part.digits}d} to {part.most}", source=self.standard,
                )  # fmt: skip
            found[part.name] = text
            at += part.digits
        return found

    def format(self, *, area: str = "", sequence: int | str | None = None, **parts: str | int) -> str:
        """Return the code with these parts.

        Parameters
        ----------
        area : str
            The code of the area, in place of its parts one by one.
        sequence : int or str of digits
            The number within the area.
        **parts : str or int
            Other parts by name.

        Raises
        ------
        CodeError
            If a part is missing, unknown or out of range; if the area has no number left, the
            message names the area.
        """
        values: dict[str, str | int] = dict(parts)
        if area:
            values |= self._area_parts(area)
        if sequence is not None and self.sequence:
            if not str(sequence).isdecimal():
                raise CodeError(f"not a number of a {self.title}", given=repr(sequence), allowed="a whole number")
            sequence = int(sequence)
            self._require_free(area or "".join(str(values.get(name, "")) for name in self.area), sequence)
            values[self.sequence] = sequence
        names = [part.name for part in self.parts]
        missing, unknown = [n for n in names if n not in values], [n for n in values if n not in names]
        if missing or unknown:
            raise CodeError(
                f"not the parts of a {self.title}",
                given=", ".join(values),
                allowed=", ".join(names),
                source=self.standard,
            )
        return self._checked("".join(f"{values[part.name]!s:0>{part.digits}}" for part in self.parts))

    def _checked(self, code: str) -> str:
        self.parse(code)
        return code

    def _area_parts(self, area: str) -> dict[str, str]:
        wanted = [part for part in self.parts if part.name in self.area]
        length = sum(part.digits for part in wanted)
        if len(area) != length or not (area.isascii() and area.isdigit()):
            raise CodeError(
                f"not an area code for a {self.title}", given=repr(area),
                allowed=f"{length} digits ({', '.join(self.area)})", source=self.standard,
                mend="number by a template instead, e.g. \"{area}-{seq:05d}\"",
            )  # fmt: skip
        found, at = {}, 0
        for part in wanted:
            found[part.name] = area[at : at + part.digits]
            at += part.digits
        return found

    def _require_free(self, area: str, sequence: int) -> None:
        least = next(part.least for part in self.parts if part.name == self.sequence)
        if sequence > self.last_number:
            raise CodeError(
                f"{area} has no number left: a {self.title} counts to {self.last_number} in each {self.area[-1]}",
                given=sequence, allowed=f"{least} to {self.last_number}", source=self.standard,
                mend=f"divide {self.area[-1]} {area}, make its cells larger, or number by a wider template",
            )  # fmt: skip
        if sequence < least:
            raise CodeError(f"not a number of a {self.title}", given=sequence, allowed=f"{least} to {self.last_number}")


def _meaning(row: Mapping[str, Any]) -> Meaning:
    return Meaning(int(row["from"]), int(row["to"]), str(row["meaning"]), bool(row.get("register", True)))


def _part(row: Mapping[str, Any]) -> Part:
    digits = int(row["digits"])
    least, most = int(row.get("least", 0)), int(row.get("most", 10**digits - 1))
    meanings = tuple(_meaning(value) for value in row.get("values", ()))
    title_zh, note = str(row.get("title_zh", "")), str(row.get("note", ""))
    return Part(str(row["name"]), title_zh, digits, least, most, bool(row.get("register", False)), meanings, note)


def _scheme(row: Mapping[str, Any]) -> Scheme:
    name = str(row["name"])
    title, title_zh, standard = (str(row.get(key, "")) for key in ("title", "title_zh", "standard"))
    parts = tuple(_part(part) for part in row["parts"])
    return Scheme(name, title or name, title_zh, standard, parts, tuple(row["area"]), str(row.get("sequence", "")))


def read_schemes(path: str | Path) -> dict[str, Scheme]:
    """Return the schemes of a TOML file of the same form as ``geogrid/codes/schemes.toml``.

    Raises
    ------
    NotFoundError
        If there is no such file.
    FormatError
        If it is not TOML, or a scheme lacks a key.
    """
    try:
        rows = tomllib.loads(Path(path).read_text(encoding="utf-8"))["scheme"]
        found = [_scheme(row) for row in rows]
    except FileNotFoundError:
        raise NotFoundError("no such file", given=path) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise FormatError("not TOML", given=error, source=path) from None
    except (KeyError, TypeError, ValueError) as error:
        raise FormatError(
            "not a file of schemes", given=f"{type(error).__name__} {error}", source=path,
            allowed="[[scheme]] with name, parts (name, digits), area",
        ) from None  # fmt: skip
    return {one.name: one for one in found}


@cache
def schemes() -> dict[str, Scheme]:
    """Return the schemes geogrid knows, by name."""
    return read_schemes(Path(__file__).with_name("schemes.toml"))


def scheme(name: str) -> Scheme:
    """Return the scheme called `name`, or raise NotFoundError."""
    try:
        return schemes()[name]
    except KeyError:
        raise NotFoundError("no such scheme of codes", given=name, allowed=", ".join(schemes())) from None


def find_scheme(code: str) -> Scheme:
    """Return the only scheme with codes of this length.

    Raises
    ------
    CodeError
        If no scheme has this length, or more than one has: which one is meant is never guessed.

    Examples
    --------
    >>> find_scheme("310114001001023").name
    'unit-grid'
    """
    lengths = ", ".join(f"{one.digits} ({one.title})" for one in schemes().values())
    if not (code.isascii() and code.isdigit()):
        raise CodeError(
            "not a code: there is something else than digits", given=repr(code), allowed=lengths,
            mend="type the digits only; for codes of a template of your own, name the template",
        )  # fmt: skip
    fitting = [one for one in schemes().values() if one.digits == len(code)]
    if not fitting:
        raise CodeError("no scheme has codes of this length", given=f"{code} ({len(code)} digits)", allowed=lengths)
    if len(fitting) > 1:
        shown = ", ".join(f"{one.name} ({' + '.join(str(part.digits) for part in one.parts)})" for one in fitting)
        raise CodeError(
            f"{len(code)} digits can be split in more than one way", given=code, allowed=shown,
            mend="name the scheme (--scheme); it is never guessed from the length",
        )  # fmt: skip
    return fitting[0]
