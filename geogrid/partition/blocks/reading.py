"""Read what a plan names: seam files, buildings, areas, water, corridors; in metres."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import shapely

from geogrid.crs import Metric
from geogrid.errors import PlanError
from geogrid.partition.blocks.corridors import corridor_strips
from geogrid.partition.blocks.ground import Ground, OwnAreas, Seams
from geogrid.partition.blocks.importance import TABLES, importance_of
from geogrid.partition.blocks.section import AreaFile, BlocksSection, BuildingFile, FeatureFile, SeamFile
from geogrid.partition.blocks.unused import passed_over, unknown_classes
from geogrid.partition.plan_files import features_named
from geogrid.types import Finding

__all__ = ["read_buildings", "read_ground", "read_seams"]

_BUILDING_NAMES = ("osm_id", "osm_way_id", "id")


def read_ground(section: BlocksSection, metric: Metric) -> Ground:
    """Return everything on the ground that a section names, in the metric CRS.

    Raises
    ------
    PlanError
        If a file lacks a column that the plan names.
    BoundaryError, CrsError, StorageError
        If a file cannot be read or declares no CRS.
    """
    seams, notes = Seams(), list[Finding]()
    for file in section.seams:
        read = read_seams(file, metric, notes)
        notes += unknown_classes(file.file, read, {"hard": file.hard})
        seams = seams.join(read)
    areas = OwnAreas()
    for corridor in section.corridors:
        read = read_seams(corridor, metric, notes)
        notes += unknown_classes(corridor.file, read, {"widths": corridor.widths})
        areas = areas.join(corridor_strips(read, corridor.widths))
    for special in section.special_areas:
        areas = areas.join(_areas(special, metric, notes))
    if section.water is not None:
        water = AreaFile(**section.water.model_dump(), rule="own", least_m2=0.3 * section.target_area_m2, kind="water")
        areas = areas.join(_areas(water, metric, notes))
    buildings, names = np.empty(0, dtype=object), np.empty(0, dtype=object)
    if section.buildings is not None:
        buildings, names = read_buildings(section.buildings, metric, notes)
    return Ground(seams.sorted(), buildings, areas, names, tuple(dict.fromkeys(notes)))


def read_buildings(
    file: BuildingFile, metric: Metric, notes: list[Finding] | None = None
) -> tuple[npt.NDArray[np.object_], npt.NDArray[np.object_]]:
    """Return the buildings of a file, part by part in the order of their coordinates, and what each is called.

    Raises
    ------
    PlanError
        If the file lacks the column that the plan names.
    BoundaryError, CrsError, StorageError
        If it cannot be read or declares no CRS.
    """
    shapes, table = _features(file, metric, notes, "polygons", least=2)
    _require_columns("building", file, table, file.name)
    names = np.full(len(table), "", dtype=object)
    for column in (file.name,) if file.name else [name for name in _BUILDING_NAMES if name in table.columns]:
        names = np.where(names == "", _text(table[column]), names)
    rows = np.array([f"row {index + 1}" for index in table.index], dtype=object)
    names = np.where(names == "", rows, names)
    polygons, row = _polygons(shapes)
    keys = shapely.to_wkb(polygons, byte_order=1)
    order = np.array(sorted(range(len(polygons)), key=lambda i: (keys[i], names[row[i]])), np.int64)
    return polygons[order], np.asarray(names[row[order]], dtype=object)


def read_seams(file: SeamFile, metric: Metric, notes: list[Finding] | None = None) -> Seams:
    """Return the seams of one file: classes weighed, tunnels and skipped classes left out.

    What could not be used is added to `notes`.
    """
    shapes, table = _features(file, metric, notes, "lines or polygons", least=1)
    columns = file.classes or tuple(name for name in TABLES if name in table.columns)
    _require_columns("seam", file, table, *columns, file.name)
    classes = np.full(len(table), "", dtype=object)
    worth = np.full(len(table), file.other)
    for name in columns:
        values = _text(table[name])
        fresh = (classes == "") & (values != "")
        classes[fresh] = values[fresh]
        weights = {**TABLES.get(name, {}), **file.importance}
        worth[fresh] = importance_of(values[fresh], weights, file.other)
    hard = np.isin(classes.astype(str), file.hard) | ("*" in file.hard)
    keep = ~np.isin(classes.astype(str), file.skip)
    if not file.tunnels:
        keep &= np.char.lower(classes.astype(str)) != "tunnel"
        if "tunnel" in table.columns:
            keep &= np.isin(_text(table["tunnel"]).astype(str), ("", "no", "0", "F"))
    names = _text(table[file.name]) if file.name else np.full(len(table), "", dtype=object)
    return Seams.of(
        shapes[keep], worth=worth[keep], hard=hard[keep], layer=file.file.stem, classes=classes[keep],
        names=names[keep],
    )  # fmt: skip


def _areas(file: AreaFile, metric: Metric, notes: list[Finding] | None = None) -> OwnAreas:
    shapes, table = _features(file, metric, notes, "polygons", least=2)
    _require_columns("area", file, table, file.name)
    polygons, row = _polygons(shapes)
    names = (_text(table[file.name]) if file.name else np.full(len(table), "", dtype=object))[row]
    order = np.array(
        sorted(range(len(polygons)), key=lambda i: (shapely.to_wkb(polygons[i], byte_order=1), names[i])), np.int64
    )
    count = len(polygons)
    return OwnAreas(
        polygons[order], np.full(count, file.rule, object), np.full(count, file.least_m2),
        np.full(count, file.kind, object), names[order],
    )  # fmt: skip


def _require_columns(kind: str, file: FeatureFile, table: Any, *columns: str | None) -> None:
    missing = [name for name in columns if name is not None and name not in table.columns]
    if missing:
        raise PlanError(
            f"the {kind} file has no such column", given=", ".join(missing),
            allowed=", ".join(map(str, table.columns)), source=file.file,
        )  # fmt: skip


def _features(
    file: FeatureFile, metric: Metric, notes: list[Finding] | None, what: str, *, least: int
) -> tuple[npt.NDArray[np.object_], Any]:
    table = features_named(file.file, layer=file.layer, datum=file.datum, crs=file.crs, encoding=file.encoding)
    shapes = np.asarray(table.geometry.array, dtype=object)
    filled = ~(shapely.is_missing(shapes) | shapely.is_empty(shapes))
    if notes is not None:
        notes += passed_over(file.file, what, filled & (shapely.get_dimensions(shapes) >= least))
    metres = shapely.transform(shapes[filled], metric.to_metres)
    return np.asarray(metres, object), table[filled]


def _polygons(shapes: npt.NDArray[np.object_]) -> tuple[npt.NDArray[np.object_], npt.NDArray[np.int64]]:
    """Return the valid polygons among shapes, part by part, and the row of each; lines are passed over."""
    parts, row = shapely.get_parts(shapely.make_valid(shapes), return_index=True)
    inner, at = shapely.get_parts(parts, return_index=True)
    keep = (shapely.get_type_id(inner) == 3) & (shapely.area(inner) > 0)
    return np.asarray(inner[keep], object), row[at][keep]


def _text(column: Any) -> npt.NDArray[np.object_]:
    return np.asarray(column.where(column.notna(), "").astype(str).to_numpy(), dtype=object)
