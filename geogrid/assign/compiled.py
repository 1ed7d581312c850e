"""Compiling a plain function to machine code, once per machine where that is possible."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias, TypeVar, cast

import numba

__all__ = ["Whole", "compiled"]

Whole: TypeAlias = Any
"""A whole number inside compiled code: int and int64 are one there."""

_Function = TypeVar("_Function", bound=Callable[..., Any])


def compiled(function: _Function) -> _Function:
    """Return `function` compiled by numba: no GIL, strict IEEE arithmetic, kept on disk.

    The machine code is cached beside the source, or in the user's cache directory when the
    package is installed read-only; where neither can be written it is compiled anew by each
    process. Floating point is never re-associated or contracted, so a compiled function and
    the interpreted one give the same bits.

    Notes
    -----
    The cache notices a change of the file a function stands in, not of a file whose compiled
    functions it calls. Keep a kernel and what it calls in one file.
    """
    try:
        return cast(_Function, numba.njit(nogil=True, cache=True)(function))
    except RuntimeError:
        return cast(_Function, numba.njit(nogil=True)(function))
