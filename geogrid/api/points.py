"""Points of one request: each is answered or refused on its own."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections import Counter
from collections.abc import Mapping
from functools import lru_cache
from operator import attrgetter
from typing import Any

from pydantic import ValidationError
from pydantic_core import to_json

from geogrid.api.holdings import Holdings
from geogrid.api.places import Place
from geogrid.api.problems import problem_of
from geogrid.assign.answer import Answer
from geogrid.assign.answering import Desk
from geogrid.assign.reasons import Step, in_words
from geogrid.errors import GeogridError, InputError

__all__ = ["PointClerk", "answer_json", "answered"]

_SHOWN = tuple(field.name for field in dataclasses.fields(Answer) if field.name != "steps")
_values = attrgetter(*_SHOWN)


def answer_json(answer: Answer) -> bytes:
    """Return an answer as JSON, the same as ``Answer.to_dict`` but encoded at once."""
    facts = to_json(dict(zip(_SHOWN, _values(answer), strict=True)), inf_nan_mode="null")
    return facts[:-1] + b',"why":[' + b",".join([_reason_json(step) for step in answer.steps]) + b"]}"


@lru_cache(maxsize=8192)
def _reason_json(step: Step) -> bytes:
    return to_json(in_words(step))


def answered(desk: Desk, place: Place, at: dt.datetime | None) -> Answer:
    """Return who answers for a place at a moment."""
    return desk.answer(
        lon=place.lon, lat=place.lat, datum=place.datum, category=place.category, condition=place.condition, at=at
    )


class PointClerk:
    """Answers the points of one request one after the other.

    Parameters
    ----------
    holdings : Holdings
    place_type : type of Place
    defaults : mapping
        Fields of every point that does not say otherwise.
    chinese : bool
        The language of problems.

    Attributes
    ----------
    outcomes : Counter
        How many points came to which outcome, ``refused`` among them.
    """

    def __init__(self, holdings: Holdings, place_type: type[Place], defaults: Mapping[str, Any], chinese: bool) -> None:
        self._holdings, self._place_type, self._defaults, self._chinese = holdings, place_type, defaults, chinese
        self._now = dt.datetime.now(dt.UTC)
        self.outcomes: Counter[str] = Counter()

    def result(self, index: int, point: Any) -> bytes:
        """Return what became of a point as JSON: ``{"index": …, "answer": …}`` or ``{"index": …, "problem": …}``.

        Parameters
        ----------
        index : int
        point : Any
            An object of the fields of a place, or the error that kept it from being read.
        """
        head = b'{"index":%d,' % index
        try:
            if isinstance(point, GeogridError):
                raise point
            if not isinstance(point, dict):
                raise InputError("a point is not an object", given=str(point)[:100], allowed='{"lon": …, "lat": …}')
            place = self._place_type.model_validate({**self._defaults, **point})
            at = place.at or self._now
            answer = answered(self._holdings.desk(place.as_of, at), place, at)
        except (GeogridError, ValidationError) as error:
            problem = problem_of(error, chinese=self._chinese)
            if problem["status"] >= 500:
                raise
            self.outcomes["refused"] += 1
            return head + b'"problem":' + to_json(problem) + b"}"
        self.outcomes[answer.outcome] += 1
        return head + b'"answer":' + answer_json(answer) + b"}"
