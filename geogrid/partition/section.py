"""Sections of a plan: what every ``[[layer]]`` has, whatever its method.

Each method's own model derives from one of these, in the method's own module.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationInfo

__all__ = [
    "BaseSection",
    "CodesSection",
    "LayerName",
    "LayerSection",
    "PlanPath",
    "Reading",
    "Section",
    "StackedSection",
]


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


class Reading(Section):
    """``reading = { … }``: how a file of features is read, as `read_features` takes it.

    Parameters
    ----------
    layer : str, optional
        Layer of the file.
    crs : str or int, optional
        Its CRS, if it declares none.
    datum : str, optional
        ``"wgs84"``, ``"cgcs2000"``, ``"gcj02"`` or ``"bd09"``.
    encoding, where : str, optional
        Of its texts; an SQL condition on its columns.
    swap_axes : bool
        Latitude stands first.
    """

    layer: str | None = None
    crs: str | int | None = None
    datum: str | None = None
    encoding: str | None = None
    where: str | None = None
    swap_axes: bool = False

    def words(self) -> dict[str, Any]:
        """Return what the plan says, as keyword arguments."""
        return {key: getattr(self, key) for key in self.model_fields_set}


class CodesSection(Section):
    """``codes = { … }``: the numbering of a layer, for the atlas.

    Parameters
    ----------
    template : str
        With ``{area}`` (the code of the area that holds the row), ``{seq}`` (its number there, with a
        width such as ``{seq:03d}``) and ``{layer}``; or the name of a scheme, such as ``unit-grid``.
    limit : int, optional
        The highest number an area can give.
    """

    template: str
    limit: Annotated[int, Field(gt=0)] | None = None


class LayerSection(Section):
    """What every ``[[layer]]`` may say.

    Parameters
    ----------
    name : str
        The layer's name: ``"cell"``, ``"responsibility"``, …
    method : str
        How it is made; the key that chooses the model.
    codes : CodesSection, optional
        How rows without a code are numbered when the layer is published.
    """

    name: LayerName
    method: str
    codes: CodesSection | None = None

    def with_workers(self, workers: int) -> Self:
        """Return the section of a method that shares its work among so many workers, unless the plan says how many."""
        return self


class BaseSection(LayerSection):
    """A layer of cells: the first of a plan.

    Parameters
    ----------
    target_area_m2 : float
        The size of a cell, m² in the metric CRS.
    tolerance : float
        The share of the target by which a cell may differ before it is reported.
    """

    target_area_m2: Annotated[float, Field(ge=1, le=1e12)] = 10_000.0
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
