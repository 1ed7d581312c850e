"""Every error class becomes a problem with a status, in the caller's language, without secrets."""

from __future__ import annotations

import inspect

import pytest
from pydantic import ValidationError

from geogrid import errors
from geogrid.api.places import Place, place_model
from geogrid.api.problems import KINDS, Problem, kind_of, problem_of, speaks_chinese
from geogrid.types import Datum

ALL = [kind for _, kind in inspect.getmembers(errors, inspect.isclass) if issubclass(kind, errors.GeogridError)]


@pytest.mark.parametrize("kind", ALL, ids=lambda kind: kind.__name__)
def test_every_error_class_has_its_problem(kind: type[errors.GeogridError]) -> None:
    error = kind([]) if kind is errors.RowsError else kind("x")  # type: ignore[arg-type]
    problem = Problem(**problem_of(error))
    assert 400 <= problem.status < 600
    assert problem.status != 500
    assert problem.type.startswith("urn:geogrid:problem:")


def test_the_nearest_listed_base_class_decides() -> None:
    assert kind_of(errors.DatumError("x")).name == "datum"
    assert kind_of(errors.PlanError("x")).name == "input"
    assert kind_of(errors.ChecksumError("x")).status == 503
    assert kind_of(ZeroDivisionError()).status == 500


def test_names_and_titles_are_given_in_both_languages_and_only_once() -> None:
    assert len({kind.name for kind in KINDS.values()}) == len(KINDS)
    assert all(kind.title.isascii() and not kind.title_zh.isascii() for kind in KINDS.values())


def test_a_problem_says_what_was_given_what_is_allowed_and_the_mend() -> None:
    error = errors.DatumError(
        "unknown datum", given="wgs72", allowed="wgs84, gcj02", source="/srv/secret", mend="say it"
    )
    assert problem_of(error) == {
        "type": "urn:geogrid:problem:datum",
        "title": "The datum is missing or unknown",
        "status": 422,
        "detail": "unknown datum",
        "given": "wgs72",
        "allowed": "wgs84, gcj02",
        "mend": "say it",
    }
    assert problem_of(error, chinese=True)["title"] == "坐标基准缺失或未知"


@pytest.mark.parametrize(
    "error", [errors.StorageError("cannot read", source="/srv/city.gpkg"), RuntimeError("password")]
)
def test_an_error_on_our_side_names_no_file_and_no_reason(error: Exception) -> None:
    shown = str(problem_of(error))
    assert "/srv" not in shown
    assert "password" not in shown


def test_unacceptable_fields_are_listed_and_a_missing_datum_is_a_datum_problem() -> None:
    with pytest.raises(ValidationError) as caught:
        Place.model_validate({"lon": "east", "lat": 31, "datum": "wgs72", "catgory": "x"})
    problem = problem_of(caught.value)
    assert [field["field"] for field in problem["errors"]] == ["lon", "datum", "catgory"]
    assert "wgs84, cgcs2000, gcj02, bd09" in problem["errors"][1]["reason"]
    with pytest.raises(ValidationError) as caught:
        Place.model_validate({"lon": 121, "lat": 31})
    assert problem_of(caught.value)["type"] == "urn:geogrid:problem:datum"


def test_an_operator_may_set_the_datum() -> None:
    assert place_model(Datum.GCJ02).model_validate({"lon": 1, "lat": 2}).datum is Datum.GCJ02
    assert place_model(Datum.GCJ02).model_validate({"lon": 1, "lat": 2, "datum": "BD-09"}).datum is Datum.BD09


def test_a_moment_needs_its_offset_and_survives_an_unescaped_plus() -> None:
    place = Place.model_validate({"lon": 1, "lat": 2, "datum": "wgs84", "at": "2026-11-22T20:15 08:00"})
    assert place.at is not None
    assert place.at.isoformat() == "2026-11-22T20:15:00+08:00"
    with pytest.raises(ValidationError, match="timezone"):
        Place.model_validate({"lon": 1, "lat": 2, "datum": "wgs84", "at": "2026-11-22T20:15"})


@pytest.mark.parametrize(
    ("header", "chinese"),
    [("zh-CN", True), ("zh;q=0.3, en;q=0.4", False), ("fr, zh-Hans;q=0.2", True), ("*", False), ("zh;q=x", False)],
)
def test_the_preferred_language_is_the_heavier_one(header: str, chinese: bool) -> None:
    assert speaks_chinese(header) is chinese
