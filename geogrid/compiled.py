"""Compiling a plain function to machine code, once per machine where that is possible."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any, TypeAlias, TypeVar, cast

import numba
import numpy as np

__all__ = ["ONE", "Whole", "can_be_kept", "compiled", "inlined", "interpreted", "is_cached", "uncounted"]

Whole: TypeAlias = Any
"""A whole number inside compiled code: int and int64 are one there."""

ONE = np.uint32(1)
"""Added to an unsigned row number it leaves one: a signed number could count from the end of an array, which is asked at every access."""

_Function = TypeVar("_Function", bound=Callable[..., Any])


def compiled(function: _Function, *, inline: bool = False, counted: bool = True) -> _Function:
    """Return `function` compiled by numba on first use: no GIL, strict IEEE arithmetic, kept on disk.

    The machine code is cached beside the source, or in the user's cache directory when the
    package is installed read-only; where neither can be written it is compiled anew by each
    process. Floating point is never re-associated or contracted, so a compiled function and
    the interpreted one give the same bits. Division by zero gives infinity as in numpy, so
    that no kernel needs an exception path.

    Parameters
    ----------
    function : callable
    inline : bool
        Put its body where it is called, which a loop that is to be vectorised needs.
    counted : bool
        Count the references to arrays. See `uncounted`.

    Notes
    -----
    numba renews a cached function when its own file changes, but not when a function of
    another file that was compiled into it does. So the stamp kept with the cache is that of
    all files of the folder the function stands in.
    """
    options: dict[str, Any] = {"nogil": True, "error_model": "numpy", "inline": "always" if inline else "never"}
    if not counted:
        options["_nrt"] = False
    try:
        dispatcher = numba.njit(cache=True, **options)(function)
    except RuntimeError:
        return cast(_Function, numba.njit(**options)(function))
    file = _place(dispatcher)
    if file is not None and hasattr(file, "_source_stamp"):
        file._source_stamp = _stamp(Path(function.__code__.co_filename).parent)
    return cast(_Function, dispatcher)


def uncounted(function: _Function) -> _Function:
    """Return `function` compiled without counting references, for the innermost loops of a kernel.

    Counting is an atomic step for each array that is passed on, cut out or named again, dearer than what such a loop does with it.
    The function must not make arrays, and may call only functions that are uncounted, too.
    """
    return compiled(function, counted=False)


def inlined(function: _Function) -> _Function:
    """Return `function` compiled as `uncounted`, its body put where it is called: passing on a dozen arrays takes longer than a short loop."""
    return compiled(function, inline=True, counted=False)


def interpreted(function: _Function) -> _Function:
    """Return the plain Python function that `compiled` was given."""
    return cast(_Function, getattr(function, "py_func", function))


def can_be_kept(function: Callable[..., Any]) -> bool:
    """Return whether a compiled function has a place on disk."""
    return _place(function) is not None


def is_cached(*functions: Callable[..., Any]) -> bool:
    """Return whether numba has each of the compiled functions on disk, for some types at least."""
    files = [_place(function) for function in functions]
    return all(file is not None and bool(file._load_index()) for file in files)


def _place(function: Callable[..., Any]) -> Any:
    return getattr(getattr(function, "_cache", None), "_cache_file", None)


@cache
def _stamp(folder: Path) -> tuple[tuple[str, float, int], ...]:
    files = sorted(folder.glob("*.py"))
    return tuple((file.name, file.stat().st_mtime, file.stat().st_size) for file in files)
