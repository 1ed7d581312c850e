"""Methods ``squares`` and ``hexagons``: equal tiles clipped to the finest areas."""

from __future__ import annotations

from typing import Annotated, Literal

import numpy as np
import numpy.typing as npt
from pydantic import Field

from geogrid.partition.frame import Cut, Frame
from geogrid.partition.section import BaseSection
from geogrid.partition.slivers import absorbed
from geogrid.partition.tiling import Hexagons, Squares, Tiling, pieces_of
from geogrid.types import Progress, no_progress

__all__ = ["HexagonsSection", "SquaresSection", "cut_hexagons", "cut_squares"]


class TilesSection(BaseSection):
    """What squares and hexagons have in common.

    Parameters
    ----------
    min_share : float
        No cell is below this share of the target, unless its area, or the island it lies on, is: a smaller
        piece goes to the neighbour it shares most border with.
    """

    min_share: Annotated[float, Field(ge=0, le=0.9)] = 0.5


class SquaresSection(TilesSection):
    """``method = "squares"``."""

    method: Literal["squares"] = "squares"


class HexagonsSection(TilesSection):
    """``method = "hexagons"``."""

    method: Literal["hexagons"] = "hexagons"


def cut_squares(frame: Frame, section: SquaresSection, progress: Progress = no_progress) -> Cut:
    """Return squares of the target area, clipped to the parents, slivers absorbed."""
    return _cut(frame, section, Squares(float(np.sqrt(section.target_area_m2))), progress)


def cut_hexagons(frame: Frame, section: HexagonsSection, progress: Progress = no_progress) -> Cut:
    """Return regular hexagons of the target area, clipped to the parents, slivers absorbed."""
    side = float(np.sqrt(section.target_area_m2 / (1.5 * np.sqrt(3.0))))
    return _cut(frame, section, Hexagons(side), progress)


def _cut(frame: Frame, section: TilesSection, tiling: Tiling, progress: Progress) -> Cut:
    pieces: list[npt.NDArray[np.object_]] = []
    for row, area in enumerate(frame.parents):
        progress("cut", row, len(frame))
        pieces.append(pieces_of(area, tiling))
    progress("cut", len(frame), len(frame))
    parent = np.repeat(np.arange(len(frame)), [len(part) for part in pieces])
    polygons, parent = absorbed(np.concatenate(pieces), parent, section.min_share * section.target_area_m2)
    return Cut(polygons, parent)
