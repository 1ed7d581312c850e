"""One instant, step by step: who answers, and everything that was tried before."""

from __future__ import annotations

from dataclasses import dataclass, field

from geogrid.assign.lines import Line, Option
from geogrid.assign.posts import Post
from geogrid.assign.reasons import Step
from geogrid.assign.resolve import Resolution
from geogrid.assign.roster import Unit
from geogrid.types import IntArray

__all__ = ["Holder", "Walk", "walk_lines"]


@dataclass(frozen=True, slots=True)
class Holder:
    """A person row present for a duty row, found through a post."""

    duty: int
    person: int
    post: Post


@dataclass
class Walk:
    """What a walk over the lines found.

    Parameters
    ----------
    holder : Holder or None
    clash : bool
    rule : str
        The rule or stage that decided; ``""`` if nobody answers.
    steps : list of Step
    """

    holder: Holder | None = None
    clash: bool = False
    rule: str = ""
    steps: list[Step] = field(default_factory=list)


def walk_lines(lines: tuple[Line, ...], resolution: Resolution, second: int, *, fallback: bool = True) -> Walk:
    """Return who answers at `second`, and the steps tried in order.

    It reads the same timelines that the batch and the proof are made of.
    """
    walk = Walk()
    decided = False
    for line in lines:
        if line.stage == "route":
            active = [option for option in line.options if _holds(option, resolution, second)]
            asleep = [option for option in line.options if option not in active]
            if decided:
                continue
            walk.steps += [Step("route_off", (option.rule, option.hours)) for option in asleep]
            if not active:
                continue
            decided = True
            _ask_rules(walk, active, resolution, second)
        else:
            if line.stage in ("duty", "fallback"):
                walk.steps.append(Step("territory" if line.stage == "duty" else "fallback"))
            _ask(walk, line.options[0], resolution, second)
        if walk.holder is not None:
            return walk
    if not fallback:
        walk.steps.append(Step("no_fallback"))
    walk.steps.append(Step("hole"))
    return walk


def _holds(option: Option, resolution: Resolution, second: int) -> bool:
    return option.hours is None or _within(resolution.option_hours(option), second)


def _ask_rules(walk: Walk, options: list[Option], resolution: Resolution, second: int) -> None:
    """Ask rules of equal rank; the first that finds somebody answers, another person is a clash."""
    if len(options) > 1:
        walk.steps.append(Step("routes_tie", (", ".join(option.rule for option in options),)))
    for option in options:
        mine = Walk(steps=walk.steps)
        _ask(mine, option, resolution, second)
        if mine.holder is None:
            continue
        if walk.holder is None:
            walk.holder, walk.clash, walk.rule = mine.holder, mine.clash, mine.rule
        elif mine.clash or mine.holder.person != walk.holder.person:
            walk.clash = True


def _ask(walk: Walk, option: Option, resolution: Resolution, second: int) -> None:
    posts = resolution.posts
    for post in option.posts:
        value = posts.timeline(post).at(second)
        if value < 0:
            walk.steps += _why_nobody(post, resolution, second)
            continue
        duty, person, _ = posts.state(value)
        walk.holder, walk.clash, walk.rule = Holder(duty, person, post), bool(value % 2), option.rule
        walk.steps += _why_this(walk.holder, resolution)
        if walk.clash:
            walk.steps.append(Step("clash", (_rivals(walk.holder, resolution, second),)))
        return


def _why_this(holder: Holder, resolution: Resolution) -> list[Step]:
    roster = resolution.roster
    duty, person = roster.duties[holder.duty], roster.persons[holder.person]
    role = roster.role_by_code[duty.role]
    steps = [Step("found", (*_unit(duty.unit), role.name, person.name, role.name_zh))]
    if duty.person != person.id:
        steps.append(Step("substitute", (person.name, roster.person(duty.person).name)))
    if holder.post.anyone and holder.post.qualification:
        steps.append(Step("qualified", (person.name, holder.post.qualification)))
    return steps


def _why_nobody(post: Post, resolution: Resolution, second: int) -> list[Step]:
    roster, steps = resolution.roster, []
    for row in post.duties[:3]:
        duty = roster.duties[row]
        holder, role = roster.person(duty.person), roster.role_by_code[duty.role]
        there = [person for person, spans in resolution.presence.of_duty(row) if _within(spans, second)]
        named = (*_unit(duty.unit), role.name, holder.name, role.name_zh)
        if there:
            steps.append(Step("unqualified", (*_unit(duty.unit), roster.persons[there[0]].name, post.qualification)))
        elif _within(resolution.presence.away(duty.person), second):
            steps.append(Step("on_leave", named))
        else:
            steps.append(Step("off_duty", named))
    return steps


def _rivals(holder: Holder, resolution: Resolution, second: int) -> str:
    names = []
    for row in holder.post.duties:
        for person, spans in resolution.presence.of_duty(row):
            name = resolution.roster.persons[person].name
            if person != holder.person and _within(spans, second) and name not in names:
                names.append(name)
    return ", ".join(names)


def _within(spans: IntArray, second: int) -> bool:
    return bool(spans[:, 0].searchsorted(second, side="right") > spans[:, 1].searchsorted(second, side="right"))


def _unit(unit: Unit) -> tuple[str, str]:
    return unit
