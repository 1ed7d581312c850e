"""A typed way to compile a function with numba, cached on disk."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any, TypeVar, cast

import numba

__all__ = ["compiled", "is_cached"]

Function = TypeVar("Function", bound=Callable[..., Any])


def compiled(function: Function) -> Function:
    """Return `function` compiled on first use; its types stay those that are written.

    Division by zero gives infinity as in numpy, so that no kernel needs an exception path.

    Notes
    -----
    numba renews a cached function when its own file changes, but not when a function of
    another file that was compiled into it does. So the stamp kept with the cache is that of
    all files of this package.
    """
    dispatcher = numba.njit(cache=True, error_model="numpy")(function)
    file = getattr(getattr(dispatcher, "_cache", None), "_cache_file", None)
    if file is not None and hasattr(file, "_source_stamp"):
        file._source_stamp = _stamp()
    return cast(Function, dispatcher)


def is_cached(*functions: Callable[..., Any]) -> bool:
    """Return whether numba has each of the compiled functions on disk, for some types at least."""
    files = [getattr(getattr(function, "_cache", None), "_cache_file", None) for function in functions]
    return all(file is not None and bool(file._load_index()) for file in files)


@cache
def _stamp() -> tuple[tuple[str, float, int], ...]:
    files = sorted(Path(__file__).parent.glob("*.py"))
    return tuple((file.name, file.stat().st_mtime, file.stat().st_size) for file in files)
