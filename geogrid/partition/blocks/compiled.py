"""A typed way to compile a function with numba, cached on disk."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

import numba

__all__ = ["compiled"]

Function = TypeVar("Function", bound=Callable[..., Any])


def compiled(function: Function) -> Function:
    """Return `function` compiled on first use; its types stay those that are written.

    Division by zero gives infinity as in numpy, so that no kernel needs an exception path.
    """
    return cast(Function, numba.njit(cache=True, error_model="numpy")(function))
