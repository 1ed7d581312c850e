"""Plain text of what people type: full-width forms, stray blanks, dates as dates."""

from __future__ import annotations

import datetime as dt
import unicodedata

__all__ = ["plain_text"]


def plain_text(value: object) -> str:
    """Return the text of a cell: full-width forms made plain, dates as ISO, whole floats as integers.

    Examples
    --------
    >>> plain_text("　１２３Ａ "), plain_text(7.0), plain_text(dt.datetime(2026, 1, 5))
    ('123A', '7', '2026-01-05')
    """
    if value is None:
        return ""
    if isinstance(value, dt.datetime):
        return value.date().isoformat() if value.time() == dt.time() else value.isoformat(" ", "minutes")
    if isinstance(value, dt.date):
        return value.isoformat()
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return unicodedata.normalize("NFKC", str(value)).strip()
