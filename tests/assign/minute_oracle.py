"""Who answers at one minute, by the words of the contract and nothing clever: the oracle of the fast code.

Patterns of hours are predicates here, not parsed text; people are asked one by one.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass

from geogrid.assign.roster import Duty, Roster
from geogrid.assign.rulebook import Category, Route, Rulebook

Minute = dt.datetime
HOLIDAYS = {dt.date(2026, 10, 1), dt.date(2026, 10, 2)}
MAKE_UP = {dt.date(2026, 10, 10)}


def worked(day: dt.date) -> bool:
    return (day.weekday() < 5 and day not in HOLIDAYS) or day in MAKE_UP


def _clock(t: Minute) -> int:
    return t.hour * 60 + t.minute


def _rota(t: Minute) -> bool:
    started = t.date() if _clock(t) >= 480 else t.date() - dt.timedelta(days=1)
    return (started - dt.date(2026, 1, 1)).days % 2 == 0


PATTERNS: dict[str, Callable[[Minute], bool]] = {
    "24h": lambda t: True,
    "workdays 08:30-17:30": lambda t: worked(t.date()) and 510 <= _clock(t) < 1050,
    "restdays 09:00-12:00,13:00-17:00": lambda t: (
        not worked(t.date()) and (540 <= _clock(t) < 720 or 780 <= _clock(t) < 1020)
    ),
    "daily 22:00-06:00": lambda t: _clock(t) >= 1320 or _clock(t) < 360,
    "Fri 20:00-08:00; Sat,Sun 12:00-24:00": lambda t: (
        (t.weekday() == 4 and _clock(t) >= 1200)
        or (t.weekday() == 5 and _clock(t) < 480)
        or (t.weekday() >= 5 and _clock(t) >= 720)
    ),
    "every 2 days from 2026-01-01 08:00-08:00+1": _rota,
}


def matches(patterns: str, category: Category | None) -> int:
    """Return -1 for no match, else how specific."""
    if category is None:
        return 0
    ranks = [-1]
    for word in patterns.split():
        if word == "*":
            ranks.append(0)
        elif word == category.kind:
            ranks.append(1)
        elif word == category.code:
            ranks.append(1000)
        elif word.endswith("*") and category.code.startswith(word[:-1]):
            ranks.append(1 + len(word))
    return max(ranks)


@dataclass
class Verdict:
    person: str | None
    clash: bool = False


@dataclass
class Oracle:
    roster: Roster
    rulebook: Rulebook

    def present(self, duty: Duty, t: Minute) -> str | None:
        """Return who is there for a duty at a minute."""
        text = duty.hours.text if duty.hours else "24h"
        day = t.date()
        if (
            not PATTERNS[text](t)
            or (duty.valid_from and day < duty.valid_from)
            or (duty.valid_to and day >= duty.valid_to)
        ):
            return None
        return self._taken(duty.person, t, [])

    def _taken(self, id: str, t: Minute, seen: list[str]) -> str | None:
        person = next(p for p in self.roster.persons if p.id == id)
        if (person.valid_from and t.date() < person.valid_from) or (person.valid_to and t.date() >= person.valid_to):
            return None
        for leave in self.roster.leaves:
            if leave.person == id and leave.start <= t < leave.end:
                if not leave.substitute or leave.substitute in seen or leave.substitute == id:
                    return None
                return self._taken(leave.substitute, t, [*seen, id])
        return id

    def ask(self, duties: list[Duty], t: Minute, needed: str, *, ranked: bool = False, anyone: bool = False) -> Verdict:
        """Return who of those present stands first; people of equal standing are a clash."""
        places = {"head": 0, "deputy": 1, "member": 2}
        there: list[tuple[tuple[int, int], str]] = []
        for duty in duties:
            id = self.present(duty, t)
            if id is None:
                continue
            holds = next(p for p in self.roster.persons if p.id == id).qualifications
            if needed and needed not in holds:
                continue
            position = places[self.roster.role_by_code[duty.role].position] if ranked or anyone else 0
            there.append(((position, duty.order), id))
        if not there:
            return Verdict(None)
        best = min(standing for standing, _ in there)
        ids = sorted({id for standing, id in there if standing == best})
        return Verdict(ids[0], len(ids) > 1 and not anyone)

    def chain(
        self, units: list[tuple[str, str]], t: Minute, category: Category | None, role: str, filtered: bool
    ) -> Verdict:
        """Ask unit by unit: the role (or any head), its deputies, then anybody with the certificate."""
        needed = category.qualification if category else ""
        for tier, unit in enumerate(units):
            here = [d for d in self.roster.duties if (d.layer, d.code) == unit]
            fit = [d for d in here if not filtered or matches(d.categories, category) >= 0]
            for wanted in self._roles(role, tier):
                found = self.ask([d for d in fit if d.role in wanted], t, needed)
                if found.person:
                    return found
            if needed:
                found = self.ask(here, t, needed, anyone=True)
                if found.person:
                    return found
        return Verdict(None)

    def _roles(self, role: str, tier: int) -> tuple[set[str], set[str]]:
        heads = {r.code for r in self.roster.roles if r.position == "head"}
        deputies = {r.code for r in self.roster.roles if r.position == "deputy"}
        if not role:
            return heads, deputies
        mine = {r.code for r in self.roster.roles if r.deputy_of == role}
        if role in heads and tier:
            return heads | {role}, deputies | mine
        return {role}, mine

    def lead(self, lead: str, units: list[tuple[str, str]], t: Minute, category: Category | None) -> Verdict:
        kind, _, code = lead.partition(":")
        needed = category.qualification if category else ""
        if kind == "person":
            return self.ask([d for d in self.roster.duties if d.person == code], t, needed, ranked=True)
        if kind == "department":
            return self.ask(
                [d for d in self.roster.duties if (d.layer, d.code) == ("department", code)], t, needed, ranked=True
            )
        return self.chain(units, t, category, code, filtered=False)

    def answer(
        self,
        units: list[tuple[str, str]],
        inside: set[tuple[str, str]],
        depth: dict[str, int],
        t: Minute,
        category: Category | None,
        condition: str = "",
        holders: tuple[str, ...] = (),
    ) -> Verdict:
        """Return who answers at a minute, by the stated order."""
        found = self._routed(units, inside, depth, t, category, condition)
        if found.person:
            return found
        steps: list[Callable[[], Verdict]] = []
        owner = [lambda code=code: self.lead(f"department:{code}", units, t, category) for code in holders]
        duty = lambda: self.chain(units, t, category, category.role if category else "", filtered=True)  # noqa: E731
        steps = [*owner, duty] if category is not None and category.kind == "component" else [duty]
        if category is not None and self.rulebook.fallback:
            steps.append(lambda: self.chain(units, t, category, "", filtered=False))
        for step in steps:
            found = step()
            if found.person:
                return found
        return Verdict(None)

    def _routed(
        self,
        units: list[tuple[str, str]],
        inside: set[tuple[str, str]],
        depth: dict[str, int],
        t: Minute,
        category: Category | None,
        condition: str,
    ) -> Verdict:
        fitting: list[tuple[tuple[int, ...], Route]] = []
        for route in self.rulebook.routes:
            if route.place_unit is not None and route.place_unit not in inside:
                continue
            rank = matches(route.category, category) if category else (0 if route.category == "*" else -1)
            if rank < 0 or (route.condition and route.condition != condition):
                continue
            if route.hours is not None and not PATTERNS[route.hours.text](t):
                continue
            place = depth[route.place_unit[0]] if route.place_unit else 0
            fitting.append(((place, rank, bool(route.condition), route.hours is not None), route))
        if not fitting:
            return Verdict(None)
        best = max(standing for standing, _ in fitting)
        tied = sorted((route for standing, route in fitting if standing == best), key=lambda route: route.id)
        found = [verdict for verdict in (self.lead(r.lead, units, t, category) for r in tied) if verdict.person]
        if not found:
            return Verdict(None)
        clash = any(v.clash for v in found) or len({v.person for v in found}) > 1
        return Verdict(found[0].person, clash)
