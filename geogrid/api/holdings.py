"""The atlas of a server, and the editions it holds open."""

from __future__ import annotations

import dataclasses
import datetime as dt
import logging
import threading
import time
from collections import OrderedDict
from dataclasses import dataclass, field

from geogrid.api.settings import Settings
from geogrid.assign.answering import Desk
from geogrid.assign.desk import Atlas, Edition
from geogrid.assign.roster import Roster
from geogrid.assign.rulebook import Rulebook
from geogrid.errors import GeogridError, InputError, NotFoundError
from geogrid.lattice import STEPS_PER_DEGREE
from geogrid.types import Datum

__all__ = ["Holdings"]

_log = logging.getLogger("geogrid.api")


@dataclass(frozen=True, eq=False)
class _Shelf:
    """One state of the atlas: its editions, roster and rulebook, and the desks made from them so far."""

    seen: object
    editions: list[Edition]
    roster: Roster
    rulebook: Rulebook
    desks: dict[int, Desk] = field(default_factory=dict)
    asked: OrderedDict[int, None] = field(default_factory=OrderedDict)
    by_quarter: dict[int, Edition | None] = field(default_factory=dict)

    def in_force(self, day: dt.date) -> Edition | None:
        return next((edition for edition in reversed(self.editions) if edition.valid_from <= day), None)

    def day_of(self, as_of: dt.date | None, at: dt.datetime | None) -> dt.date:
        return as_of or (at or dt.datetime.now(dt.UTC)).astimezone(self.roster.calendar.tz).date()

    def at_time(self, as_of: dt.date | None, at: dt.datetime | None) -> Edition | None:
        """Return the edition that answers. Days begin on a quarter of an hour in every zone, so each is looked up once."""
        if as_of is not None:
            return self.in_force(as_of)
        quarter = int((time.time() if at is None else at.timestamp()) // 900)
        if quarter not in self.by_quarter:
            if len(self.by_quarter) > 10_000:
                self.by_quarter.clear()
            self.by_quarter[quarter] = self.in_force(
                self.day_of(None, dt.datetime.fromtimestamp(quarter * 900, dt.UTC))
            )
        return self.by_quarter[quarter]

    def hold(self, number: int, at_most: int) -> None:
        """Note that an edition was asked for; let go of what the least recently asked ones hold open."""
        self.asked[number] = None
        self.asked.move_to_end(number)
        while len(self.asked) > at_most:
            gone, _ = self.asked.popitem(last=False)
            self.desks.pop(gone, None)
            for place, edition in enumerate(self.editions):
                if edition.number == gone:
                    self.editions[place] = dataclasses.replace(edition)
                    self.by_quarter.clear()


class Holdings:
    """The atlas of a server and its open editions, shared by all requests of a process.

    An edition is opened by the first request that needs it; others that need it wait for that opening. A new
    edition or roster is noticed within `Settings.refresh_s` and made ready aside: until then the requests
    are answered from what is open.

    Parameters
    ----------
    settings : Settings
    """

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self._lock = threading.RLock()
        self._atlas: Atlas | None = None
        self._shelf: _Shelf | None = None
        self._checked = float("-inf")
        self._refreshing = threading.Lock()

    @property
    def open_count(self) -> int:
        """How many editions are open."""
        return len(self._shelf.desks) if self._shelf else 0

    def at_hand(self, as_of: dt.date | None, at: dt.datetime | None) -> Desk | None:
        """Return the desk that answers, if it is open; never waits for a disk or a database.

        Parameters
        ----------
        as_of : date, optional
            The day whose edition answers; else the day of `at`, else today, in the city's time zone.
        at : datetime, optional
        """
        shelf = self._shelf
        if shelf is None:
            return None
        self._look_again()
        edition = shelf.at_time(as_of, at)
        desk = None if edition is None else shelf.desks.get(edition.number)
        if desk is not None and len(shelf.asked) > 1:
            with self._lock:
                shelf.hold(desk.edition, self.settings.editions_open)
        return desk

    def desk(self, as_of: dt.date | None = None, at: dt.datetime | None = None) -> Desk:
        """Return the desk that answers, opening its edition if need be.

        Raises
        ------
        NotFoundError
            If no edition is in force on that day, or there is no atlas.
        StorageError
        """
        open_already = self.at_hand(as_of, at)
        if open_already is not None:
            return open_already
        with self._lock:
            shelf = self._opened()
            return self._desk(shelf, self._in_force(shelf, shelf.day_of(as_of, at)))

    def current(self) -> Edition:
        """Return the edition in force today, open."""
        desk = self.desk()
        return self.numbered(str(desk.edition))

    def numbered(self, text: str) -> Edition:
        """Return an edition by its id: a number, or ``current``.

        Raises
        ------
        InputError
            If it is neither.
        NotFoundError
            If there is no such edition.
        """
        if text == "current":
            return self.current()
        if not (text.isascii() and text.isdigit() and len(text) < 10):
            raise InputError("not the id of an edition", given=text[:40], allowed="a number, or current")
        self._look_again()
        with self._lock:
            shelf = self._opened()
            for edition in shelf.editions:
                if edition.number == int(text):
                    shelf.hold(edition.number, self.settings.editions_open)
                    return edition
        numbers = ", ".join(str(edition.number) for edition in shelf.editions)
        raise NotFoundError("no such edition", given=text, allowed=numbers or "the atlas has no edition yet")

    def editions(self) -> tuple[list[Edition], int | None]:
        """Return all editions, and the number of the one in force today."""
        self._look_again()
        with self._lock:
            shelf = self._opened()
        current = shelf.in_force(shelf.day_of(None, None))
        return shelf.editions, current.number if current else None

    def close(self) -> None:
        """Let go of everything."""
        with self._lock:
            if self._atlas is not None:
                self._atlas.close()
            self._atlas, self._shelf = None, None

    def _opened(self) -> _Shelf:
        if self._shelf is None:
            atlas = Atlas.open(self.settings.atlas)
            self._shelf = _read(atlas, _state_of(atlas, self._checked), [])
            self._atlas, self._checked = atlas, time.monotonic()
        return self._shelf

    def _in_force(self, shelf: _Shelf, day: dt.date) -> Edition:
        found = shelf.in_force(day)
        if found is None:
            first = min((edition.valid_from for edition in shelf.editions), default=None)
            raise NotFoundError(
                "no edition is in force on this day", given=day.isoformat(),
                allowed=f"{first.isoformat()} or later" if first else "the atlas has no edition yet",
                mend="ask for a later day" if first else "publish an edition",
            )  # fmt: skip
        return found

    def _desk(self, shelf: _Shelf, edition: Edition) -> Desk:
        """Return the desk of an edition, opened and tried once."""
        if edition.number not in shelf.desks:
            desk = Desk(edition.division, shelf.roster, shelf.rulebook, edition.number, edition.locator())
            _try(desk)
            shelf.desks[edition.number] = desk
        shelf.hold(edition.number, self.settings.editions_open)
        return shelf.desks[edition.number]

    def _look_again(self) -> None:
        """Start to look for changes aside, if the last look is long enough ago and nobody is at it."""
        if time.monotonic() - self._checked < self.settings.refresh_s or not self._refreshing.acquire(blocking=False):
            return
        self._checked = time.monotonic()
        threading.Thread(target=self._refresh, name="geogrid-refresh", daemon=True).start()

    def _refresh(self) -> None:
        try:
            atlas, before = self._atlas, self._shelf
            if atlas is None or before is None:
                return
            seen = _state_of(atlas, self._checked)
            if seen == before.seen:
                return
            after = _read(atlas, seen, before.editions)
            for number in [*before.desks]:
                edition = next((each for each in after.editions if each.number == number), None)
                if edition is not None:
                    self._desk(after, edition)
            current = after.in_force(after.day_of(None, None))
            if current is not None:
                self._desk(after, current)
            with self._lock:
                self._shelf = after
        except (GeogridError, OSError) as error:
            _log.error("the atlas could not be read again, the server goes on with what it has: %s", error)
        finally:
            self._refreshing.release()


def _state_of(atlas: Atlas, moment: float) -> object:
    """Return what changes when somebody writes: a file's time and size; a database counts as changed at each look."""
    if atlas.path is None:
        return moment
    state = atlas.path.stat()
    return state.st_mtime_ns, state.st_size


def _read(atlas: Atlas, seen: object, known: list[Edition]) -> _Shelf:
    """Return the atlas as it is now; editions that are known already keep what they hold open."""
    open_already = {_facts(edition): edition for edition in known}
    editions = [open_already.get(_facts(edition), edition) for edition in atlas.editions()]
    return _Shelf(seen, editions, atlas.roster(), atlas.rulebook())


def _facts(edition: object) -> tuple[object, ...]:
    fields = dataclasses.fields(edition)  # type: ignore[arg-type]
    return tuple(getattr(edition, each.name) for each in fields if each.name != "engine")


def _try(desk: Desk) -> None:
    """Answer for a place inside and one outside, so that all that answers need is made, and compiled, beforehand."""
    shapes = desk.division.shapes(desk.division.base.name)
    if len(shapes.coords):
        lon, lat = (shapes.coords[0] / STEPS_PER_DEGREE).tolist()
        north = (float(shapes.coords[:, 1].max()) / STEPS_PER_DEGREE + 90) / 2
        for datum in Datum:
            desk.answer(lon=lon, lat=lat, datum=datum)
        desk.answer(lon=lon, lat=north, datum=Datum.WGS84)
