"""Contiguity: pieces of a grid that are cut off from it go to a neighbour."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from geogrid.partition.measures import Adjacency, pieces
from geogrid.types import FloatArray, Int32Array, IntArray

__all__ = ["Reattached", "reattached"]


@dataclass(frozen=True, eq=False)
class Reattached:
    """Groups after cut-off pieces have changed hands.

    Parameters
    ----------
    group : (n,) int64
    moved : (k,) int64
        Rows that changed their group.
    islands : (i,) int64
        The lowest row of each piece that is still cut off, as it has no neighbour in another group.
    """

    group: IntArray
    moved: IntArray
    islands: IntArray


def reattached(group: IntArray | Int32Array, pairs: Adjacency, distance: FloatArray) -> Reattached:
    """Return the groups with every piece but the main one given to a neighbouring group.

    Parameters
    ----------
    group : (n,) int
    pairs : Adjacency
        Which rows share border.
    distance : (n,) float64
        The piece with the row of least distance is a group's main one.

    Notes
    -----
    A piece goes to the group whose main piece it shares most border with; pieces that touch none
    wait for those that do. Rows, not their order in a file, break ties.
    """
    now = np.asarray(group, np.int64).copy()
    piece = pieces(pairs, now)
    count = int(piece.max(initial=-1)) + 1
    of_piece = np.empty(count, np.int64)
    of_piece[piece] = now
    order = np.lexsort((np.arange(len(now)), distance, now))
    first = order[np.concatenate([[True], np.diff(now[order]) != 0])] if len(order) else order
    settled = np.zeros(count, bool)
    settled[piece[first]] = True
    around = pairs.of_groups(piece)
    while True:
        outward = [
            (loose, home, metres)
            for loose, home, metres in (
                *zip(around.first.tolist(), around.second.tolist(), around.length_m.tolist(), strict=True),
                *zip(around.second.tolist(), around.first.tolist(), around.length_m.tolist(), strict=True),
            )
            if not settled[loose] and settled[home]
        ]
        if not outward:
            break
        border: dict[int, dict[int, float]] = {}
        for loose, home, metres in outward:
            shares = border.setdefault(loose, {})
            shares[int(of_piece[home])] = shares.get(int(of_piece[home]), 0.0) + metres
        for loose, shares in border.items():
            of_piece[loose] = min(shares, key=lambda target: (-round(shares[target], 3), target))
            settled[loose] = True
    now = of_piece[piece] if count else now
    islands = [int(np.flatnonzero(piece == lonely)[0]) for lonely in np.flatnonzero(~settled)]
    return Reattached(now, np.flatnonzero(now != group), np.array(islands, np.int64))
