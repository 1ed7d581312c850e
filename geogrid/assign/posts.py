"""Posts: who holds one at a unit, as a timeline of states."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from geogrid.assign.presence import Presence
from geogrid.assign.roster import Roster, Unit
from geogrid.assign.timeline import Timeline, fold_intervals
from geogrid.types import Int32Array

__all__ = ["Post", "Posts"]

_POSITION = {"head": 0, "deputy": 1, "member": 2}


@dataclass(frozen=True)
class Post:
    """A set of duties of which one person answers at a time.

    Parameters
    ----------
    unit : Unit
    label : str
        The step or rule that asks for it.
    duties : tuple of int
        Rows of the roster's duties.
    qualification : str
        Certificate that the person must hold; ``""`` for none.
    anyone : bool
        True: whoever is best placed, by position, order and id; several are then no clash.
    ranked : bool
        True: position counts before order (a department's duties of different roles).
    """

    unit: Unit
    label: str
    duties: tuple[int, ...]
    qualification: str = ""
    anyone: bool = False
    ranked: bool = False

    def __hash__(self) -> int:
        """Return the hash, worked out once: every answer looks timelines up by it."""
        known = self.__dict__.get("_hash")
        if known is None:
            parts = (self.unit, self.label, self.duties, self.qualification, self.anyone, self.ranked)
            known = self.__dict__["_hash"] = hash(parts)
        return int(known)

    def __getstate__(self) -> dict[str, object]:
        """Leave out the hash, which another process works out otherwise."""
        return {name: value for name, value in self.__dict__.items() if name != "_hash"}


class Posts:
    """Timelines of posts over a period, each made once; their values are states.

    A state is an even number: ``state_duty``, ``state_person`` and ``state_label`` say what it
    means; the odd number after it is the same with a clash.
    """

    def __init__(self, presence: Presence) -> None:
        self.presence = presence
        self.roster: Roster = presence.roster
        self._timelines: dict[Post, Timeline] = {}
        self._states: dict[tuple[int, int, str], int] = {}
        self._listed: list[tuple[int, int, str]] = []
        self._person_of: list[int] = []
        self.by_id = _order_of_ids(self.roster)

    def timeline(self, post: Post) -> Timeline:
        """Return who holds the post when."""
        if post not in self._timelines:
            self._timelines[post] = self._fold(post)
        return self._timelines[post]

    @property
    def states(self) -> tuple[tuple[int, int, str], ...]:
        """(duty row, person row, label) of state ``2 * i``."""
        return tuple(self._listed)

    def state(self, value: int) -> tuple[int, int, str]:
        """Return (duty row, person row, label) of a timeline's value."""
        return self._listed[value >> 1]

    @property
    def person_of(self) -> Int32Array:
        """(2 × states,) int32 person row of every value of a timeline."""
        return np.repeat(np.array(self._person_of, np.int32), 2)

    def holds(self, person: int, qualification: str) -> bool:
        """Return whether the person in this row holds a certificate (anybody holds ``""``)."""
        return not qualification or qualification in self.roster.persons[person].qualifications

    def _fold(self, post: Post) -> Timeline:
        pieces, ranks, persons, values = [], [], [], []
        for row in post.duties:
            duty = self.roster.duties[row]
            position = _POSITION[self.roster.role_by_code[duty.role].position]
            rank = duty.order + (position * 1_000_000 if post.anyone or post.ranked else 0)
            for person, intervals in self.presence.of_duty(row):
                if self.holds(person, post.qualification):
                    pieces.append(intervals)
                    ranks += [rank] * len(intervals)
                    persons += [int(self.by_id[person])] * len(intervals)
                    values += [self._state(row, person, post.label)] * len(intervals)
        if not pieces:
            return Timeline.constant(self.presence.first)
        joined = np.concatenate(pieces)
        return fold_intervals(
            joined[:, 0], joined[:, 1], np.array(ranks, np.int64), np.array(persons, np.int32),
            np.array(values, np.int32), self.presence.first, tie_clashes=not post.anyone,
        )  # fmt: skip

    def _state(self, duty: int, person: int, label: str) -> int:
        key = (duty, person, label)
        if key not in self._states:
            self._states[key] = len(self._states)
            self._listed.append(key)
            self._person_of.append(person)
        return 2 * self._states[key]


def _order_of_ids(roster: Roster) -> Int32Array:
    """Return (persons,) int32: the rank of each person by id, so that row order changes nothing."""
    ids = [person.id for person in roster.persons]
    ranks = np.empty(len(ids), np.int32)
    ranks[sorted(range(len(ids)), key=ids.__getitem__)] = np.arange(len(ids))
    return ranks
