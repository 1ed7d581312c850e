"""What a verb says of layers of balanced grids: their figures, their worst grids, and what could not be met."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from geogrid.cli.output import console, print_table
from geogrid.partition import Division

__all__ = ["balance_of", "print_unmet", "print_worst", "unmet"]

_WORST = 10

_UNMET = {
    "area_can_be_met": "area(s) cannot be met by any grids",
    "kept_apart": "pair(s) of cells that must be apart are in one grid",
    "station_in_reach": "grid(s) have cells farther from their station than reach_m",
}
"""Findings about grids that say that a demand of the plan is not met."""


def balance_of(division: Division, layer: str) -> dict[str, Any]:
    """Return the figures of a layer, and of each of its grids, the worst first."""
    from geogrid.partition.balance.summary import grid_rows, layer_figures

    made, figures = division.layer(layer), layer_figures(division.layer(layer))
    # Findings do not say of which layer they are.
    broken = any(finding.rule in ("kept_apart", "station_in_reach") for finding in division.findings)
    return {**figures, "valid": figures["valid"] and not broken, "grids": grid_rows(made)}


def print_worst(layer: str, balance: dict[str, Any]) -> None:
    """Print a layer's worst grids as a table."""
    rows = balance["grids"][:_WORST]
    few = "" if len(balance["grids"]) == len(rows) else f", the {len(rows)} worst of {len(balance['grids']):,} grids"
    idle = {"in_range": True, "why": ""}
    shown = [word for word in rows[0] if any(row[word] != idle.get(word) for row in rows)]
    print_table(shown, [[row[word] for word in shown] for row in rows], title=f"{layer}{few}")


def unmet(division: Division, balances: dict[str, dict[str, Any]]) -> list[str]:
    """Return a sentence for each demand on balanced grids that is not met."""
    said = []
    for layer, balance in balances.items():
        out = [row["grid"] for row in balance["grids"] if not row["in_range"]]
        if out:
            said.append(f"{layer}: {len(out):,} of {len(balance['grids']):,} grids are out of range: {_named(out)}")
    found = Counter(finding.rule for finding in division.findings) if balances else Counter[str]()
    return said + [f"{found[rule]:,} {words}" for rule, words in _UNMET.items() if found[rule]]


def print_unmet(said: Sequence[str]) -> None:
    """Print what is not met."""
    for sentence in said:
        console().print(f"not met: {sentence}", markup=False)


def _named(grids: Sequence[str]) -> str:
    more = len(grids) - _WORST
    return ", ".join(grids[:_WORST]) + (f" and {more:,} more; --json lists all" if more > 0 else "")
