"""The roster: departments, persons, stations, duties, leave; a frozen value, checked when made."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, fields, replace
from functools import cached_property
from typing import TypeVar

from geogrid.assign.hours import ALWAYS, Hours
from geogrid.assign.roles import DEFAULT_ROLES, Role
from geogrid.assign.workdays import WorkCalendar
from geogrid.errors import NotFoundError, RowProblem, RowsError

__all__ = ["Contact", "Department", "Duty", "Leave", "Person", "Roster", "Served", "Station", "Unit"]

_Row = TypeVar("_Row")

Unit = tuple[str, str]
"""(layer, code): a grid or cell of a layer, ``("station", code)`` or ``("department", code)``."""


@dataclass(frozen=True, slots=True)
class Department:
    """A body that people belong to and that owns or is empowered for things."""

    code: str
    name: str
    parent: str = ""


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who can answer.

    Parameters
    ----------
    id, name : str
    department : str
        Code; ``""`` for none.
    qualifications : tuple of str
        Certificates held, e.g. ``("登高证",)``.
    valid_from, valid_to : date, optional
        Half-open: in service from `valid_from` up to, not on, `valid_to`.
    """

    id: str
    name: str
    department: str = ""
    qualifications: tuple[str, ...] = ()
    valid_from: dt.date | None = None
    valid_to: dt.date | None = None


@dataclass(frozen=True, slots=True)
class Contact:
    """How to reach a person; kept in a table apart, never needed for an answer."""

    person: str
    phone: str = ""
    email: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class Station:
    """A place from which people serve grids, and a tier: `parent` is the station above.

    Parameters
    ----------
    code, name : str
    tier : str
        The tier's own word: ``"committee"``, ``"station"``, ``"street sub-centre"``, …
    parent : str
        Code of the station one tier up; ``""`` at the top.
    department : str
    lon, lat : float, optional
        Degrees, WGS 84.
    hours : Hours
        Opening hours; a duty at the station without hours of its own has these.
    """

    code: str
    name: str
    tier: str = "station"
    parent: str = ""
    department: str = ""
    lon: float | None = None
    lat: float | None = None
    hours: Hours = ALWAYS


@dataclass(frozen=True, slots=True)
class Served:
    """A grid, cell or area (`layer`, `code`) served by a station."""

    layer: str
    code: str
    station: str


@dataclass(frozen=True, slots=True)
class Duty:
    """A person has a role at a unit, at hours, for categories, for a time.

    Parameters
    ----------
    person, role : str
    layer, code : str
        The unit: a grid or cell (layer name and code), ``station`` or ``department``.
    hours : Hours, optional
        None: the station's opening hours, or round the clock elsewhere.
    categories : str
        Patterns separated by spaces or commas: ``*``, ``component``, ``event``, ``01*``, ``0102``.
    order : int
        Of several people on duty in one role the lowest order answers; equal orders are a clash.
    valid_from, valid_to : date, optional
        Half-open.
    """

    person: str
    role: str
    layer: str
    code: str
    hours: Hours | None = None
    categories: str = "*"
    order: int = 1
    valid_from: dt.date | None = None
    valid_to: dt.date | None = None

    @property
    def unit(self) -> Unit:
        """The unit the duty is at."""
        return self.layer, self.code


@dataclass(frozen=True, slots=True)
class Leave:
    """A person is away; `substitute` has the person's duties meanwhile, ``""`` for nobody.

    Parameters
    ----------
    person : str
    start, end : datetime
        Half-open, in the city's own clock where they carry no zone.
    substitute : str
    """

    person: str
    start: dt.datetime
    end: dt.datetime
    substitute: str = ""


@dataclass(frozen=True)
class Roster:
    """Who is there, as what, when and for what.

    Raises
    ------
    RowsError
        When made with contradictions: unknown codes, cyclic tiers, overlapping duties, an end
        not after its start, a substitute who does not exist. All of them are listed.

    Examples
    --------
    >>> roster = Roster(
    ...     persons=(Person("p1", "Ann"),),
    ...     duties=(Duty("p1", "grid_head", "responsibility", "G01"),),
    ... )
    >>> roster.person("p1").name
    'Ann'
    """

    departments: tuple[Department, ...] = ()
    persons: tuple[Person, ...] = ()
    stations: tuple[Station, ...] = ()
    serves: tuple[Served, ...] = ()
    duties: tuple[Duty, ...] = ()
    leaves: tuple[Leave, ...] = ()
    roles: tuple[Role, ...] = DEFAULT_ROLES
    calendar: WorkCalendar = field(default_factory=WorkCalendar)
    contacts: tuple[Contact, ...] = field(default=(), repr=False)

    def __post_init__(self) -> None:
        """Check the whole."""
        from geogrid.assign.consistency import roster_problems

        problems = [RowProblem(*problem) for problem in roster_problems(self)]
        if problems:
            raise RowsError(problems, source="roster (rows counted within each table)")

    def person(self, id: str) -> Person:
        """Return the person, or raise NotFoundError."""
        return self._found(self._persons, id, "person")

    def station(self, code: str) -> Station:
        """Return the station, or raise NotFoundError."""
        return self._found(self._stations, code, "station")

    def role(self, code: str) -> Role:
        """Return the role, or raise NotFoundError."""
        return self._found(self.role_by_code, code, "role")

    def tiers_above(self, station: str) -> tuple[Station, ...]:
        """Return the station and those above it, lowest first."""
        return tuple(self._climb(station))

    def without_contacts(self) -> Roster:
        """Return the roster without personal contact data."""
        return replace(self, contacts=()) if self.contacts else self

    def units(self) -> Iterable[Unit]:
        """Return every unit that a duty or a station's service names."""
        return {*(duty.unit for duty in self.duties), *((row.layer, row.code) for row in self.serves)}

    def _climb(self, code: str) -> Iterator[Station]:
        while code:
            station = self._stations[code]
            yield station
            code = station.parent

    @staticmethod
    def _found(table: dict[str, _Row], key: str, what: str) -> _Row:
        try:
            return table[key]
        except KeyError:
            raise NotFoundError(f"no {what} with this code in the roster", given=key) from None

    @cached_property
    def _persons(self) -> dict[str, Person]:
        return {person.id: person for person in self.persons}

    @cached_property
    def _stations(self) -> dict[str, Station]:
        return {station.code: station for station in self.stations}

    @cached_property
    def role_by_code(self) -> dict[str, Role]:
        """Role of each code."""
        return {role.code: role for role in self.roles}

    @cached_property
    def department_names(self) -> dict[str, str]:
        """Name of each department by code."""
        return {department.code: department.name for department in self.departments}

    def count(self) -> dict[str, int]:
        """Return how many rows each table has."""
        tables = [f.name for f in fields(self) if f.name not in ("calendar", "contacts")]
        return {name: len(getattr(self, name)) for name in tables}
