"""The public atlas: editions, roster and rulebook in one place, and answers from them."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Sequence
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import Any

from geogrid.assign.answer import Answer
from geogrid.assign.answering import Desk
from geogrid.assign.changes import Change, changes_between
from geogrid.assign.frame import answer_frame
from geogrid.assign.locator import Locator
from geogrid.assign.locator_editions import locator_of_edition
from geogrid.assign.roster import Roster
from geogrid.assign.roster_files import (
    ROSTER_SHEETS,
    read_roster,
    roster_of,
    roster_values,
    write_roster,
)
from geogrid.assign.rule_checks import rule_problems
from geogrid.assign.rule_files import RULE_SHEETS, read_rulebook, rulebook_of, rulebook_values, write_rulebook
from geogrid.assign.rulebook import Category, Rulebook
from geogrid.assign.store import load_tables, save_tables
from geogrid.assign.units import require_units
from geogrid.atlas import Atlas as EditionStore
from geogrid.atlas import Edition as StoredEdition
from geogrid.errors import RowsError
from geogrid.types import Datum

__all__ = ["Atlas", "Edition"]

_DATABASE_CHECK_S = 2.0


class Edition(StoredEdition):
    """An edition that can be asked where a point lies."""

    def locator(self) -> Locator:
        """Return the locator of all layers of this edition, mapped from its file beside the atlas."""
        return self._locator

    @cached_property
    def _locator(self) -> Locator:
        return locator_of_edition(self)


class Atlas(EditionStore[Edition]):
    """The store of a city's editions, roster and rulebook, which answers who is responsible.

    Examples
    --------
    >>> import tempfile, pathlib
    >>> from geogrid.assign.roster import Duty, Person
    >>> from geogrid.testing import toy_city
    >>> folder = tempfile.TemporaryDirectory()
    >>> atlas = Atlas.create(pathlib.Path(folder.name) / "toy.gpkg")
    >>> edition = atlas.publish(toy_city(), valid_from="2026-01-01")
    >>> duty = Duty("p1", "grid_head", "responsibility", "G01")
    >>> changes = atlas.replace_roster(Roster(persons=(Person("p1", "Ann"),), duties=(duty,)))
    >>> at = dt.datetime(2026, 11, 22, 20, 15)
    >>> atlas.answer(lon=121.2505, lat=31.3805, datum="wgs84", at=at).person.name
    'Ann'
    >>> folder.cleanup()
    """

    edition_type = Edition

    def roster(self, *, contacts: bool = False) -> Roster:
        """Return the roster as it is kept; contact data only when asked for."""
        skip = () if contacts else ("contacts",)
        return roster_of(load_tables(self.engine, "roster", ROSTER_SHEETS, skip=skip))

    def import_roster(self, path: str | Path, *, dry_run: bool = False) -> tuple[Change, ...]:
        """Take the tables of a file into the roster, all or nothing; return the changes.

        Tables that the file does not have stay as they are; a table that it has is replaced.

        Parameters
        ----------
        path : str or Path
            A workbook, a CSV file or a folder of CSV files, see `read_roster`.
        dry_run : bool
            Only return what would change.

        Raises
        ------
        RowsError
            With every row that cannot be taken; then nothing was changed.
        """
        before = self.roster(contacts=True)
        return self._take(before, read_roster(path, onto=before), path, dry_run)

    def replace_roster(self, roster: Roster, *, dry_run: bool = False) -> tuple[Change, ...]:
        """Make `roster` the atlas's roster, all or nothing; return the changes."""
        return self._take(self.roster(contacts=True), roster, None, dry_run)

    def export_roster(self, path: str | Path, *, contacts: bool = True) -> Path:
        """Write the roster as a workbook or a folder of CSV files; return its path."""
        return write_roster(self.roster(contacts=contacts), path)

    def rulebook(self) -> Rulebook:
        """Return the rulebook as it is kept."""
        return rulebook_of(load_tables(self.engine, "rules", RULE_SHEETS))

    def import_rulebook(self, path: str | Path, *, dry_run: bool = False) -> tuple[Change, ...]:
        """Take the tables of a file into the rulebook, all or nothing; return the changes.

        Raises
        ------
        RowsError
            With every row that cannot be taken, and every role, department, category or place
            that does not exist; then nothing was changed.
        """
        return self._take_rules(read_rulebook(path, onto=self.rulebook()), path, dry_run)

    def add_categories(self, categories: Sequence[Category], *, dry_run: bool = False) -> tuple[Change, ...]:
        """Add categories to the rulebook, in place of those of the same code; return the changes."""
        rules = self.rulebook()
        fresh = {category.code for category in categories}
        kept = tuple(category for category in rules.categories if category.code not in fresh)
        return self._take_rules(replace(rules, categories=(*kept, *categories)), None, dry_run)

    def replace_rulebook(self, rulebook: Rulebook, *, dry_run: bool = False) -> tuple[Change, ...]:
        """Make `rulebook` the atlas's rulebook, all or nothing; return the changes."""
        return self._take_rules(rulebook, None, dry_run)

    def export_rulebook(self, path: str | Path) -> Path:
        """Write the rulebook as a workbook or a folder of CSV files; return its path."""
        return write_rulebook(self.rulebook(), path)

    def desk(self, *, number: int | None = None, as_of: dt.date | dt.datetime | None = None) -> Desk:
        """Return the desk of an edition: by number, or the one in force on a day (today unless told).

        It is made once and again only after the atlas has changed.
        """
        self._forget_if_changed()
        if "roster" not in self._kept:
            self._kept["roster"], self._kept["rulebook"] = self.roster(), self.rulebook()
        edition = self._edition(number, as_of)
        if edition.number not in self._desks:
            self._desks[edition.number] = Desk(
                edition.division, self._kept["roster"], self._kept["rulebook"], edition.number, edition.locator()
            )
        return self._desks[edition.number]

    def answer(
        self,
        *,
        lon: float,
        lat: float,
        datum: str | Datum,
        category: str = "",
        condition: str = "",
        at: dt.datetime | None = None,
    ) -> Answer:
        """Return who answers for one place; see `Desk.answer`.

        The edition is the one in force on the day of `at`.
        """
        moment = at or dt.datetime.now(dt.UTC)
        desk = self.desk(as_of=moment)
        return desk.answer(lon=lon, lat=lat, datum=datum, category=category, condition=condition, at=moment)

    def answers(
        self, frame: Any, *, datum: str | Datum | None = None, as_of: dt.date | None = None, **columns: Any
    ) -> Any:
        """Return a frame of answers with the same index; see `answer_frame`.

        All rows are answered by the edition in force on `as_of`, today unless told.
        """
        return answer_frame(self.desk(as_of=as_of), frame, datum=datum, **columns)

    def _take_rules(self, after: Rulebook, source: object, dry_run: bool) -> tuple[Change, ...]:
        editions = self.editions()
        division = editions[-1].division if editions else None
        problems = list(rule_problems(after, self.roster(), division))
        if problems:
            raise RowsError(problems, source=source or "rulebook")
        changes = changes_between(RULE_SHEETS, rulebook_values(self.rulebook()), rulebook_values(after))
        if changes and not dry_run:
            with self.writing() as connection:
                save_tables(connection, "rules", RULE_SHEETS, rulebook_values(after))
            self._kept.clear()
        return changes

    def _take(self, before: Roster, after: Roster, source: object, dry_run: bool) -> tuple[Change, ...]:
        require_units(self, after, source=source)
        problems = list(rule_problems(self.rulebook(), after))
        if problems:
            raise RowsError(problems, source="rulebook, which still names what this roster leaves out")
        changes = changes_between(ROSTER_SHEETS, roster_values(before), roster_values(after))
        if changes and not dry_run:
            with self.writing() as connection:
                save_tables(connection, "roster", ROSTER_SHEETS, roster_values(after))
            self._kept.clear()
        return changes

    def _edition(self, number: int | None, as_of: dt.date | dt.datetime | None) -> Edition:
        editions: tuple[Edition, ...] | None = self._kept.get("editions")
        if editions is None:
            editions = self.editions()
            self._kept["editions"] = editions
        if number is None:
            day = self._day(as_of)
            for edition in reversed(editions or ()):
                if edition.valid_from <= day:
                    return edition
        for edition in editions or ():
            if edition.number == number:
                return edition
        return self.edition(number, as_of=None if number is not None else self._day(as_of))

    def _day(self, as_of: dt.date | dt.datetime | None) -> dt.date:
        tz = self._kept["roster"].calendar.tz
        if isinstance(as_of, dt.datetime):
            return as_of.date() if as_of.tzinfo is None else as_of.astimezone(tz).date()
        return as_of or self.clock().astimezone(tz).date()

    def _forget_if_changed(self) -> None:
        """Drop what is kept if somebody wrote since: a file's time, a database asked now and then."""
        if self.path is not None:
            state = self.path.stat()
            seen: Any = (state.st_mtime_ns, state.st_size)
        else:
            seen = int(time.monotonic() / _DATABASE_CHECK_S)
        if self._kept.get("seen") != seen:
            self._desks.clear()
            self._kept.clear()
            self._kept["seen"] = seen

    @cached_property
    def _desks(self) -> dict[int, Desk]:
        return {}

    @cached_property
    def _kept(self) -> dict[str, Any]:
        return {}
