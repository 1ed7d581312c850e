"""Sections of a plan: what every ``[[layer]]`` has, whatever its method.

Each method's own model derives from one of these, in the method's own module.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationInfo

__all__ = ["BaseSection", "LayerName", "LayerSection", "PlanPath", "Section", "StackedSection"]


def _from_plan_folder(path: Path, info: ValidationInfo) -> Path:
    folder = (info.context or {}).get("folder")
    return path if folder is None or path.is_absolute() else Path(folder) / path


PlanPath = Annotated[Path, AfterValidator(_from_plan_folder)]
"""A file that a plan names; a relative one is taken from the plan's own folder."""

LayerName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$", max_length=40)]
"""A layer's name: a lower-case word, as it becomes a table name and part of URLs."""


class Section(BaseModel):
    """A table of a plan: every key is known, every value is fixed once read."""

    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True, allow_inf_nan=False)


class LayerSection(Section):
    """What every ``[[layer]]`` may say.

    Parameters
    ----------
    name : str
        The layer's name: ``"cell"``, ``"responsibility"``, …
    method : str
        How it is made; the key that chooses the model.
    codes : dict, optional
        How the layer is numbered (``scheme`` or ``template`` and their options); handed on to the atlas as it is.
    """

    name: LayerName
    method: str
    codes: dict[str, Any] | None = None


class BaseSection(LayerSection):
    """A layer of cells: the first of a plan.

    Parameters
    ----------
    target_area_m2 : float
        The size of a cell, m² in the metric CRS.
    tolerance : float
        The share of the target by which a cell may differ before it is reported.
    """

    target_area_m2: Annotated[float, Field(gt=0, le=1e12)] = 10_000.0
    tolerance: Annotated[float, Field(ge=0, le=1)] = 0.10


class StackedSection(LayerSection):
    """A layer of grids, each a union of rows of the layer it stands on.

    Parameters
    ----------
    of : str
        The layer below.
    within : str, optional
        A level of areas; no grid reaches over a border of that level.
    """

    of: str = "cell"
    within: str | None = None
