"""Drafts: an edition being edited, step by step, with undo, until it is published."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, delete, select, update

from geogrid.atlas.issue import next_grid_code
from geogrid.atlas.steps import Step, apply_step
from geogrid.atlas.tables import draft_step_table, draft_table
from geogrid.errors import ConflictError, NotFoundError
from geogrid.partition.division import Division
from geogrid.types import Progress, no_progress

if TYPE_CHECKING:
    from geogrid.atlas.atlas import Atlas
    from geogrid.atlas.edition import Edition

__all__ = ["Draft", "open_draft", "read_drafts", "start_draft"]


@dataclass(frozen=True, eq=False)
class Draft:
    """An edition being edited.

    Only the steps are kept, not a copy: a draft is its edition with the steps done.

    Parameters
    ----------
    name : str
    based_on : int
        Number of the edition it started from.
    created_at : datetime
    published_as : int or None
        The edition it became.
    atlas : Atlas
    """

    key: int = field(repr=False)
    name: str
    based_on: int
    created_at: dt.datetime
    published_as: int | None
    atlas: Atlas = field(repr=False)

    def steps(self) -> tuple[Step, ...]:
        """Return the steps in force, in order."""
        with self.atlas.reading() as connection:
            return tuple(row.step for row in _rows(connection, self.key) if not row.undone)

    def division(self) -> Division:
        """Return the division as the draft has it now, as it would be published.

        Grids that changed have the areas they are in now. Layers in balance with changed grids, and those above, have
        the figures of these grids. Where the plan of the edition cannot tell how to make them, they have none, and a
        finding ``figures_can_be_made`` says why.
        """
        # The methods of balance take a while to load; most drafts are kept, and asked for, without them.
        from geogrid.partition.balance.figures import redrawn

        return redrawn(self._start, self._edited(), folders=self.atlas.folders)

    def _edited(self) -> Division:
        """Return the edition with the steps done, with figures as they were."""
        result = self._start
        for step in self.steps():
            result = apply_step(result, step)
        return result

    @cached_property
    def _start(self) -> Division:
        return self.atlas.edition(self.based_on).division

    def move(self, members: Sequence[str], *, layer: str, to: str) -> Draft:
        """Give cells (codes of the layer below) to another grid; return the draft."""
        return self._do(lambda _: {"do": "move", "layer": layer, "members": list(members), "to": to})

    def merge(self, code: str, *, layer: str, into: str) -> Draft:
        """Give all cells of a grid to another one and drop it; return the draft."""
        return self._do(lambda _: {"do": "merge", "layer": layer, "code": code, "into": into})

    def rename(self, code: str, *, layer: str, name: str) -> Draft:
        """Give a cell or grid another name; return the draft."""
        return self._do(lambda _: {"do": "rename", "layer": layer, "code": code, "name": name})

    def add(self, members: Sequence[str], *, layer: str, name: str, code: str = "") -> Draft:
        """Make a new grid of these cells; its code is issued unless given; return the draft."""

        def step(connection: Connection) -> Step:
            chosen = code or next_grid_code(connection, self._edited(), layer, list(members))
            return {"do": "add", "layer": layer, "code": chosen, "name": name, "members": list(members)}

        return self._do(step)

    def undo(self) -> bool:
        """Take the last step back; return whether there was one."""
        return self._mark(undone=True)

    def redo(self) -> bool:
        """Do the step again that was taken back last; return whether there was one."""
        return self._mark(undone=False)

    def publish(self, *, valid_from: dt.date | str, note: str = "", progress: Progress = no_progress) -> Edition:
        """Return the edition that the draft has become.

        Raises
        ------
        ConflictError
            If it was published before, or another edition was published since it was started.
        """
        edition = self.atlas.publish(
            self.division(), valid_from=valid_from, note=note or self.name, based_on=self.based_on, progress=progress
        )
        with self.atlas.writing() as connection:
            connection.execute(
                update(draft_table).where(draft_table.c.fid == self.key).values(published_as=edition.number)
            )
        return edition

    def drop(self) -> None:
        """Delete the draft with its steps; editions stay."""
        with self.atlas.writing() as connection:
            connection.execute(delete(draft_step_table).where(draft_step_table.c.draft == self.key))
            connection.execute(delete(draft_table).where(draft_table.c.fid == self.key))

    def _do(self, make: Callable[[Connection], Step]) -> Draft:
        """Keep a step if it can be done; steps that were taken back are forgotten."""
        table = draft_step_table.c
        with self.atlas.writing() as connection:
            self._require_open(connection)
            step = make(connection)
            apply_step(self._edited(), step)
            connection.execute(delete(draft_step_table).where(table.draft == self.key, table.undone.is_(True)))
            position = len(_rows(connection, self.key)) + 1
            connection.execute(
                draft_step_table.insert(),
                {
                    "draft": self.key,
                    "position": position,
                    "step": step,
                    "made_at": self.atlas.clock(),
                    "undone": False,
                },
            )
        return self

    def _mark(self, *, undone: bool) -> bool:
        table = draft_step_table.c
        with self.atlas.writing() as connection:
            self._require_open(connection)
            fitting = [row.fid for row in _rows(connection, self.key) if row.undone is not undone]
            if not fitting:
                return False
            chosen = fitting[-1] if undone else fitting[0]
            connection.execute(update(draft_step_table).where(table.fid == chosen).values(undone=undone))
        return True

    def _require_open(self, connection: Connection) -> None:
        row = connection.execute(select(draft_table).where(draft_table.c.fid == self.key)).one_or_none()
        if row is None:
            raise NotFoundError("the draft was dropped", given=self.name)
        if row.published_as is not None:
            raise ConflictError(
                "the draft was published", given=self.name, mend="start a new one from the last edition"
            )


def start_draft(atlas: Atlas, name: str, based_on: int) -> Draft:
    """Return a new draft of an edition.

    Raises
    ------
    ConflictError
        If there is a draft of this name.
    """
    with atlas.writing() as connection:
        if connection.execute(select(draft_table.c.fid).where(draft_table.c.name == name)).first() is not None:
            raise ConflictError("there is a draft of this name", given=name, mend="open it, or choose another name")
        made = {"name": name, "based_on": based_on, "created_at": atlas.clock(), "published_as": None}
        connection.execute(draft_table.insert(), made)
    return open_draft(atlas, name)


def open_draft(atlas: Atlas, name: str) -> Draft:
    """Return the draft of this name, or raise NotFoundError."""
    found = {draft.name: draft for draft in read_drafts(atlas)}
    if name not in found:
        raise NotFoundError("no such draft", given=name, allowed=", ".join(found) or "there is none")
    return found[name]


def read_drafts(atlas: Atlas) -> tuple[Draft, ...]:
    """Return all drafts, oldest first."""
    with atlas.reading() as connection:
        rows = connection.execute(select(draft_table).order_by(draft_table.c.fid)).all()
    return tuple(Draft(row.fid, row.name, row.based_on, row.created_at, row.published_as, atlas) for row in rows)


def _rows(connection: Connection, draft: int) -> Sequence[Any]:
    table = draft_step_table
    return connection.execute(select(table).where(table.c.draft == draft).order_by(table.c.position)).all()
