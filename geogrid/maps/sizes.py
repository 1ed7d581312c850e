"""Sizes: the area of cells in classes around the size the plan asks for, one colour for each."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from geogrid.maps.colours import NO_VALUE, LegendEntry, Shading
from geogrid.partition.rules import Aim
from geogrid.partition.titles import Language
from geogrid.types import FloatArray

__all__ = ["kinds_in", "shade_sizes"]

_METRIC = 0.002
"""How far the metric CRS a cell was cut in may measure off the ellipsoid."""

_SMALL = ("#542788", "#8073ac", "#b9b2d8")
_FITS = "#d5ead0"
_LARGE = ("#fdd9a8", "#f3a14d", "#d3701c", "#8c3f04")
_STEPS = ("#edf8b1", "#c7e9b4", "#7fcdbb", "#41b6c4", "#2c7fb8", "#253494")
_WHOLE = {"water": "#a6cee3", "special": "#cfc4b4"}
_TEXTS: dict[Language, dict[str, str]] = {
    "en": {"fits": "as planned", "whole": "{kind}, kept whole", "below": "below {high} m²", "above": "{low} m² and more"},
    "zh-CN": {"fits": "符合方案", "whole": "{kind}(整体保留)", "below": "小于 {high} m²", "above": "{low} m² 及以上"},
}  # fmt: skip
_KINDS = {"water": "水域", "special": "专属网格", "corridor": "廊道"}


def shade_sizes(
    areas_m2: FloatArray, aim: Aim | None, language: Language, *, kinds: Any = None, flags: Any = None
) -> Shading:
    """Return a colour for each class of size, and a legend in m².

    Parameters
    ----------
    areas_m2 : (n,) float64
    aim : (float, float), optional
        Target and tolerance: what fits is pale green, smaller violet, larger orange. Without it, six
        classes of about as many rows each, from pale to dark.
    language : {"en", "zh-CN"}
    kinds, flags : (n,) object arrays of str, optional
        A row of another kind than ground that is off its size without a flag was kept whole by the
        plan; it has the colour of its kind.

    Examples
    --------
    >>> shading = shade_sizes(np.array([3_000.0, 9_800.0, 10_100.0]), (10_000.0, 0.1), "en")
    >>> [(entry.text, entry.count) for entry in shading.entries]
    [('below 5,000 m²', 1), ('9,000-11,000 m², as planned', 2)]
    """
    words = _TEXTS[language]
    palette, edges = _classes(areas_m2, aim)
    # A cell exactly as far off as it may be, measured on the ellipsoid, is still as planned.
    slack = np.zeros(len(edges)) if aim is None else _METRIC * np.sign(edges - aim[0]) * aim[0]
    fill = np.searchsorted(edges + slack, areas_m2, side="right")
    known = np.isfinite(areas_m2)
    colours, texts = [*palette], _labels(edges, aim, words)
    fill = np.where(known, fill, len(palette))
    colours.append(NO_VALUE)
    texts.append("—")
    if aim is not None and kinds is not None:
        off = np.abs(areas_m2 / aim[0] - 1) > aim[1] + _METRIC
        bare = off & (np.asarray(kinds, object) != "ground") & (np.asarray(kinds, object) != "")
        bare &= np.asarray(flags, object) == "" if flags is not None else True
        for kind in sorted({str(kind) for kind in np.asarray(kinds, object)[bare]}):
            fill[bare & (np.asarray(kinds, object) == kind)] = len(colours)
            colours.append(_WHOLE.get(kind, "#d9d2c9"))
            texts.append(words["whole"].format(kind=_kind(kind, language)))
    counts = np.bincount(fill, minlength=len(colours))
    entries = tuple(
        LegendEntry(colours[row], texts[row], int(counts[row])) for row in range(len(colours)) if counts[row]
    )
    return Shading(tuple(colours), fill.astype(np.int32), entries)


def _classes(areas_m2: FloatArray, aim: Aim | None) -> tuple[tuple[str, ...], FloatArray]:
    """Return n colours and the n - 1 sizes between them."""
    if aim is not None:
        target, tolerance = aim
        below = [share for share in (0.5, 0.75) if share < 1 - tolerance]
        above = [share for share in (1.25, 1.5, 2.0) if share > 1 + tolerance]
        edges = np.array([*below, 1 - tolerance, 1 + tolerance, *above]) * target
        return (*_SMALL[: len(below) + 1], _FITS, *_LARGE[: len(above) + 1]), edges
    known = areas_m2[np.isfinite(areas_m2) & (areas_m2 > 0)]
    if len(known) == 0:
        return _STEPS[:1], np.empty(0)
    wanted = np.quantile(known, np.arange(1, len(_STEPS)) / len(_STEPS))
    edges = np.unique([_rounded(float(value)) for value in wanted])
    edges = edges[(edges > known.min()) & (edges <= known.max())]
    return _STEPS[: len(edges) + 1], edges


def _rounded(value: float) -> float:
    """Return a number with two digits that count."""
    return float(f"{value:.1e}")


def _labels(edges: FloatArray, aim: Aim | None, words: dict[str, str]) -> list[str]:
    if len(edges) == 0:
        return ["m²"]
    numbers = [f"{edge:,.0f}" for edge in edges]
    texts = [words["below"].format(high=numbers[0])]
    for low, high, edge in zip(numbers[:-1], numbers[1:], edges, strict=False):
        fits = aim is not None and edge < aim[0] and float(high.replace(",", "")) > aim[0]
        texts.append(f"{low}-{high} m²" + (f", {words['fits']}" if fits else ""))
    return [*texts, words["above"].format(low=numbers[-1])]


def _kind(kind: str, language: Language) -> str:
    first, _, rest = kind.partition(" ")
    return kind if language == "en" else f"{_KINDS.get(first, first)} {rest}".strip()


def kinds_in(language: Language, kinds: npt.NDArray[Any]) -> npt.NDArray[np.object_]:
    """Return the kinds of cells as a page calls them."""
    known = {"ground": "地面"} | _KINDS
    if language == "en":
        return np.asarray(kinds, object)
    return np.array([known.get(str(kind), _kind(str(kind), language)) for kind in kinds], dtype=object)
