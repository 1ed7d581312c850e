"""Errors as RFC 9457 problem details: one table from error class to status, titles in two languages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic_core import to_json
from starlette.exceptions import HTTPException

from geogrid import errors

__all__ = [
    "KINDS",
    "MEDIA_TYPE",
    "PROBLEM_RESPONSES",
    "Kind",
    "Problem",
    "TooLargeError",
    "install_problems",
    "kind_of",
    "problem_of",
    "problem_response",
    "speaks_chinese",
]

MEDIA_TYPE = "application/problem+json"


class TooLargeError(errors.InputError):
    """More bytes or points than the operator allows in one request."""


@dataclass(frozen=True, slots=True)
class Kind:
    """What all problems of one error class have in common.

    Parameters
    ----------
    name : str
        The last part of the problem's type URI.
    status : int
    title, title_zh : str
    """

    name: str
    status: int
    title: str
    title_zh: str


KINDS: Mapping[type[Exception], Kind] = {
    errors.DatumError: Kind("datum", 422, "The datum is missing or unknown", "坐标基准缺失或未知"),
    errors.CoordinateError: Kind("coordinate", 422, "The coordinates cannot be a place", "坐标无效"),
    errors.CodeError: Kind("code", 422, "The code does not follow its scheme", "编码不符合规则"),
    TooLargeError: Kind("too-large", 413, "The request is too large", "请求过大"),
    errors.InputError: Kind("input", 422, "A value is not acceptable", "输入值不可接受"),
    errors.NotFoundError: Kind("not-found", 404, "There is no such thing", "未找到"),
    errors.ConflictError: Kind("conflict", 409, "Somebody was faster", "发生冲突"),
    errors.MissingPartError: Kind("missing-part", 501, "The server lacks an optional part", "服务器缺少可选组件"),
    errors.StorageError: Kind("storage", 503, "The atlas cannot be read at present", "网格台账暂时无法读取"),
    errors.GeogridError: Kind("refused", 422, "The request cannot be carried out", "请求无法执行"),
    Exception: Kind("internal", 500, "Something went wrong here", "服务器内部错误"),
}
"""Error class to problem; an error has the problem of the first of its base classes that is listed."""

_BY_STATUS: Mapping[int, tuple[str, str]] = {
    400: ("The request cannot be read", "请求无法解析"),
    404: ("There is no such page", "页面不存在"),
    405: ("This method is not allowed here", "不允许使用该方法"),
    406: ("No acceptable representation", "无可接受的表示形式"),
    413: ("The request is too large", "请求过大"),
    415: ("This media type is not supported", "不支持的媒体类型"),
}
_HIDDEN = "The request could not be carried out. The operator finds the reason in the log under the request id."


class Problem(BaseModel):
    """Problem details (RFC 9457); `given`, `allowed` and `mend` say how to do better."""

    model_config = ConfigDict(extra="forbid")

    type: str = Field(examples=["urn:geogrid:problem:datum"])
    title: str
    status: int
    detail: str
    instance: str | None = Field(default=None, description="The path that was asked for.")
    request_id: str | None = None
    given: str | None = None
    allowed: str | None = None
    mend: str | None = None
    errors: list[dict[str, str]] | None = Field(default=None, description="Each unacceptable field.")


PROBLEM_RESPONSES: dict[int | str, dict[str, Any]] = {
    status: {"model": Problem, "description": title, "content": {MEDIA_TYPE: {}}}
    for status, title in ((404, "Not found"), (413, "Too large"), (422, "Not acceptable"), (503, "Atlas unavailable"))
}


def kind_of(error: BaseException) -> Kind:
    """Return the kind of problem that an error is."""
    return next(KINDS[base] for base in type(error).__mro__ if base in KINDS)


def speaks_chinese(accept_language: str) -> bool:
    """Return whether an Accept-Language header prefers Chinese to English.

    Examples
    --------
    >>> speaks_chinese("zh-CN,zh;q=0.9,en;q=0.8"), speaks_chinese("en, zh;q=0.5"), speaks_chinese("")
    (True, False, False)
    """
    weights = {"zh": 0.0, "en": 0.0}
    for item in accept_language.lower().split(","):
        tag, _, options = item.strip().partition(";")
        language = tag.split("-")[0].strip()
        try:
            weight = float(options.partition("q=")[2] or 1)
        except ValueError:
            weight = 0.0
        if language in weights:
            weights[language] = max(weights[language], weight)
    return weights["zh"] > weights["en"]


def problem_of(error: BaseException, *, chinese: bool = False) -> dict[str, Any]:
    """Return an error as problem details.

    Of an error on our side (status 500 and above) no message is shown, as it may name files and hosts.

    Examples
    --------
    >>> problem_of(errors.NotFoundError("no such edition", given=7))["status"]
    404
    """
    if isinstance(error, ValidationError):
        return _validation_problem(error.errors(include_url=False), chinese)
    if isinstance(error, RequestValidationError):
        return _validation_problem(error.errors(), chinese)
    kind = kind_of(error)
    problem: dict[str, Any] = {
        "type": f"urn:geogrid:problem:{kind.name}",
        "title": kind.title_zh if chinese else kind.title,
        "status": kind.status,
    }
    if kind.status >= 500:
        return problem | {"detail": _HIDDEN}
    if isinstance(error, errors.GeogridError):
        problem["detail"] = error.problem
        shown = {"given": error.given, "allowed": error.allowed, "mend": error.mend}
        return problem | {key: text for key, text in shown.items() if text is not None}
    return problem | {"detail": str(error)}


def _validation_problem(found: Sequence[Any], chinese: bool) -> dict[str, Any]:
    """Return the problem of fields that pydantic refused; one of our own errors keeps its kind."""
    fields = [_field(item) for item in found]
    own = [item["ctx"]["error"] for item in found if isinstance(item.get("ctx", {}).get("error"), errors.GeogridError)]
    kind = kind_of(own[0]) if own and len(own) == len(found) else KINDS[errors.InputError]
    if len(found) == 1 and found[0]["type"] == "missing" and fields[0]["field"].rpartition(".")[2] == "datum":
        kind = KINDS[errors.DatumError]
    problem: dict[str, Any] = {
        "type": f"urn:geogrid:problem:{kind.name}",
        "title": kind.title_zh if chinese else kind.title,
        "status": kind.status,
        "detail": "; ".join(f"{item['field']}: {item['reason']}" for item in fields[:5]),
        "errors": fields,
    }
    return problem


def _field(item: Any) -> dict[str, str]:
    place = [str(part) for part in item["loc"] if part not in ("query", "body", "path")]
    error = item.get("ctx", {}).get("error")
    reason = str(error) if isinstance(error, errors.GeogridError) else str(item["msg"])
    field = {"field": ".".join(place) or "body", "reason": reason}
    given = item.get("input")
    if item["type"] not in ("missing", "json_invalid") and isinstance(given, (str, int, float, bool)):
        field["given"] = str(given)[:100]
    return field


def problem_response(problem: Mapping[str, Any], *, headers: Mapping[str, str] | None = None) -> Response:
    """Return problem details as a response."""
    return Response(to_json(problem), int(problem["status"]), dict(headers or {}), MEDIA_TYPE)


def _answer(request: Request, error: Exception) -> Response:
    chinese = speaks_chinese(request.headers.get("accept-language", ""))
    # FastAPI turns whatever interrupts the reading of a body into a plain 400.
    error = request.scope.get("geogrid_refusal", error)
    if isinstance(error, HTTPException):
        title, title_zh = _BY_STATUS.get(error.status_code, ("The request was refused", "请求被拒绝"))
        problem: dict[str, Any] = {
            "type": "about:blank",
            "title": title_zh if chinese else title,
            "status": error.status_code,
            "detail": str(error.detail),
        }
    else:
        problem = problem_of(error, chinese=chinese)
    if problem["status"] >= 500:
        request.scope["geogrid_error"] = error
    problem |= {"instance": request.url.path, "request_id": request.scope.get("geogrid_request_id")}
    headers = dict(getattr(error, "headers", None) or {})
    if problem["status"] == 503:
        headers["Retry-After"] = "5"
    return problem_response(problem, headers=headers)


def install_problems(app: FastAPI) -> None:
    """Answer every error of `app` but the unforeseen with problem details (those are the envelope's)."""
    for kind in (errors.GeogridError, RequestValidationError, ValidationError, HTTPException):
        app.add_exception_handler(kind, _answer)
