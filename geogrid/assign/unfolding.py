"""What an answer tells beyond the person, worked out when somebody asks for it."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from geogrid.assign.classes import PlaceClass
from geogrid.assign.lines import Line
from geogrid.assign.reasons import Step
from geogrid.assign.resolve import Resolution
from geogrid.assign.rulebook import Asset, Category
from geogrid.assign.walk import Walk

if TYPE_CHECKING:
    from geogrid.assign.answering import Desk

__all__ = ["Unfolding"]

_KINDS = {"component": ("a component", "部件"), "event": ("an event", "事件")}


@dataclass(frozen=True, eq=False)
class Unfolding:
    """One place, case and moment, and who answers: from these follows all the rest.

    It holds nothing that changes, so that an answer is the same whenever it is unfolded.

    Parameters
    ----------
    desk : Desk
    asked : str
        Code of the category as it was given.
    category : Category or None
    condition : str
    cell : int
        Row of the cell.
    code : str
        Of the cell.
    place : PlaceClass
    asset : Asset or None
        The registered asset that was found, `metres` away.
    metres : float
    lines : tuple of Line
    resolution : Resolution
    second : int
        Since 1970 UTC.
    walk : Walk
    """

    desk: Desk
    asked: str
    category: Category | None
    condition: str
    cell: int
    code: str
    place: PlaceClass
    asset: Asset | None
    metres: float
    lines: tuple[Line, ...]
    resolution: Resolution
    second: int
    walk: Walk

    def __call__(self, field: str) -> Any:
        """Return the value of a field of the answer; see `geogrid.assign.answer.LATE`."""
        if field == "steps":
            return self._steps()
        if field == "deadline":
            return self._counted[0]
        holder, details = self.walk.holder, self.desk.details
        if holder is None:
            return ()
        if field == "deputies":
            return details.deputies(holder.post.unit, holder.person, self.resolution, self.second)
        if field == "helpers":
            return details.helpers(self.walk.rule, holder.person, self.place, self.resolution, self.second)
        return details.tiers_above(holder.post.unit, self.place, self.resolution, self.second, self._counted[0])

    @cached_property
    def _counted(self) -> tuple[dt.datetime | None, list[Step]]:
        grade = str(self.desk.places.grade[self.cell])
        return self.desk.details.deadline(self.category, self.condition, grade, self.second)

    def _steps(self) -> tuple[Step, ...]:
        return (
            Step("place", (self.desk.places.base.name, self.code)),
            *self._kind_steps(),
            *self._owner_steps(),
            *([] if self.place.station else [Step("no_station")]),
            *self.walk.steps,
            *self._counted[1],
        )

    def _kind_steps(self) -> list[Step]:
        if not self.asked:
            return [Step("no_category")]
        if self.category is None:
            return [Step("no_catalogue", (self.asked,))]
        english, chinese = _KINDS[self.category.kind]
        return [Step("kind", (self.category.code, self.category.name, english, chinese))]

    def _owner_steps(self) -> list[Step]:
        category, asset = self.category, self.asset
        if category is None:
            return []
        steps = [] if any(line.stage == "route" for line in self.lines) else [Step("no_route")]
        if category.kind == "component":
            if asset is not None:
                named = [self.desk.roster.department_names.get(code, code) for code in asset.holders]
                steps.append(Step("owner", (category.name, asset.id, self.metres, ", ".join(named))))
            else:
                steps.append(Step("no_owner", (self.desk.rulebook.asset_reach_m,)))
        if len(category.bodies) == 1:
            steps.append(Step("body", category.bodies))
        elif category.bodies:
            steps.append(Step("bodies", (len(category.bodies), ", ".join(category.bodies))))
        return steps
