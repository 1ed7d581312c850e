"""Amounts as people write them."""

from __future__ import annotations

__all__ = ["ranged", "spelled"]

_LARGE = 1e5


def spelled(amount: float) -> str:
    """Return an amount with thousands apart: whole from a hundred thousand on, else six digits.

    Examples
    --------
    >>> spelled(3128766.7), spelled(2513.3333333), spelled(0.00105), spelled(35.0)
    ('3,128,767', '2,513.33', '0.00105', '35')
    """
    return f"{amount:,.0f}" if abs(amount) >= _LARGE else f"{amount:,.6g}"


def ranged(low: float, high: float) -> str:
    """Return a range in words.

    Examples
    --------
    >>> ranged(100, 150), ranged(0, 150), ranged(3, float("inf"))
    ('100 to 150', '150 at most', '3 at least')
    """
    if not low:
        return f"{spelled(high)} at most"
    return f"{spelled(low)} to {spelled(high)}" if high < float("inf") else f"{spelled(low)} at least"
