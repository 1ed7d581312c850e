"""Figures of a layer of balanced grids, from the columns it keeps: the layer as one line, each grid as one line."""

from __future__ import annotations

from typing import Any

import numpy as np

from geogrid.partition.division import Layer, labels_of

__all__ = ["grid_rows", "layer_figures"]

_ROUNDED = {
    "weight": 1, "deviation": 4, "polsby_popper": 3, "area_to_hull": 3, "farthest_m": 1, "seam_share": 3,
}  # fmt: skip


def layer_figures(layer: Layer) -> dict[str, Any]:
    """Return worst deviation, border in km, how many grids are out of range, and whether none is.

    Parameters
    ----------
    layer : Layer
        Of method ``balance``.
    """
    columns = layer.attributes
    out = int((~np.asarray(columns["in_range"], bool)).sum())
    return {
        "worst": round(float(np.abs(columns["deviation"]).max()), 4),
        # Each metre lies between two grids.
        "border_km": round(float(columns["border_m"].sum()) / 2000, 2),
        "out_of_range": out,
        "valid": out == 0,
    }


def grid_rows(layer: Layer, most: int | None = None) -> list[dict[str, Any]]:
    """Return what each grid is like and why it is out of range, the worst first.

    Parameters
    ----------
    layer : Layer
        Of method ``balance``.
    most : int, optional
        Only so many.
    """
    columns, labels = layer.attributes, labels_of(layer)
    in_range = np.asarray(columns["in_range"], bool)
    order = np.lexsort((np.arange(len(layer)), -np.abs(columns["deviation"]), in_range))
    return [
        {
            "grid": labels[row],
            **{word: round(float(columns[word][row]), digits) for word, digits in _ROUNDED.items()},
            "in_range": bool(in_range[row]),
            "why": str(columns["why"][row]),
        }
        for row in order[:most].tolist()
    ]
