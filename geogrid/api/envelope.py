"""What happens around every request: an id, a bound on its size, figures, and a fixed text for the unforeseen."""

from __future__ import annotations

import logging
import re
import secrets
from collections.abc import Iterable
from itertools import count
from time import perf_counter
from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from geogrid.api.metrics import Metrics
from geogrid.api.problems import TooLargeError, problem_of, problem_response, speaks_chinese

__all__ = ["Envelope", "RequestIds"]

_log = logging.getLogger("geogrid.api")
_ID = re.compile(rb"[A-Za-z0-9._-]{1,64}")
_METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}


class RequestIds:
    """Ids of requests: the caller's own if it is one, else a new one, unique across processes.

    Examples
    --------
    >>> RequestIds().of([(b"x-request-id", b"abc-1")])
    b'abc-1'
    """

    def __init__(self) -> None:
        self._prefix = secrets.token_hex(6)
        self._numbers = count(1)

    def of(self, headers: Iterable[tuple[bytes, bytes]]) -> bytes:
        """Return the id for a request with these headers."""
        for name, value in headers:
            if name == b"x-request-id" and _ID.fullmatch(value):
                return value
        return f"{self._prefix}-{next(self._numbers):x}".encode()


class Envelope:
    """ASGI middleware around the whole application.

    Parameters
    ----------
    app : ASGIApp
    metrics : Metrics
    ids : RequestIds
    max_body_bytes : int
        A longer body is refused with 413, whether or not it declares its length.
    """

    def __init__(self, app: ASGIApp, *, metrics: Metrics, ids: RequestIds, max_body_bytes: int) -> None:
        self.app = app
        self.metrics = metrics
        self.ids = ids
        self.max_body_bytes = max_body_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        started = perf_counter()
        length, language, chunked = b"", b"", False
        for name, value in scope["headers"]:
            if name == b"content-length":
                length = value
            elif name == b"accept-language":
                language = value
            elif name == b"transfer-encoding":
                chunked = True
        request_id = self.ids.of(scope["headers"])
        scope["geogrid_request_id"] = request_id.decode("ascii")
        status = 0

        async def send_named(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [*message.get("headers", ()), (b"x-request-id", request_id)]
            await send(message)

        try:
            if length.isdigit() and int(length) > self.max_body_bytes:
                raise self._too_large(length.decode())
            await self.app(scope, self._bounded(scope, receive) if chunked else receive, send_named)
            if "geogrid_error" in scope:
                _log.error("request %s: %s", scope["geogrid_request_id"], scope["geogrid_error"])
        except Exception as error:  # the outermost door: whatever it is, the caller gets a problem document
            problem: dict[str, Any] = problem_of(error, chinese=speaks_chinese(language.decode("latin-1")))
            if problem["status"] >= 500:
                _log.exception("request %s failed", scope["geogrid_request_id"])
            if status:
                raise
            problem |= {"instance": scope["path"], "request_id": scope["geogrid_request_id"]}
            headers = {"Connection": "close"} if problem["status"] == 413 else None
            await problem_response(problem, headers=headers)(scope, receive, send_named)
        finally:
            route = scope.get("route")
            path = getattr(route, "path", None) or "other"
            method = scope["method"] if scope["method"] in _METHODS else "other"
            self.metrics.request(path, method, status, perf_counter() - started)

    def _too_large(self, given: str) -> TooLargeError:
        return TooLargeError(
            "the body is too large", given=f"{given} bytes", allowed=f"{self.max_body_bytes} bytes",
            mend="send fewer points at a time",
        )  # fmt: skip

    def _bounded(self, scope: Scope, receive: Receive) -> Receive:
        """Return `receive`, raising TooLargeError once more than the bound has come in."""
        total = 0

        async def receive_bounded() -> Message:
            nonlocal total
            message = await receive()
            total += len(message.get("body", b""))
            if total > self.max_body_bytes:
                scope["geogrid_refusal"] = self._too_large(f"more than {self.max_body_bytes}")
                raise scope["geogrid_refusal"]
            return message

        return receive_bounded
