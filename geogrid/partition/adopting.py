"""Method ``adopt``: take an existing division as it is, prove it, and report what is wrong.

Nothing is moved. Coordinates are brought to WGS 84 and rounded to the lattice, about 1 cm.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Any, Literal

import numpy as np
import numpy.typing as npt
from pydantic import Field, ValidationInfo, field_validator

from geogrid.boundaries.areas import Areas, Boundaries, Source
from geogrid.errors import InputError
from geogrid.lattice import LatticePolygons
from geogrid.partition.adopted_faults import (
    adopted_faults,
    filled_union,
    joined_to_outlines,
    most_of,
    on_lattice,
)
from geogrid.partition.changes import healed_findings, save_changes
from geogrid.partition.columns import found_column, text_column
from geogrid.partition.division import Division, Layer, labels_of
from geogrid.partition.frame import crs_name, metric_of
from geogrid.partition.healing import healed_within
from geogrid.partition.plan_files import features_named
from geogrid.partition.section import LayerSection, PlanPath, Reading
from geogrid.partition.strips import HealRule
from geogrid.types import Finding, Progress, no_progress

__all__ = [
    "AdoptSection",
    "Adopted",
    "adopt",
    "adopt_layer",
    "as_adopted",
    "as_division",
    "layer_of",
    "outline_of",
    "read_layer",
]


class AdoptSection(LayerSection):
    """``method = "adopt"``.

    Parameters
    ----------
    path : path
        The file with the division.
    code_column, name_column : str, optional
        Its columns; found by their usual names if left out.
    reading : Reading
        How the file is read: layer, crs, datum, encoding, where.
    of : str, optional
        Given: a stacked layer; each row of that layer goes to the polygon that holds its
        representative point. Left out: the base, or an overlay with its own geometry.
    within : str, optional
        Stacked: a level of areas to name the grids' area by.
    heal_width_m : float, optional
        Base and overlay: gaps, overlaps and slivers up to this width change hands, see `heal`.
    wide_overlaps : {"list", "smaller", "larger"}
        Wider overlaps are left, or go to the smaller or larger row.
    changes : path, optional
        A GeoPackage that is written with one row for each change.
    """

    method: Literal["adopt"] = "adopt"
    path: PlanPath
    code_column: str | None = None
    name_column: str | None = None
    reading: Reading = Field(default_factory=Reading)
    of: str | None = None
    within: str | None = None
    heal_width_m: Annotated[float, Field(gt=0)] | None = None
    wide_overlaps: Literal["list", "smaller", "larger"] = "list"
    changes: PlanPath | None = None

    @field_validator("heal_width_m")
    @classmethod
    def _is_drawn(cls, width: float | None, info: ValidationInfo) -> float | None:
        if width is not None and info.data.get("of") is not None:
            raise ValueError("a layer made `of` another has no borders of its own to heal")
        return width

    @field_validator("changes")
    @classmethod
    def _are_asked_for(cls, path: Path | None, info: ValidationInfo) -> Path | None:
        if path is not None and info.data.get("heal_width_m") is None:
            raise ValueError("there are changes only with heal_width_m")
        return path

    @property
    def rule(self) -> HealRule | None:
        """What may be healed; None for nothing."""
        return None if self.heal_width_m is None else HealRule(self.heal_width_m, self.wide_overlaps)


@dataclass(frozen=True, eq=False)
class Adopted:
    """An adopted layer and what is wrong with it.

    Parameters
    ----------
    layer : Layer
        With its own shapes; ``areas`` name the finest area that holds most of each row.
    place : Boundaries
        The outlines, with the vertices of rows that run along them.
    findings : tuple of Finding
    """

    layer: Layer
    place: Boundaries
    findings: tuple[Finding, ...]


def adopt_layer(place: Boundaries, section: AdoptSection, progress: Progress = no_progress) -> Adopted:
    """Return the division in a file as a layer over a place.

    Raises
    ------
    InputError
        If the file has no polygons, or two rows of the same code.
    """
    progress("adopt", 0, 2)
    layer = read_layer(section)
    progress("adopt", 1, 2)
    summary: tuple[Finding, ...] = ()
    if section.rule is not None:
        layer, place, changes = healed_within(layer, place, section.rule)
        summary = healed_findings(changes)
        if section.changes is not None:
            save_changes(changes, section.changes)
    adopted = as_adopted(layer, place)
    progress("adopt", 2, 2)
    return replace(adopted, findings=(*summary, *adopted.findings))


def adopt(
    path: str | Path,
    *,
    boundaries: Boundaries | None = None,
    layer_name: str = "cell",
    code_column: str | None = None,
    name_column: str | None = None,
    place_code: str | None = None,
    place_name: str | None = None,
    **reading: Any,
) -> Division:
    """Return an existing division as it is, with a finding for everything wrong with it.

    Parameters
    ----------
    path : str or Path
        A file of polygons.
    boundaries : Boundaries, optional
        The official outlines; if left out, the division is measured against what it covers and
        encloses itself.
    layer_name : str
        What its layer is called.
    code_column, name_column : str, optional
        Found by their usual names if left out.
    place_code, place_name : str, optional
        Of the place; those of the boundaries, or the file's name.
    **reading
        Handed on to `read_features`: layer, crs, datum, encoding, where.

    Raises
    ------
    InputError, StorageError
    """
    file = Path(path)
    section = AdoptSection.model_validate(
        {"name": layer_name, "path": file, "code_column": code_column, "name_column": name_column, "reading": reading}
    )
    drawn = read_layer(section)
    if boundaries is None:
        place = outline_of(drawn, code=place_code or file.stem, name=place_name or file.stem)
    else:
        place = replace(boundaries, code=place_code or boundaries.code, name=place_name or boundaries.name)
    return as_division(drawn, place)


def as_division(drawn: Layer, place: Boundaries) -> Division:
    """Return a division whose base is a layer with its own shapes, and all that is wrong with it."""
    adopted = as_adopted(drawn, place)
    base = replace(adopted.layer, kind="base")
    return Division(
        place.code, place.name, adopted.place.levels, (base,), crs_name(metric_of(place)), "", adopted.findings
    )


def as_adopted(layer: Layer, place: Boundaries) -> Adopted:
    """Return a layer with its own shapes placed in the finest areas, and all that is wrong with it."""
    shapes = layer.shapes if layer.shapes is not None else LatticePolygons.from_rings([], [], [])
    home, inside = most_of(shapes, place.finest.polygons)
    areas = np.where(home >= 0, place.finest.codes[home], "").astype(object)
    shapes, place = joined_to_outlines(shapes, place, home)
    findings = adopted_faults(shapes, labels_of(layer), place, home, inside)
    return Adopted(replace(layer, areas=areas, shapes=shapes), place, findings)


def read_layer(section: AdoptSection) -> Layer:
    """Return the polygons of a file as an overlay layer, in order of codes.

    Raises
    ------
    InputError
    """
    frame = features_named(section.path, **section.reading.words())
    return layer_of(
        frame, section.name, code_column=section.code_column, name_column=section.name_column, source=section.path
    )


def layer_of(
    frame: Any, name: str, *, code_column: str | None = None, name_column: str | None = None, source: object = None
) -> Layer:
    """Return a GeoDataFrame of polygons (EPSG:4326) as an overlay layer, in order of codes.

    Rows without a code column are known by their names where these are unique, else by nothing:
    the atlas numbers them. Other columns become attributes.

    Raises
    ------
    InputError
        If there are no polygons, a geometry is missing, or two rows have the same code.
    """
    if len(frame) == 0:
        raise InputError("the division has no rows", source=source, mend="look at the file, or at `where`")
    code = found_column(frame, code_column, "code", source=source)
    label = found_column(frame, name_column, "name", source=source)
    blank = np.full(len(frame), "", dtype=object)
    names = text_column(frame, label) if label else blank
    codes = text_column(frame, code) if code else names if _are_unique(names) else blank
    if codes is not blank and not _are_unique(codes):
        values, counts = np.unique(codes.astype(str), return_counts=True)
        raise InputError(
            "codes are missing or not unique", given=", ".join(repr(str(v)) for v in values[(counts > 1) | (values == "")][:5]),
            allowed="one row for each code", source=f"{source}, column {code}", mend="name another column of codes",
        )  # fmt: skip
    shapes = on_lattice(np.asarray(frame.geometry.array, dtype=object), source=source)
    shapes.require_filled(codes, source=source)
    bounds = shapes.bounds()
    order = np.lexsort((bounds[:, 1], bounds[:, 0], -bounds[:, 3], names.astype(str), codes.astype(str)))
    used = {frame.geometry.name, code, label}
    attributes = {str(key): _values(frame[key])[order] for key in frame.columns if key not in used}
    return Layer(
        name, "overlay", codes[order], names[order], blank, shapes=shapes.take(order), attributes=attributes
    )  # fmt: skip


def outline_of(layer: Layer, *, code: str, name: str, fill: bool = True) -> Boundaries:
    """Return a place whose one area is what a division covers, with everything it encloses if `fill`.

    A part that the division encloses and gives to nobody is then a gap of it, else no part of the place.
    """
    polygons = layer.shapes if layer.shapes is not None else LatticePolygons.from_rings([], [], [])
    whole = filled_union(polygons, fill=fill)
    text = [np.array([value], dtype=object) for value in (code, name, "")]
    return Boundaries(code, name, (Areas("place", text[0], text[1], text[2], whole),), Source())


def _are_unique(values: npt.NDArray[np.object_]) -> bool:
    return len(set(values.tolist())) == len(values) and "" not in values.tolist()


def _values(column: Any) -> npt.NDArray[Any]:
    values = column.to_numpy()
    if values.dtype.kind in "iufb":
        return np.asarray(values)
    missing = column.isna().to_numpy()
    return np.array(["" if gone else str(v) for v, gone in zip(column.tolist(), missing, strict=True)], dtype=object)
