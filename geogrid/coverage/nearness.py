"""Nearness: which points of one kind hang together, each within reach of the next in place and time."""

from __future__ import annotations

import numpy as np

from geogrid.compiled import Whole, compiled
from geogrid.types import FloatArray, IntArray

__all__ = ["connected"]


def connected(metres: FloatArray, seconds: IntArray, kind: IntArray, *, near_m: float, near_s: int) -> IntArray:
    """Return (n,) int64: for each point the first point of its family, by position.

    Two points are near if they are of one kind, at most `near_m` apart and at most `near_s` apart in
    time; a family is everything that hangs together by nearness.

    Parameters
    ----------
    metres : (n, 2) float64
    seconds, kind : (n,) int64
    near_m : float
        Metres.
    near_s : int
        Seconds.

    Notes
    -----
    Points fall into boxes so small that all in one box are near each other; then only boxes side by
    side are compared, each pair only until the first nearness. The work grows with the points, not
    with their pairs, except where two crowds stand just out of reach of each other.

    Examples
    --------
    >>> import numpy as np
    >>> metres = np.array([[0.0, 0.0], [50.0, 0.0], [20.0, 0.0], [40.0, 0.0]])
    >>> same = np.zeros(4, np.int64)
    >>> connected(metres, same, same, near_m=20, near_s=60).tolist()
    [0, 0, 0, 0]
    >>> connected(metres, same, same, near_m=15, near_s=60).tolist()
    [0, 1, 2, 1]
    """
    count = len(metres)
    if count == 0:
        return np.zeros(0, np.int64)
    # A hair less than the square whose diagonal is near_m: rounding never makes a box too wide.
    side = near_m / np.sqrt(2.0) * (1 - 1e-9)
    boxes = np.column_stack(
        [
            kind,
            np.floor((metres - metres.min(axis=0)) / side).astype(np.int64),
            (seconds - seconds.min()) // max(near_s, 1),
        ]
    )
    order = np.lexsort(boxes.T[::-1]).astype(np.int64)
    ordered = boxes[order]
    starts = np.flatnonzero(np.concatenate([[True], (np.diff(ordered, axis=0) != 0).any(axis=1)])).astype(np.int64)
    root = np.arange(count, dtype=np.int64)
    _unite(
        np.ascontiguousarray(ordered[starts]), np.append(starts, count), order, metres, seconds, near_m * near_m,
        near_s, root,
    )  # fmt: skip
    return root


@compiled
def _top(root: IntArray, point: Whole) -> Whole:
    while root[point] != point:
        root[point] = root[root[point]]
        point = root[point]
    return point


@compiled
def _find(boxes: IntArray, kind: Whole, x: Whole, y: Whole, t: Whole) -> Whole:
    """Return the row of a box among sorted boxes, -1 if it is empty."""
    low, high = 0, len(boxes)
    while low < high:
        middle = (low + high) // 2
        box = boxes[middle]
        before = box[0] < kind or (
            box[0] == kind and (box[1] < x or (box[1] == x and (box[2] < y or (box[2] == y and box[3] < t))))
        )
        if before:
            low = middle + 1
        else:
            high = middle
    if low < len(boxes):
        box = boxes[low]
        if box[0] == kind and box[1] == x and box[2] == y and box[3] == t:
            return low
    return -1


@compiled
def _unite(
    boxes: IntArray, starts: IntArray, order: IntArray, metres: FloatArray, seconds: IntArray, near_m2: float,
    near_s: Whole, root: IntArray,
) -> None:  # fmt: skip
    for box in range(len(boxes)):
        for place in range(starts[box] + 1, starts[box + 1]):
            one, other = _top(root, order[starts[box]]), _top(root, order[place])
            root[max(one, other)] = min(one, other)
    for box in range(len(boxes)):
        for dx in range(3):
            for dy in range(-2, 3):
                for dt in range(-1, 2):
                    if dx == 0 and (dy < 0 or (dy == 0 and dt <= 0)):
                        continue
                    beside = _find(boxes, boxes[box, 0], boxes[box, 1] + dx, boxes[box, 2] + dy, boxes[box, 3] + dt)
                    if beside < 0:
                        continue
                    one, other = _top(root, order[starts[box]]), _top(root, order[starts[beside]])
                    if one == other:
                        continue
                    near = False
                    for mine in range(starts[box], starts[box + 1]):
                        a = order[mine]
                        for theirs in range(starts[beside], starts[beside + 1]):
                            b = order[theirs]
                            gap = seconds[a] - seconds[b]
                            east, north = metres[a, 0] - metres[b, 0], metres[a, 1] - metres[b, 1]
                            if -near_s <= gap <= near_s and east * east + north * north <= near_m2:
                                near = True
                                break
                        if near:
                            break
                    if near:
                        root[max(one, other)] = min(one, other)
    for point in range(len(root)):
        root[point] = _top(root, point)
