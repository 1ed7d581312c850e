"""Figures as people read them."""

from __future__ import annotations

__all__ = ["shown_figure"]


def shown_figure(value: float) -> str:
    """Return a figure as people read it."""
    whole = float(value).is_integer()
    return f"{value:,.0f}" if whole else f"{value:,.2f}" if abs(value) >= 1000 else f"{value:.6g}"
