"""Mixture: which categories each grid has, what the division shows of it and what it hides."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from geogrid.coverage.placing import PlacedReports
from geogrid.coverage.thresholds import MixLimits
from geogrid.types import Finding, FloatArray, IntArray

__all__ = ["GridMix", "Mixture", "chance_bits", "entropy_bits", "mixture_findings", "mixture_of", "shared_bits"]


@dataclass(frozen=True, slots=True)
class GridMix:
    """The categories of one grid.

    Parameters
    ----------
    code, name : str
    reports, categories : int
    entropy_bits : float
        0 for one category, ``log2(k)`` for k equally frequent ones.
    top : str
        The most frequent category.
    top_share : float
        0 to 1.
    hidden_bits : float
        How much the patches of ground inside the grid differ in their mix, beyond chance.
    lon, lat : float or None
        Middle of its reports, degrees, WGS 84.
    """

    code: str
    name: str
    reports: int
    categories: int
    entropy_bits: float
    top: str
    top_share: float
    hidden_bits: float
    lon: float | None = None
    lat: float | None = None


@dataclass(frozen=True)
class Mixture:
    """The mix of a layer's grids.

    Parameters
    ----------
    layer : str
    reports : int
    entropy_bits : float
        Of all reports together.
    shown_bits : float
        How much the grids differ in their mix, beyond chance: what the division shows.
    hidden_bits : float
        How much the patches inside the grids differ, beyond chance, on average over the reports:
        what the division hides.
    grids : tuple of GridMix
        The most hidden first; grids without reports are left out.
    """

    layer: str
    reports: int
    entropy_bits: float
    shown_bits: float
    hidden_bits: float
    grids: tuple[GridMix, ...]


def entropy_bits(counts: npt.ArrayLike) -> float:
    """Return the entropy of (k,) counts in bits.

    Examples
    --------
    >>> entropy_bits([4, 4]), entropy_bits([8, 0])
    (1.0, 0.0)
    """
    x = np.asarray(counts, np.float64)
    p = x[x > 0] / x.sum() if x.sum() else x[:0]
    return max(0.0, float(-(p * np.log2(p)).sum()))


def shared_bits(one: IntArray, other: IntArray) -> float:
    """Return the mutual information of two labellings of n reports in bits.

    Parameters
    ----------
    one, other : (n,) int64
        Labels from 0.

    Examples
    --------
    >>> import numpy as np
    >>> shared_bits(np.array([0, 0, 1, 1]), np.array([0, 0, 1, 1])), shared_bits(np.array([0, 0, 1, 1]), np.array([0, 1, 0, 1]))
    (1.0, 0.0)
    """
    if len(one) == 0:
        return 0.0
    pairs = one * (int(other.max()) + 1) + other
    counts = (np.unique(labels, return_counts=True)[1] for labels in (one, other, pairs))
    first, second, both = (entropy_bits(count) for count in counts)
    return max(0.0, first + second - both)


def chance_bits(one: npt.ArrayLike, other: npt.ArrayLike) -> float:
    """Return the mutual information to be expected if two labellings had nothing to do with each other.

    Few reports in many classes always look as if they differed; what counts is what is beyond this.

    Parameters
    ----------
    one, other : (r,), (k,) array_like of int
        How often each label occurs; both add up to n.

    Notes
    -----
    Exact under random pairing (hypergeometric counts): N. X. Vinh, J. Epps, J. Bailey, "Information
    theoretic measures for clusterings comparison", JMLR 11, 2010, eq. 24a.

    Examples
    --------
    >>> chance_bits([2], [1, 1]), round(chance_bits([1, 1], [1, 1]), 6)
    (0.0, 1.0)
    """
    a_sizes, a_times = np.unique(np.asarray(one, np.int64), return_counts=True)
    b_sizes, b_times = np.unique(np.asarray(other, np.int64), return_counts=True)
    total = int((a_sizes * a_times).sum())
    if total < 2:
        return 0.0
    log_factorial = np.concatenate([[0.0], np.cumsum(np.log(np.arange(1, total + 1)))])
    bits = 0.0
    for a, a_count in zip(a_sizes.tolist(), a_times.tolist(), strict=True):
        for b, b_count in zip(b_sizes.tolist(), b_times.tolist(), strict=True):
            mean = a * b / total
            reach = 12 * np.sqrt(mean) + 30
            low = max(1, a + b - total, int(mean - reach))
            n = np.arange(low, min(a, b, int(mean + reach)) + 1)
            log_chance = (
                log_factorial[a] + log_factorial[b] + log_factorial[total - a] + log_factorial[total - b]
                - log_factorial[total] - log_factorial[n] - log_factorial[a - n] - log_factorial[b - n]
                - log_factorial[total - a - b + n]
            )  # fmt: skip
            term = n / total * np.log2(n / mean) * np.exp(log_chance)
            bits += a_count * b_count * float(term.sum())
    return max(0.0, bits)


def mixture_of(placed: PlacedReports, layer: str, limits: MixLimits) -> Mixture:
    """Return the mix of categories of a layer's grids."""
    rows = placed.desk.places.layer(layer)
    inside = np.flatnonzero(placed.of_layer[layer] != "")
    names, kind = np.unique(placed.past.category[inside].astype(str), return_inverse=True)
    code_of, grid = np.unique(placed.of_layer[layer][inside].astype(str), return_inverse=True)
    patch = _patches(placed.metres[inside], limits.patch_m)
    kind, grid = kind.astype(np.int64), grid.astype(np.int64)
    order = np.argsort(grid, kind="stable")
    edges = np.searchsorted(grid[order], np.arange(len(code_of) + 1))
    grids, hidden = [], 0.0
    for number, code in enumerate(code_of.tolist()):
        mine = order[edges[number] : edges[number + 1]]
        counts = np.bincount(kind[mine], minlength=len(names))
        beyond = _beyond_chance(patch[mine], kind[mine])
        hidden += beyond * len(mine)
        top = int(np.argmax(counts))
        where = inside[mine]
        grids.append(
            GridMix(
                code, str(rows.names[rows.rows[code]]), len(mine), int((counts > 0).sum()), entropy_bits(counts),
                str(names[top]), float(counts[top] / len(mine)), beyond,
                float(placed.past.lon[where].mean()), float(placed.past.lat[where].mean()),
            )
        )  # fmt: skip
    grids.sort(key=lambda one: (-one.hidden_bits, one.code))
    count = len(inside)
    return Mixture(
        layer, count, entropy_bits(np.bincount(kind)) if count else 0.0, _beyond_chance(grid, kind),
        hidden / count if count else 0.0, tuple(grids),
    )  # fmt: skip


def mixture_findings(mixture: Mixture, limits: MixLimits) -> Iterator[Finding]:
    """Yield the layer and the grids that hide differences."""
    if mixture.reports >= limits.at_least and mixture.hidden_bits > max(limits.hidden_bits, mixture.shown_bits):
        text = (
            f"layer {mixture.layer} hides more than it shows: inside a grid, squares of {limits.patch_m:g} m"
            f" differ by {mixture.hidden_bits:.2f} bits in their mix of categories, grids by {mixture.shown_bits:.2f}"
        )
        yield Finding("division_shows_differences", text, (mixture.layer,), amount=mixture.hidden_bits)
    for grid in mixture.grids:
        if grid.reports >= limits.at_least and grid.hidden_bits > limits.hidden_bits:
            text = (
                f"{mixture.layer} {grid.code} hides differences: places inside it differ by {grid.hidden_bits:.2f} bits"
                f" in their mix of {grid.categories} categories ({grid.reports} reports, {grid.entropy_bits:.2f} bits)"
            )
            yield Finding("grid_is_of_one_kind", text, (mixture.layer, grid.code), grid.lon, grid.lat, grid.hidden_bits)


def _beyond_chance(one: IntArray, other: IntArray) -> float:
    if len(one) == 0:
        return 0.0
    sizes = (np.unique(labels, return_counts=True)[1] for labels in (one, other))
    return shared_bits(one, other) - chance_bits(*sizes)


def _patches(metres: FloatArray, side_m: float) -> IntArray:
    """Return (n,) int64 number of the square of ground each point lies in."""
    if len(metres) == 0:
        return np.zeros(0, np.int64)
    squares = np.floor(metres / side_m).astype(np.int64)
    return np.unique(squares, axis=0, return_inverse=True)[1].ravel().astype(np.int64)
