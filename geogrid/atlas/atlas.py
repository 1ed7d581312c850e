"""The atlas: create it, open it, publish editions, ask for them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, Generic, Self

from sqlalchemy import Connection, Engine
from typing_extensions import TypeVar

from geogrid.atlas.creation import create_tables, require_atlas
from geogrid.atlas.draft import Draft, open_draft, read_drafts, start_draft
from geogrid.atlas.edition import Edition, read_editions
from geogrid.atlas.engine import open_engine, reading, writing
from geogrid.atlas.issue import issue_codes
from geogrid.atlas.lineage import CodeHistory, code_history, successors
from geogrid.atlas.numbering import Numbering
from geogrid.atlas.publish import write_edition
from geogrid.atlas.soundness import require_sound
from geogrid.errors import ConflictError, InputError, NotFoundError
from geogrid.partition.division import Division
from geogrid.types import Progress, no_progress

__all__ = ["Atlas", "as_date"]


_Edition_co = TypeVar("_Edition_co", bound=Edition, default=Edition, covariant=True)


def _now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


class Atlas(Generic[_Edition_co]):
    """The store of a city's editions: one GeoPackage file, or a PostgreSQL database with PostGIS.

    Parameters
    ----------
    engine : Engine
        From `create` or `open`; other parts keep their tables through it as well.
    clock : callable, optional
        Tells the moment that is recorded, and what day it is today.

    Examples
    --------
    >>> import tempfile, pathlib
    >>> from geogrid.testing import toy_city
    >>> folder = tempfile.TemporaryDirectory()
    >>> atlas = Atlas.create(pathlib.Path(folder.name) / "toy.gpkg")
    >>> edition = atlas.publish(toy_city(), valid_from="2026-01-01")
    >>> edition.number, edition.valid_from.isoformat(), len(edition.layer("cell"))
    (1, '2026-01-01', 16)
    >>> folder.cleanup()
    """

    edition_type: type[_Edition_co] = Edition  # type: ignore[assignment]
    """What `edition` returns; a subclass of the atlas may return more."""

    def __init__(self, engine: Engine, *, clock: Callable[[], dt.datetime] = _now) -> None:
        self.engine = engine
        self.clock = clock

    @classmethod
    def create(cls, target: str | Path, **options: Any) -> Self:
        """Return a new, empty atlas.

        Parameters
        ----------
        target : path of the file, or ``postgresql://user@host/database``
        **options
            Passed to the class, e.g. ``clock``.

        Raises
        ------
        ConflictError
            If there is a file, or an atlas in the database, already.
        StorageError
            If it cannot be written.
        """
        create_tables(target)
        return cls(open_engine(target), **options)

    @classmethod
    def open(cls, target: str | Path, **options: Any) -> Self:
        """Return the atlas that is kept there.

        Raises
        ------
        NotFoundError
            If there is nothing there.
        FormatError
            If it is not an atlas, or one of a newer geogrid.
        """
        return cls(require_atlas(target), **options)

    @property
    def path(self) -> Path | None:
        """The atlas's file; None in a database."""
        return Path(str(self.engine.url.database)) if self.engine.dialect.name == "sqlite" else None

    @property
    def folders(self) -> tuple[Path, ...]:
        """Where relative paths of a plan that an edition remembers may start: beside the file, then here."""
        here = Path.cwd()
        return (here,) if self.path is None else (self.path.resolve().parent, here)

    def close(self) -> None:
        """Let go of the database's connections."""
        self.engine.dispose()

    def publish(
        self,
        division: Division,
        *,
        valid_from: dt.date | str,
        numbering: Numbering | Mapping[str, Numbering] | None = None,
        note: str = "",
        based_on: int | None = None,
        replace: bool = False,
        progress: Progress = no_progress,
    ) -> _Edition_co:
        """Return the edition that `division` has become.

        Cells without a code are numbered; those that live on from the edition before keep theirs.
        Rows are put in the order of their codes. Either everything is written or nothing: a
        process killed at any moment leaves the atlas as it was.

        Parameters
        ----------
        division : Division
        valid_from : date or ISO text
            The first day it is in force.
        numbering : Numbering, or mapping of layer name to Numbering, optional
            One for the base layer, or one per layer; else the 15-digit unit grid code where the areas
            are communities with 12-digit codes, and ``<area>-<number>`` elsewhere.
        note : str
        based_on : int, optional
            The edition this division was made from; publishing fails if a newer one is there.
        replace : bool
            Whether editions that were to begin on or after `valid_from` are withdrawn.
        progress : Progress

        Raises
        ------
        InputError
            If the division is not sound.
        CodeError
            If an area has no number left, or a retired code is given to other ground.
        ConflictError
            If another publisher is at work for too long or was faster, the dates collide, or the
            division is of another place.
        StorageError
            If the disk is full or fails.
        """
        begins = as_date(valid_from)
        require_sound(division)
        with writing(self.engine) as connection:
            editions = self.editions()
            before = editions[-1] if editions else None
            _require_turn(division.code, division.name, begins, editions, based_on, replace)
            issue = issue_codes(connection, division, before, numbering, progress)
            write_edition(
                connection, issue, number=before.number + 1 if before else 1, valid_from=begins,
                published_at=self.clock(), based_on=before.number if before else None, note=note, progress=progress,
            )  # fmt: skip
        progress("commit", 1, 1)
        return self.editions()[-1]

    def require_turn(self, edition: Edition, *, valid_from: dt.date | str, replace: bool = False) -> None:
        """Check before long work that what is made from `edition` could be published now to begin on that day.

        Raises
        ------
        ConflictError
            If a newer edition is there, or one begins on that day or later and is not to be replaced.
        InputError
            If the day is none.
        """
        _require_turn(edition.code, edition.name, as_date(valid_from), self.editions(), edition.number, replace)

    def editions(self) -> tuple[_Edition_co, ...]:
        """Return all editions in the order of publishing."""
        return read_editions(self.engine, self.edition_type)

    def edition(
        self,
        number: int | None = None,
        *,
        as_of: dt.date | dt.datetime | str | None = None,
        known_at: dt.datetime | None = None,
    ) -> _Edition_co:
        """Return one edition: by number, or the one in force on a day (today unless told).

        Parameters
        ----------
        number : int, optional
        as_of : date or ISO text, optional
            The day; editions are valid on half-open dates ``[valid_from, valid_to)``.
        known_at : datetime, optional
            What the atlas would have answered at that moment: later publications do not count.

        Raises
        ------
        NotFoundError
            If there is no such edition, or none in force on that day.
        """
        editions = self.editions()
        if number is not None:
            if as_of is not None:
                raise InputError("ask for an edition by number or by day, not both", given=f"{number}, {as_of}")
            for edition in editions:
                if edition.number == number:
                    return edition
            raise NotFoundError("no such edition", given=number, allowed=_spans(editions), source=self.path)
        day = as_date(as_of) if as_of is not None else self.clock().astimezone().date()
        known = [edition for edition in editions if known_at is None or edition.published_at <= known_at]
        for edition in reversed(known):
            if edition.valid_from <= day:
                return edition
        raise NotFoundError(
            f"no edition is in force on {day.isoformat()}", allowed=_spans(known), source=self.path,
            mend="ask for a later day, or publish an edition" if known else "publish an edition",
        )  # fmt: skip

    def history(self, code: str, *, layer: str | None = None) -> tuple[CodeHistory, ...]:
        """Return the life of a code in each layer that ever had it.

        Raises
        ------
        NotFoundError
            If it was never issued.
        """
        with reading(self.engine) as connection:
            return code_history(connection, code, layer)

    def successors(self, code: str, *, layer: str) -> dict[str, float]:
        """Return the codes of the last edition that stand where `code` stood, with their share of it.

        Parameters
        ----------
        code : str
        layer : str
            A layer, or a level of areas.

        Raises
        ------
        NotFoundError
            If the layer never had the code.
        """
        with reading(self.engine) as connection:
            return successors(connection, code, layer=layer)

    def start_draft(self, name: str, *, based_on: int | None = None) -> Draft:
        """Return a new draft of an edition, the last one unless told.

        Raises
        ------
        ConflictError
            If there is a draft of this name.
        NotFoundError
            If there is no such edition.
        """
        editions = self.editions()
        if based_on is None and not editions:
            raise NotFoundError("the atlas has no edition to draft from", source=self.path, mend="publish one first")
        return start_draft(self, name, editions[-1].number if based_on is None else self.edition(based_on).number)

    def draft(self, name: str) -> Draft:
        """Return the draft of this name, or raise NotFoundError."""
        return open_draft(self, name)

    def drafts(self) -> tuple[Draft, ...]:
        """Return all drafts, oldest first."""
        return read_drafts(self)

    def writing(self) -> AbstractContextManager[Connection]:
        """Return a context manager that yields a `Connection` in a transaction of the only writer.

        For tables that other parts keep in the same atlas; list new ones with
        `geogrid.atlas.register_attributes`.
        """
        return writing(self.engine)

    def reading(self) -> AbstractContextManager[Connection]:
        """Return a context manager that yields a `Connection` which sees one state throughout."""
        return reading(self.engine)


def as_date(value: dt.date | dt.datetime | str) -> dt.date:
    """Return a calendar date from a date, a datetime (its own day) or ISO text.

    Raises
    ------
    InputError
        If the text is not a date.

    Examples
    --------
    >>> as_date("2026-11-22")
    datetime.date(2026, 11, 22)
    """
    if isinstance(value, dt.datetime):
        return value.date()
    if isinstance(value, dt.date):
        return value
    try:
        return dt.datetime.fromisoformat(value).date()
    except (TypeError, ValueError):
        raise InputError("not a date", given=repr(value), allowed="YYYY-MM-DD") from None


def _require_turn(
    code: str, name: str, begins: dt.date, editions: tuple[Edition, ...], based_on: int | None, replace: bool
) -> None:
    last = editions[-1].number if editions else None
    if based_on is not None and based_on != last:
        raise ConflictError(
            "another edition was published meanwhile", given=f"based on edition {based_on}",
            allowed=f"edition {last} is the last", mend="look at what changed and start from the last edition",
        )  # fmt: skip
    if editions and code != editions[-1].code:
        raise ConflictError(
            "the atlas is of another place", given=f"{code} {name}",
            allowed=f"{editions[-1].code} {editions[-1].name}", mend="publish to an atlas of its own",
        )  # fmt: skip
    later = [e for e in editions if not e.withdrawn and e.valid_from >= begins]
    if later and not replace:
        raise ConflictError(
            f"edition {later[0].number} already begins on {later[0].valid_from.isoformat()}", given=begins.isoformat(),
            allowed=f"a day after {later[-1].valid_from.isoformat()}",
            mend="choose a later day, or say that the later editions are to be replaced (--replace)",
        )  # fmt: skip


def _spans(editions: Sequence[Edition]) -> str:
    return (
        "; ".join(
            f"edition {e.number} from {e.valid_from.isoformat()}"
            + (f" to {e.valid_to.isoformat()}" if e.valid_to else "")
            for e in editions
        )
        or "the atlas has no edition yet"
    )
