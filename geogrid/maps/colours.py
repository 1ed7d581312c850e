"""Colours: one per category, apart from each other and from their neighbours; a ramp for numbers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt

from geogrid.lattice import LatticePolygons
from geogrid.maps.packing import text_of
from geogrid.types import FloatArray, Int32Array, IntArray

__all__ = ["DISTINCT", "LegendEntry", "Shading", "distinct_colours", "neighbours", "oklab", "shade"]

DISTINCT = 24
"""How many categories get a colour of their own; more share colours, but never two neighbours."""

NO_VALUE = "#b9b9b9"
_RAMP = ("#440154", "#482878", "#3e4989", "#31688e", "#26828e", "#1f9e89", "#35b779", "#6ece58", "#b5de2b", "#fde725")
_RAMP_STEPS = 64


@dataclass(frozen=True, slots=True)
class LegendEntry:
    """One line of the legend.

    Parameters
    ----------
    colour : str
        ``#rrggbb``.
    text : str
    count : int
        How many cells or grids have it.
    """

    colour: str
    text: str
    count: int


@dataclass(frozen=True, eq=False, slots=True)
class Shading:
    """Which colour each row has, and the legend that says why.

    Parameters
    ----------
    palette : tuple of str
        ``#rrggbb``.
    fill : (n,) int32, into `palette`
    entries : tuple of LegendEntry
        Empty if there are too many categories to list.
    ramp : tuple of (str, float), optional
        For numbers: colours from the lowest value to the highest, evenly spaced.
    note : str
        How many categories share colours, if they do.
    """

    palette: tuple[str, ...]
    fill: Int32Array
    entries: tuple[LegendEntry, ...]
    ramp: tuple[tuple[str, float], ...] = ()
    note: str = ""


def oklab(colours: npt.ArrayLike) -> FloatArray:
    """Return (n, 3) OKLab values of (n, 3) sRGB values from 0 to 1.

    Notes
    -----
    B. Ottosson, "A perceptual color space for image processing", 2020: equal distances look about
    equally different.
    """
    srgb = np.asarray(colours, np.float64)
    linear = np.where(srgb <= 0.04045, srgb / 12.92, ((srgb + 0.055) / 1.055) ** 2.4)
    to_cones = np.array(
        [
            [0.4122214708, 0.5363325363, 0.0514459929],
            [0.2119034982, 0.6806995451, 0.1073969566],
            [0.0883024619, 0.2817188376, 0.6299787005],
        ]
    )
    to_lab = np.array(
        [
            [0.2104542553, 0.7936177850, -0.0040720468],
            [1.9779984951, -2.4285922050, 0.4505937099],
            [0.0259040371, 0.7827717662, -0.8086757660],
        ]
    )
    return np.asarray(np.cbrt(linear @ to_cones.T) @ to_lab.T, np.float64)


@cache
def distinct_colours(count: int) -> tuple[str, ...]:
    """Return `count` colours, each as far as can be from those before it.

    Neither so dark that a label cannot be read on it nor so pale that it is lost on white; the first
    colours do not change with `count`.
    """
    levels = np.linspace(0, 1, 16)
    candidates = np.stack(np.meshgrid(levels, levels, levels, indexing="ij"), axis=-1).reshape(-1, 3)
    lab = oklab(candidates)
    chroma = np.hypot(lab[:, 1], lab[:, 2])
    usable = (lab[:, 0] > 0.5) & (lab[:, 0] < 0.9) & (chroma > 0.06) & (chroma < 0.17)
    candidates, lab = candidates[usable], lab[usable]
    # Lightness counts half: two hues are easier to tell apart on a map than two shades.
    lab = lab * (0.5, 1.0, 1.0)
    grey = oklab([[0.7255, 0.7255, 0.7255]]) * (0.5, 1.0, 1.0)
    start = oklab([[0.31, 0.47, 0.78]]) * (0.5, 1.0, 1.0)
    chosen = [int(np.argmin(((lab - start) ** 2).sum(axis=1)))]
    distance = np.minimum(((lab - grey) ** 2).sum(axis=1), ((lab - lab[chosen[0]]) ** 2).sum(axis=1))
    while len(chosen) < count:
        chosen.append(int(np.argmax(distance)))
        distance = np.minimum(distance, ((lab - lab[chosen[-1]]) ** 2).sum(axis=1))
    return tuple(
        "#" + "".join(f"{round(part * 255):02x}" for part in candidates[row].tolist()) for row in chosen[:count]
    )


def neighbours(polygons: LatticePolygons, group: npt.ArrayLike) -> IntArray:
    """Return (m, 2) int64: pairs of different groups that share an edge, the smaller first."""
    starts, ends, rows = polygons.edges()
    owner = np.asarray(group, np.int64)[rows]
    first = starts[:, 0].astype(np.int64) << 32 | (starts[:, 1].astype(np.int64) & 0xFFFFFFFF)
    second = ends[:, 0].astype(np.int64) << 32 | (ends[:, 1].astype(np.int64) & 0xFFFFFFFF)
    low, high = np.minimum(first, second), np.maximum(first, second)
    order = np.lexsort((high, low))
    low, high, owner = low[order], high[order], owner[order]
    shared = (low[1:] == low[:-1]) & (high[1:] == high[:-1]) & (owner[1:] != owner[:-1])
    pairs = np.column_stack([owner[:-1][shared], owner[1:][shared]])
    return np.unique(np.sort(pairs, axis=1), axis=0).astype(np.int64)


def _share_colours(pairs: IntArray, count: int, colours: int) -> IntArray:
    """Return (count,) colour numbers such that neighbours differ wherever `colours` suffice."""
    beside: list[list[int]] = [[] for _ in range(count)]
    for one, other in pairs.tolist():
        beside[one].append(other)
        beside[other].append(one)
    given = np.full(count, -1, np.int64)
    used = np.zeros(colours, np.int64)
    for row in range(count):
        taken = {int(given[other]) for other in beside[row]}
        free = [colour for colour in range(colours) if colour not in taken] or list(range(colours))
        # Least used first, counted on from the row, so that neighbours of neighbours differ as well.
        best = min(free, key=lambda colour: (int(used[colour]), (colour - row) % colours))
        given[row] = best
        used[best] += 1
    return given


def shade(
    values: npt.NDArray[Any], polygons: LatticePolygons, *, no_value: str = "—", many: Callable[[int], str] = str
) -> Shading:
    """Return colours for the values of a column: a ramp for numbers, else one colour per category.

    Parameters
    ----------
    values : (n,) array
        Numbers (not booleans) give a ramp; None, NaN and ``""`` are grey.
    polygons : LatticePolygons, n geometries
        Looked at only when there are more than `DISTINCT` categories, so that neighbours differ.
    no_value : str
        What the legend calls a missing value.
    many : callable
        Given the number of categories, returns the note that says that colours are shared.
    """
    array = np.asarray(values)
    if array.dtype.kind in "iuf":
        return _shade_numbers(array.astype(np.float64), no_value)
    texts = np.array([text_of(value) for value in array], dtype=object)
    distinct, group = np.unique(texts.astype(str), return_inverse=True)
    missing = distinct == ""
    counts = np.bincount(group, minlength=len(distinct))
    colour_of = np.zeros(len(distinct), np.int64)
    named = np.flatnonzero(~missing)
    own = len(named) <= DISTINCT
    if own:
        palette = distinct_colours(len(named))
        colour_of[named] = np.arange(len(named))
    else:
        palette = distinct_colours(DISTINCT)
        colour_of = _share_colours(neighbours(polygons, group), len(distinct), DISTINCT)
    colour_of[missing] = len(palette)
    palette = (*palette, NO_VALUE)
    listed = [*named.tolist(), *np.flatnonzero(missing).tolist()] if own else np.flatnonzero(missing).tolist()
    entries = tuple(
        LegendEntry(palette[int(colour_of[row])], str(distinct[row]) or no_value, int(counts[row])) for row in listed
    )
    note = "" if own else many(len(named))
    return Shading(palette, colour_of[group].astype(np.int32), entries, note=note)


def _shade_numbers(numbers: FloatArray, no_value: str) -> Shading:
    anchors = np.array([[int(colour[i : i + 2], 16) for i in (1, 3, 5)] for colour in _RAMP], np.float64)
    place = np.linspace(0, len(_RAMP) - 1, _RAMP_STEPS)
    mixed = np.column_stack([np.interp(place, np.arange(len(_RAMP)), anchors[:, band]) for band in range(3)])
    palette = tuple("#" + "".join(f"{round(part):02x}" for part in row) for row in mixed.tolist())
    known = np.isfinite(numbers)
    low, high = (float(numbers[known].min()), float(numbers[known].max())) if known.any() else (0.0, 0.0)
    spread = (np.where(known, numbers, low) - low) / ((high - low) or 1.0)
    fill = np.where(known, np.minimum((spread * _RAMP_STEPS).astype(np.int64), _RAMP_STEPS - 1), _RAMP_STEPS)
    missing = int((~known).sum())
    entries = (LegendEntry(NO_VALUE, no_value, missing),) if missing else ()
    steps = np.linspace(0, _RAMP_STEPS - 1, 7).round().astype(int)
    ramp = tuple((palette[step], low + (high - low) * step / (_RAMP_STEPS - 1)) for step in steps.tolist())
    return Shading((*palette, NO_VALUE), fill.astype(np.int32), entries, ramp=ramp if known.any() else ())
