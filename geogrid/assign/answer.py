"""The answer: who answers for a place, and why, in English and Chinese."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from geogrid.assign.reasons import Reason, Step, in_words

__all__ = ["LATE", "Answer", "Escalation", "Named", "OnDuty"]

Outcome = Literal["answered", "hole", "outside"]


@dataclass(frozen=True, slots=True)
class Named:
    """A code with its name: an area, a grid, a station."""

    code: str
    name: str = ""


@dataclass(frozen=True, slots=True)
class OnDuty:
    """A person in a role at a unit; no contact data.

    Parameters
    ----------
    id, name : str
    role, role_name, role_name_zh : str
    department, department_name : str
    layer, unit : str
        Where the duty is: layer (or ``station``, ``department``) and code.
    instead_of : str
        Id of the person on leave this one stands in for; ``""`` for none.
    """

    id: str
    name: str
    role: str
    role_name: str
    role_name_zh: str
    department: str
    department_name: str
    layer: str
    unit: str
    instead_of: str = ""


@dataclass(frozen=True, slots=True)
class Escalation:
    """One tier up: to whom an overdue report climbs, and when.

    Parameters
    ----------
    unit : Named
    tier : str
    person : OnDuty or None
        Who answers there at the time of the report; None if nobody does.
    at : datetime or None
        None where the category has no time limit.
    """

    unit: Named
    tier: str
    person: OnDuty | None
    at: dt.datetime | None = None


LATE = ("deputies", "helpers", "escalation", "deadline", "steps")
"""Fields of an answer that may be worked out when they are first asked for."""


@dataclass(frozen=True)
class Answer:
    """Who answers for one place, kind of problem and moment.

    Parameters
    ----------
    outcome : {"answered", "hole", "outside"}
        ``answered``: exactly one person; ``hole``: nobody, and `why` says why; ``outside``: not
        in this edition, `cell` is then the nearest cell and `distance_m` how far it is.
    lon, lat : float
        Degrees, WGS 84, as looked up.
    at : datetime
        The moment asked about.
    category, condition : str
        ``""`` where none was given.
    edition : int
        Number of the edition that answered, 0 for a division that is not published.
    cell : Named
    layers, areas : mapping of str to Named
        Grid of every layer, area of every level.
    station : Named or None
    person : OnDuty or None
        The one accountable person.
    clash : bool
        True if more than one person was equally entitled; `person` is then the first by id.
    deputies, helpers : tuple of OnDuty
    escalation : tuple of Escalation
        The tiers above, lowest first.
    deadline : datetime or None
    rules : tuple of str
        Ids of the rules that decided.
    steps : tuple of Step
        What was tried, in order; `why` puts it in words.

    Examples
    --------
    >>> Answer("outside", 0.0, 0.0, dt.datetime(2026, 1, 1), distance_m=12.0).person is None
    True
    """

    outcome: Outcome
    lon: float
    lat: float
    at: dt.datetime
    category: str = ""
    condition: str = ""
    edition: int = 0
    cell: Named = field(default_factory=lambda: Named(""))
    distance_m: float = 0.0
    layers: Mapping[str, Named] = field(default_factory=dict)
    areas: Mapping[str, Named] = field(default_factory=dict)
    station: Named | None = None
    person: OnDuty | None = None
    clash: bool = False
    # A default that is a value would stand in the class, and be found there before it is worked out.
    deputies: tuple[OnDuty, ...] = field(default_factory=tuple)
    helpers: tuple[OnDuty, ...] = field(default_factory=tuple)
    escalation: tuple[Escalation, ...] = field(default_factory=tuple)
    deadline: dt.datetime | None = field(default_factory=lambda: None)
    rules: tuple[str, ...] = ()
    steps: tuple[Step, ...] = field(default_factory=tuple, repr=False)

    @classmethod
    def unfolding(cls, known: Mapping[str, Any], later: Callable[[str], Any]) -> Answer:
        """Return an answer that works out the rest when somebody asks for it; what it is does not depend on when.

        Parameters
        ----------
        known : mapping of field to value
            Fields without a default must be here.
        later : callable
            Returns the value of deputies, helpers, escalation, deadline or steps.
        """
        made = cls(**known)
        for name in LATE:
            del made.__dict__[name]
        made.__dict__["_later"] = later
        return made

    if not TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any:
            """Return a field that was not asked for before."""
            later = self.__dict__.get("_later")
            if later is None or name not in LATE:
                raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")
            return self.__dict__.setdefault(name, later(name))

    def __getstate__(self) -> dict[str, Any]:
        """Work everything out: an answer is copied and sent as values, without what it was made from."""
        return {name: getattr(self, name) for name in type(self).__dataclass_fields__}

    @property
    def why(self) -> tuple[Reason, ...]:
        """The steps that were tried, in order, each in English and Chinese."""
        return tuple(in_words(step) for step in self.steps)

    @property
    def verdict(self) -> Reason:
        """The one step that decided: who answers, or that nobody does, or that the point lies outside."""
        deciding = [step for step in self.steps if step.kind in ("found", "hole", "outside")]
        return in_words(deciding[-1]) if deciding else Reason("", "")

    def to_dict(self) -> dict[str, Any]:
        """Return the answer as plain JSON values, `why` included."""
        return {name: _plain(getattr(self, name)) for name in _FIELDS} | {"why": _plain(self.why)}


_FIELDS = tuple(name for name in Answer.__dataclass_fields__ if name != "steps")


_PLAIN = frozenset((str, int, float, bool, type(None)))


def _plain(value: Any) -> Any:
    if type(value) in _PLAIN:
        return value
    if isinstance(value, dt.datetime):
        return value.isoformat()
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, (tuple, list)):
        return [_plain(item) for item in value]
    if hasattr(value, "__dataclass_fields__"):
        return {name: _plain(getattr(value, name)) for name in value.__dataclass_fields__}
    return value
