"""What an operator decides: which atlas, which datum, how much at once."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from geogrid.types import Datum

__all__ = ["AnyDatum", "Settings"]

AnyDatum = Annotated[Datum, BeforeValidator(Datum.of)]
"""A datum by any usual spelling, e.g. ``GCJ-02``."""


class Settings(BaseModel):
    """The settings of one server; nothing is read from anywhere but here.

    Parameters
    ----------
    atlas : str
        Path of the atlas file, or ``postgresql://user@host/database``.
    datum : Datum, optional
        The datum of coordinates that do not declare theirs. Without it every request must.
    max_points : int
        Points that one ``POST /v1/lookup`` may hold.
    max_body_bytes : int
        Bytes that the body of any request may have.
    max_page : int
        Features that one page of a layer may have.
    editions_open : int
        Editions kept in memory; the least recently asked is let go.
    refresh_s : float
        Seconds until a newly published edition is noticed.

    Examples
    --------
    >>> Settings(atlas="city.gpkg", datum="GCJ-02").datum
    <Datum.GCJ02: 'gcj02'>
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    atlas: str
    datum: AnyDatum | None = None
    max_points: int = Field(default=10_000, ge=1)
    max_body_bytes: int = Field(default=4 * 1024 * 1024, ge=1024)
    max_page: int = Field(default=50_000, ge=1)
    editions_open: int = Field(default=4, ge=1)
    refresh_s: float = Field(default=2.0, ge=0)
