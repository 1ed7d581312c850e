"""The steps of a draft: each takes a division and returns the changed one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from geogrid.errors import InputError, NotFoundError
from geogrid.partition.division import Division, Layer
from geogrid.types import IntArray

__all__ = ["Step", "apply_step"]

Step = dict[str, Any]
"""``{"do": "move", "layer": …, …}``, as it is kept; the keys are the function's parameters."""


def apply_step(division: Division, step: Step) -> Division:
    """Return the division after one step.

    Raises
    ------
    InputError
        If the step would leave a grid without cells, or give a code twice.
    NotFoundError
        If it names a layer, grid or cell that does not exist.
    """
    details = {key: value for key, value in step.items() if key != "do"}
    try:
        action = _STEPS[step["do"]]
    except KeyError:
        raise InputError("no such step of a draft", given=step.get("do"), allowed=", ".join(_STEPS)) from None
    return action(division, **details)


def _move(division: Division, *, layer: str, members: Sequence[str], to: str) -> Division:
    """Give members (rows of the layer below) to another grid."""
    grids = _stacked(division, layer)
    membership = _membership(grids).copy()
    rows = _rows(division.layer(str(grids.of)), members)
    before = set(membership[rows].tolist())
    membership[rows] = _rows(grids, [to])[0]
    emptied = sorted(before - set(membership.tolist()))
    if emptied:
        raise InputError(
            "a grid would be left without cells", given=", ".join(grids.codes[emptied].tolist()), source=layer,
            mend="merge it into another grid instead",
        )  # fmt: skip
    return _with(division, replace(grids, membership=membership))


def _merge(division: Division, *, layer: str, code: str, into: str) -> Division:
    """Give all members of a grid to another one, and drop it."""
    grids = _stacked(division, layer)
    gone, stays = _rows(grids, [code])[0], _rows(grids, [into])[0]
    if gone == stays:
        raise InputError("a grid cannot be merged into itself", given=code, source=layer)
    membership = _membership(grids).copy()
    membership[membership == gone] = stays
    keep = np.arange(len(grids)) != gone
    membership[membership > gone] -= 1
    kept = replace(
        grids, codes=grids.codes[keep], names=grids.names[keep], areas=grids.areas[keep], membership=membership,
        attributes={name: np.asarray(values)[keep] for name, values in grids.attributes.items()},
    )  # fmt: skip
    changed = _with(division, kept)
    for above in division.layers:
        if above.of == layer and above.membership is not None:
            _require_filled(above, above.membership[keep])
            changed = _with(changed, replace(above, membership=above.membership[keep]))
    return changed


def _add(division: Division, *, layer: str, code: str, name: str, members: Sequence[str]) -> Division:
    """Make a new grid of members taken from others; it stands where its first member stood."""
    grids = _stacked(division, layer)
    if code in set(grids.codes.tolist()):
        raise InputError("the code is in use", given=code, source=layer, mend="choose a new one")
    first = int(_membership(grids)[_rows(division.layer(str(grids.of)), members)[0]])
    grown = replace(
        grids,
        codes=np.append(grids.codes, np.array([code], dtype=object)),
        names=np.append(grids.names, np.array([name], dtype=object)),
        areas=np.append(grids.areas, grids.areas[first : first + 1]),
        attributes={key: np.append(values, values[first : first + 1]) for key, values in grids.attributes.items()},
    )
    changed = _with(division, grown)
    for above in division.layers:
        if above.of == layer and above.membership is not None:
            home = np.append(above.membership, above.membership[first]).astype(np.int32)
            changed = _with(changed, replace(above, membership=home))
    return _move(changed, layer=layer, members=members, to=code)


def _rename(division: Division, *, layer: str, code: str, name: str) -> Division:
    """Give a cell or grid another name."""
    found = division.layer(layer)
    names = found.names.copy()
    names[_rows(found, [code])[0]] = name
    return _with(division, replace(found, names=names))


_STEPS: dict[str, Callable[..., Division]] = {"move": _move, "merge": _merge, "add": _add, "rename": _rename}


def _stacked(division: Division, name: str) -> Layer:
    layer = division.layer(name)
    if layer.kind != "stacked" or layer.of is None or layer.membership is None:
        raise InputError(
            "only grids that are made of cells can be edited so", given=f"{name} ({layer.kind})",
            allowed=", ".join(other.name for other in division.layers if other.kind == "stacked"),
        )  # fmt: skip
    return layer


def _membership(layer: Layer) -> npt.NDArray[np.int32]:
    return np.asarray(layer.membership, np.int32)


def _rows(layer: Layer, codes: Sequence[str]) -> IntArray:
    if not codes:
        raise InputError("a step needs at least one member", source=layer.name)
    place = {code: row for row, code in enumerate(layer.codes.tolist())}
    unknown = [code for code in codes if code not in place]
    if unknown:
        raise NotFoundError(f"no such code in layer {layer.name}", given=", ".join(unknown[:5]))
    return np.array([place[code] for code in codes], np.int64)


def _require_filled(layer: Layer, membership: npt.NDArray[np.int32]) -> None:
    empty = np.setdiff1d(np.arange(len(layer)), membership)
    if len(empty):
        raise InputError(
            "a grid would be left without cells", given=", ".join(layer.codes[empty].tolist()), source=layer.name,
            mend="merge that one first",
        )  # fmt: skip


def _with(division: Division, layer: Layer) -> Division:
    layers = tuple(layer if other.name == layer.name else other for other in division.layers)
    return replace(division, layers=layers)
