"""The result of cutting: layers of cells and grids over the areas of a place."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from itertools import pairwise
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import shapely

from geogrid.boundaries.areas import Areas
from geogrid.errors import NotFoundError
from geogrid.lattice import LatticePolygons, area_m2
from geogrid.types import Finding, FloatArray, Int32Array, IntArray

__all__ = ["Division", "Layer", "dissolve", "labels_of"]


@dataclass(frozen=True, eq=False)
class Layer:
    """One complete division of a place.

    A *base* layer holds the cells; a *stacked* layer holds which grid each row of the layer
    below belongs to, and its geometry is their union; an *overlay* is drawn on its own.

    Parameters
    ----------
    name : str
        ``"cell"``, ``"responsibility"``, …
    kind : {"base", "stacked", "overlay"}
    codes : (n,) object array of str
        ``""`` until the atlas has numbered the layer.
    names : (n,) object array of str
    areas : (n,) object array of str
        Code of the finest area (or the area of `within`) that holds the row; ``""`` for none.
    of : str, optional
        Stacked: the layer below.
    membership : (rows of the layer below,) int32, optional
        Stacked: the row of this layer that each row below belongs to.
    shapes : LatticePolygons, optional
        Base and overlay: the geometry, n rows.
    attributes : mapping of str to (n,) array
        Further columns, e.g. ``weight``, ``flag``.
    """

    name: str
    kind: Literal["base", "stacked", "overlay"]
    codes: npt.NDArray[np.object_]
    names: npt.NDArray[np.object_]
    areas: npt.NDArray[np.object_]
    of: str | None = None
    membership: Int32Array | None = None
    shapes: LatticePolygons | None = None
    attributes: Mapping[str, npt.NDArray[Any]] = field(default_factory=dict)

    def __len__(self) -> int:
        """Return the number of cells or grids."""
        return len(self.codes)


@dataclass(frozen=True, eq=False)
class Division:
    """A place divided: its areas as published, and its layers from the base up.

    Parameters
    ----------
    code, name : str
        Of the place.
    areas : tuple of Areas
        Coarsest first, with every vertex that a cell border adds to an outline.
    layers : tuple of Layer
        The base first; a stacked layer after the layer it stands on.
    metric_crs : str
        The CRS it was cut in, e.g. ``"EPSG:4549"``.
    plan : str
        The plan's TOML text, ``""`` for an adopted division.
    findings : tuple of Finding
        What the rules of the plan could not be met for, and adopted faults.
    """

    code: str
    name: str
    areas: tuple[Areas, ...]
    layers: tuple[Layer, ...]
    metric_crs: str
    plan: str = ""
    findings: tuple[Finding, ...] = ()

    @property
    def base(self) -> Layer:
        """The layer of cells."""
        return self.layers[0]

    @property
    def layer_names(self) -> tuple[str, ...]:
        """Names of all layers, the base first."""
        return tuple(layer.name for layer in self.layers)

    def layer(self, name: str) -> Layer:
        """Return the layer called `name`, or raise NotFoundError."""
        for layer in self.layers:
            if layer.name == name:
                return layer
        raise NotFoundError("no such layer", given=name, allowed=", ".join(self.layer_names), source=self.name)

    def from_cells(self, name: str) -> Int32Array:
        """Return (cells,) int32: the row of layer `name` that each cell belongs to.

        Raises
        ------
        NotFoundError
            If there is no such layer, or it is an overlay and so not made of cells.
        """
        layer = self.layer(name)
        if layer.kind == "base":
            return np.arange(len(layer), dtype=np.int32)
        if layer.kind == "overlay" or layer.of is None or layer.membership is None:
            raise NotFoundError("an overlay layer is not made of cells", given=name)
        return np.asarray(layer.membership[self.from_cells(layer.of)], np.int32)

    def shapes(self, name: str) -> LatticePolygons:
        """Return the geometry of layer `name`; of a stacked layer, the union of its cells."""
        layer = self.layer(name)
        if layer.shapes is not None:
            return layer.shapes
        if name not in self._unions:
            self._unions[name] = dissolve(self.shapes(self.base.name), self.from_cells(name), len(layer))
        return self._unions[name]

    @cached_property
    def _unions(self) -> dict[str, LatticePolygons]:
        return {}

    def area_m2(self, name: str) -> FloatArray:
        """Return (n,) areas in m² of layer `name`, on the ellipsoid."""
        layer = self.layer(name)
        if layer.kind != "stacked":
            return area_m2(self.shapes(name))
        cells = area_m2(self.shapes(self.base.name))
        return np.bincount(self.from_cells(name), weights=cells, minlength=len(layer)).astype(np.float64)

    def to_geopandas(self, name: str) -> Any:
        """Return layer `name` as a GeoDataFrame (code, name, area, area_m2, attributes; EPSG:4326)."""
        import geopandas

        layer = self.layer(name)
        columns: dict[str, Any] = {"code": layer.codes, "name": layer.names, "area": layer.areas}
        columns["area_m2"] = self.area_m2(name)
        columns |= {key: value for key, value in layer.attributes.items() if key not in columns}
        return geopandas.GeoDataFrame(columns, geometry=self.shapes(name).to_shapely(), crs="EPSG:4326")


def labels_of(layer: Layer) -> list[str]:
    """Return what each row is called in a finding: its code, else its name, else its number."""
    rows = zip(layer.codes.tolist(), layer.names.tolist(), strict=True)
    return [str(code or name or f"row {row + 1}") for row, (code, name) in enumerate(rows)]


def dissolve(polygons: LatticePolygons, group: Int32Array | IntArray, count: int) -> LatticePolygons:
    """Return `count` unions of the polygons of each group.

    Exact where shared edges are identical, as in a proved layer. Where they are not (an adopted
    division with faults), the polygons are noded on the lattice first.

    Parameters
    ----------
    polygons : LatticePolygons, n geometries
    group : (n,) int, 0 to `count` - 1
    """
    shapes = polygons.to_shapely_steps()
    order = np.argsort(group, kind="stable")
    edges = np.searchsorted(np.asarray(group)[order], np.arange(count + 1))
    merged = [_union(shapes[order[a:b]]) for a, b in pairwise(edges)]
    degrees = shapely.transform(np.array(merged, dtype=object), lambda xy: xy / 1e7)
    return LatticePolygons.from_shapely(degrees)


def _union(shapes: npt.NDArray[np.object_]) -> shapely.Geometry:
    united: shapely.Geometry
    try:
        united = shapely.coverage_union_all(shapes)
    except shapely.errors.GEOSException:
        noded = shapely.union_all(shapely.make_valid(shapes), grid_size=1)
        united = shapely.multipolygons([part for part in shapely.get_parts(noded) if part.geom_type == "Polygon"])
    return united
