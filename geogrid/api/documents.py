"""What the server sends, as models: the contract that OpenAPI shows and the tests hold answers to."""

from __future__ import annotations

import datetime as dt
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from geogrid.api.problems import Problem

__all__ = [
    "AnswerDocument",
    "AnswersDocument",
    "EditionDetail",
    "EditionDocument",
    "EditionsDocument",
    "LayerDocument",
]


class _Document(BaseModel):
    model_config = ConfigDict(extra="forbid")


class NamedDocument(_Document):
    """A code with its name."""

    code: str
    name: str


class PersonDocument(_Document):
    """A person in a role at a unit; no contact data."""

    id: str
    name: str
    role: str
    role_name: str
    role_name_zh: str
    department: str
    department_name: str
    layer: str
    unit: str
    instead_of: str = Field(description="Id of the person on leave whom this one stands in for.")


class EscalationDocument(_Document):
    """One tier up: to whom an overdue report climbs, and when."""

    unit: NamedDocument
    tier: str
    person: PersonDocument | None
    at: dt.datetime | None


class ReasonDocument(_Document):
    """One step that led to the answer, in words."""

    en: str
    zh: str


class AnswerDocument(_Document):
    """Who answers for one place, kind of problem and moment."""

    outcome: Literal["answered", "hole", "outside"]
    lon: float = Field(description="Degrees, WGS 84.")
    lat: float = Field(description="Degrees, WGS 84.")
    at: dt.datetime
    category: str
    condition: str
    edition: int
    cell: NamedDocument = Field(description="Of a place outside: the nearest cell.")
    distance_m: float | None = Field(description="Of a place outside: metres to the nearest cell.")
    layers: dict[str, NamedDocument] = Field(description="The grid of every layer.")
    areas: dict[str, NamedDocument] = Field(description="The area of every level.")
    station: NamedDocument | None
    person: PersonDocument | None = Field(description="The one accountable person.")
    clash: bool
    deputies: list[PersonDocument]
    helpers: list[PersonDocument]
    escalation: list[EscalationDocument]
    deadline: dt.datetime | None
    rules: list[str]
    why: list[ReasonDocument]


class ResultDocument(_Document):
    """What became of one point: an answer, or the problem that kept it from one."""

    index: int
    answer: AnswerDocument | None = None
    problem: Problem | None = None


class AnswersDocument(_Document):
    """A result for each point, in the order they were sent."""

    total: int
    refused: int
    results: list[ResultDocument]


class EditionDocument(_Document):
    """One immutable, dated, complete division."""

    number: int
    code: str
    name: str
    valid_from: dt.date
    valid_to: dt.date | None = Field(description="The first day it is not in force any more.")
    published_at: dt.datetime
    withdrawn: bool
    content_hash: str
    note: str
    in_force: bool = Field(description="Whether it is in force today.")
    href: str


class EditionsDocument(_Document):
    """All editions of the atlas, in the order of publishing."""

    editions: list[EditionDocument]


class LayerDocument(_Document):
    """One layer of an edition."""

    name: str
    kind: Literal["base", "stacked", "overlay"]
    of: str | None = Field(description="The layer below a stacked one.")
    count: int
    href: str


class EditionDetail(EditionDocument):
    """One edition with its layers."""

    layers: list[LayerDocument]
