"""The plan's section of ``method = "blocks"``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from geogrid.partition.section import BaseSection, PlanPath, Section

__all__ = ["AreaFile", "BlocksSection", "BuildingFile", "CorridorFile", "FeatureFile", "SeamFile"]

Share = Annotated[float, Field(ge=0, le=1)]


def _file_or_table(value: Any) -> Any:
    return {"file": value} if isinstance(value, str | Path) else value


class FeatureFile(Section):
    """A file of features: ``"roads.gpkg"``, or a table that says how to read it.

    Parameters
    ----------
    file : path
    layer, datum, crs, encoding : str, optional
        How it is read; see `read_features`. A file that declares no CRS is refused unless one is given here.
    """

    file: PlanPath
    layer: str | None = None
    datum: str | None = None
    crs: str | None = None
    encoding: str | None = None


class SeamFile(FeatureFile):
    """Lines or polygons whose borders people see on the ground.

    Parameters
    ----------
    classes : str or list of str
        Columns that hold the class; the first that is filled counts. Left out: the first of
        ``highway``, ``waterway``, ``railway``, ``barrier`` the file has.
    importance : dict of str to float
        Class to importance, 0 to 1; adds to the built-in table of an OpenStreetMap column.
    other : float
        Importance of every other class.
    hard : list of str
        Classes never inside a cell; ``["*"]`` for all.
    skip : list of str
        Classes left out. Tunnels always are (class or column ``tunnel``), unless `tunnels` is true; a bridge
        counts as what it carries.
    name : str, optional
        Column with the seam's name, for the reasons.
    """

    classes: Annotated[tuple[str, ...], BeforeValidator(lambda v: (v,) if isinstance(v, str) else v)] = ()
    importance: dict[str, Share] = Field(default_factory=dict)
    other: Share = 0.3
    hard: tuple[str, ...] = ()
    skip: tuple[str, ...] = ()
    tunnels: bool = False
    name: str | None = None


class AreaFile(FeatureFile):
    """Polygons that are places of their own.

    Parameters
    ----------
    rule : {"own", "one", "split"}
        ``own``: each is a cell of its own, kept whole; ``one``: it is kept whole inside one cell;
        ``split``: cells of their own, cut to size like the ground.
    least_m2 : float
        A smaller area (or piece of one in another parent) is treated as ``one``.
    kind : str
        What its cells are called in the attribute ``kind``.
    name : str, optional
        Column with the area's name.
    """

    rule: Literal["own", "one", "split"] = "own"
    least_m2: Annotated[float, Field(ge=0)] = 1_000.0
    kind: str = "special"
    name: str | None = None


class BuildingFile(FeatureFile):
    """Polygons that are never cut.

    Parameters
    ----------
    name : str, optional
        Column that says which building it is, for the findings. Left out: the first of ``osm_id``,
        ``osm_way_id``, ``id`` that is filled, else its row in the file.
    """

    name: str | None = None


class CorridorFile(SeamFile):
    """Lines that become strips of their own, cut along their length.

    Parameters
    ----------
    widths : dict of str to float
        Class to full width in metres; other classes are no corridors.
    """

    widths: dict[str, Annotated[float, Field(gt=0, le=500)]]


class BlocksSection(BaseSection):
    """``method = "blocks"``: cells whose borders follow what people see on the ground.

    Parameters
    ----------
    seams : list of SeamFile
    buildings : BuildingFile, optional
        Never cut, except by a legal border.
    special_areas : list of AreaFile
    water : FeatureFile, optional
        Water surfaces: their banks are hard, and each is a cell of its own, never cut to size.
    corridors : list of CorridorFile
    fit : {"report", "move", "off"}
        Whether the seams' shift against the legal borders is reported, or taken out of the seams.
    effort : float
        More tries for better cells, in time.
    seed : int
    keep : path, optional
        A folder where finished parents are kept, so that an interrupted run goes on where it was.
    reasons : path, optional
        A GeoPackage to write: why each stretch of a cell's border is where it is.
    """

    method: Literal["blocks"] = "blocks"
    tolerance: Annotated[float, Field(gt=0, le=0.5)] = 0.10
    seams: tuple[Annotated[SeamFile, BeforeValidator(_file_or_table)], ...] = ()
    buildings: Annotated[BuildingFile | None, BeforeValidator(_file_or_table)] = None
    special_areas: tuple[Annotated[AreaFile, BeforeValidator(_file_or_table)], ...] = ()
    water: Annotated[FeatureFile | None, BeforeValidator(_file_or_table)] = None
    corridors: tuple[CorridorFile, ...] = ()
    fit: Literal["report", "move", "off"] = "report"
    effort: Annotated[float, Field(gt=0, le=100)] = 1.0
    seed: int = 1
    keep: PlanPath | None = None
    reasons: PlanPath | None = None
