"""Compiling a plain function to machine code, once per machine where that is possible."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias, TypeVar, cast

import numba

__all__ = ["Whole", "compiled", "interpreted"]

Whole: TypeAlias = Any
"""A whole number inside compiled code: int and int64 are one there."""

_Function = TypeVar("_Function", bound=Callable[..., Any])


def compiled(function: _Function, *, inline: bool = False) -> _Function:
    """Return `function` compiled by numba: no GIL, strict IEEE arithmetic, kept on disk.

    The machine code is cached beside the source, or in the user's cache directory when the
    package is installed read-only; where neither can be written it is compiled anew by each
    process. Floating point is never re-associated or contracted, so a compiled function and
    the interpreted one give the same bits.

    Parameters
    ----------
    function : callable
    inline : bool
        Put its body where it is called, which a loop that is to be vectorised needs.

    Notes
    -----
    The cache notices a change of the file a function stands in, not of a file whose compiled
    functions it calls: after changing one that other files call, ``make clean`` drops it.
    """
    options: dict[str, Any] = {"nogil": True, "error_model": "numpy", "inline": "always" if inline else "never"}
    try:
        return cast(_Function, numba.njit(cache=True, **options)(function))
    except RuntimeError:
        return cast(_Function, numba.njit(**options)(function))


def interpreted(function: _Function) -> _Function:
    """Return the plain Python function that `compiled` was given."""
    return cast(_Function, getattr(function, "py_func", function))
