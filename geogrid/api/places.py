"""What a caller sends: one place, or many."""

from __future__ import annotations

import datetime as dt
import re
from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    WithJsonSchema,
    create_model,
)

from geogrid.api.settings import AnyDatum
from geogrid.errors import InputError
from geogrid.types import Datum

__all__ = ["Place", "Places", "place_model", "places_model"]

_LOST_PLUS = re.compile(r"(T[0-9:.]+) (\d\d:?\d\d)")


def _with_plus(value: Any) -> Any:
    """Return a moment with the ``+`` of its offset, which an unescaped query turns into a space."""
    return _LOST_PLUS.sub(r"\1+\2", value) if isinstance(value, str) else value


def _of_our_time(value: dt.datetime | None) -> dt.datetime | None:
    if value is not None and not 1900 <= value.year <= 2200:
        raise InputError("the moment is out of range", given=value.isoformat(), allowed="the years 1900 to 2200")
    return value


class Place(BaseModel):
    """A place to be looked up."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    lon: float = Field(description="Longitude in degrees, in the datum.", examples=[121.25])
    lat: float = Field(description="Latitude in degrees, in the datum.", examples=[31.38])
    datum: AnyDatum = Field(description="Datum the coordinates were measured in: wgs84, cgcs2000, gcj02 or bd09.")
    category: str = Field(
        "", max_length=64, description="Code of the kind of problem; without it the territory answers."
    )
    condition: str = Field("", max_length=64, description="Code of the category's filing condition.")
    at: Annotated[AwareDatetime | None, BeforeValidator(_with_plus), AfterValidator(_of_our_time)] = Field(
        None, description="Moment of the report with its UTC offset; now if not given.",
        examples=["2026-11-22T20:15:00+08:00"],
    )  # fmt: skip
    as_of: dt.date | None = Field(
        None, description="Day whose edition answers; the day of the report if not given.", examples=["2026-11-22"]
    )


class Places(BaseModel):
    """Places to be looked up together; each is answered or refused on its own."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    points: list[Any]
    defaults: dict[str, Any] = Field(
        default_factory=dict, description="Fields of every point that does not say otherwise, e.g. the datum."
    )


def place_model(default: Datum | None) -> type[Place]:
    """Return the model of a place, whose datum is required unless the operator has set one."""
    if default is None:
        return Place
    field = (AnyDatum, Field(default, description="Datum the coordinates were measured in."))
    return create_model("Place", __base__=Place, datum=field)


def places_model(place: type[Place], max_points: int) -> type[Places]:
    """Return the model of many places, at most `max_points`; a point is looked at on its own turn."""
    # What a point leaves out may stand in the defaults, so nothing is required of it here.
    schema = place.model_json_schema() | {"required": []}
    listed = {"type": "array", "items": schema, "minItems": 1, "maxItems": max_points}
    points: Any = Annotated[list[Any], WithJsonSchema(listed)]
    bounds = Field(min_length=1, max_length=max_points, description="The places.")
    return create_model("Places", __base__=Places, points=(points, bounds))
