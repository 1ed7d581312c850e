"""An existing division in a file, healed: a division and the list of what changed."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from geogrid.boundaries.areas import Boundaries
from geogrid.partition.adopting import AdoptSection, as_division, outline_of, read_layer
from geogrid.partition.changes import Change
from geogrid.partition.division import Division
from geogrid.partition.frame import metric_of
from geogrid.partition.healing import healed_alone, healed_within
from geogrid.partition.strips import HealRule

__all__ = ["HealedDivision", "adopt_and_heal"]


@dataclass(frozen=True, eq=False)
class HealedDivision:
    """A healed division.

    Parameters
    ----------
    division : Division
        Its findings are what is still wrong.
    changes : tuple of Change
        What changed hands, and what was left, the largest first.
    """

    division: Division
    changes: tuple[Change, ...]


def adopt_and_heal(
    path: str | Path,
    *,
    rule: HealRule,
    boundaries: Boundaries | None = None,
    layer_name: str = "cell",
    code_column: str | None = None,
    name_column: str | None = None,
    place_code: str | None = None,
    place_name: str | None = None,
    **reading: Any,
) -> HealedDivision:
    """Return an existing division with its gaps, overlaps and slivers healed, and every change.

    Parameters
    ----------
    path : str or Path
        A file of polygons.
    rule : HealRule
        The width in metres, and what becomes of wider overlaps.
    boundaries : Boundaries, optional
        The official outlines; they do not move. With them a gap too wide to heal stays a
        finding, ``no_gap``. Without them it stays a hole: the place as published leaves it out, and
        it is listed among the changes as not done.
    layer_name, code_column, name_column, place_code, place_name, **reading
        As of `geogrid.partition.adopt`.

    Raises
    ------
    InputError, PartitionError, StorageError
    """
    file = Path(path)
    section = AdoptSection.model_validate(
        {"name": layer_name, "path": file, "code_column": code_column, "name_column": name_column, "reading": reading}
    )
    drawn = read_layer(section)
    if boundaries is None:
        code, name = place_code or file.stem, place_name or file.stem
        metric = metric_of(outline_of(drawn, code=code, name=name))
        drawn, changes = healed_alone(drawn, metric, rule)
        place = outline_of(drawn, code=code, name=name, fill=False)
    else:
        place = replace(boundaries, code=place_code or boundaries.code, name=place_name or boundaries.name)
        drawn, place, changes = healed_within(drawn, place, rule)
    return HealedDivision(as_division(drawn, place), changes)
