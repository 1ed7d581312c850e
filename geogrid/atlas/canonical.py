"""One form for every division that is the same, and the hash of it.

Rows stand in the order of their codes, rings start at their south-westernmost vertex, parts and
holes stand in the order of their start. So the content hash says which row is which: an index that
was built for it fits every atlas that holds this content.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from geogrid.atlas.columns import as_stored
from geogrid.boundaries.areas import Areas
from geogrid.lattice import LatticePolygons
from geogrid.partition.division import Division, Layer
from geogrid.types import IntArray

__all__ = ["canonical", "canonical_polygons", "code_order", "content_hash", "record_hash", "shape_keys"]


def canonical(division: Division) -> Division:
    """Return the same division with its rows, rings and parts in canonical order.

    Codes must be unique within each layer and level.
    """
    orders = {layer.name: code_order(layer.codes) for layer in division.layers}
    layers = [_sorted_layer(layer, orders) for layer in division.layers]
    return replace(division, areas=tuple(_sorted_areas(areas) for areas in division.areas), layers=tuple(layers))


def code_order(codes: npt.NDArray[np.object_]) -> IntArray:
    """Return the rows in the order of their codes."""
    return np.array(sorted(range(len(codes)), key=codes.tolist().__getitem__), np.int64)


def _sorted_areas(areas: Areas) -> Areas:
    order = code_order(areas.codes)
    polygons = canonical_polygons(areas.polygons.take(order))
    return replace(
        areas, codes=areas.codes[order], names=areas.names[order], parents=areas.parents[order], polygons=polygons
    )


def _sorted_layer(layer: Layer, orders: dict[str, IntArray]) -> Layer:
    order = orders[layer.name]
    membership = None
    if layer.membership is not None and layer.of is not None:
        new_row = np.empty(len(order), np.int32)
        new_row[order] = np.arange(len(order), dtype=np.int32)
        membership = new_row[layer.membership][orders[layer.of]]
    attributes = {}
    for name in sorted(layer.attributes):
        attributes[name] = as_stored(np.asarray(layer.attributes[name])[order], source=f"{layer.name}.{name}")
    return replace(
        layer,
        codes=layer.codes[order],
        names=layer.names[order],
        areas=layer.areas[order],
        membership=membership,
        shapes=None if layer.shapes is None else canonical_polygons(layer.shapes.take(order)),
        attributes=attributes,
    )


def canonical_polygons(polygons: LatticePolygons) -> LatticePolygons:
    """Return the same geometries with rings, holes and parts in canonical order.

    Examples
    --------
    >>> ring = [(0, 0), (4, 0), (4, 4), (0, 4), (0, 0)]
    >>> turned = [(4, 4), (0, 4), (0, 0), (4, 0), (4, 4)]
    >>> a, b = (canonical_polygons(LatticePolygons.from_rings([r], [1], [1])) for r in (ring, turned))
    >>> a.coords.tolist() == b.coords.tolist()
    True
    """
    if len(polygons.coords) == 0:
        return polygons
    coords = _turned(polygons)
    rings = len(polygons.ring_offsets) - 1
    starts = polygons.ring_offsets[:-1]
    first, second = coords[starts], coords[starts + 1]
    part_of = np.repeat(np.arange(len(polygons.part_offsets) - 1), np.diff(polygons.part_offsets))
    geom_of = np.repeat(np.arange(len(polygons)), np.diff(polygons.geom_offsets))
    hole = np.ones(rings, bool)
    shells = polygons.part_offsets[:-1]
    hole[shells] = False
    part_order = np.lexsort((*_columns(second[shells]), *_columns(first[shells]), geom_of))
    part_place = np.empty(len(part_order), np.int64)
    part_place[part_order] = np.arange(len(part_order))
    ring_order = np.lexsort((*_columns(second), *_columns(first), hole, part_place[part_of]))
    if (ring_order[1:] > ring_order[:-1]).all():
        return LatticePolygons(coords, polygons.ring_offsets, polygons.part_offsets, polygons.geom_offsets)
    flat = LatticePolygons(coords, polygons.ring_offsets, np.arange(rings + 1), np.arange(rings + 1)).take(ring_order)
    part_offsets = np.concatenate([[0], np.cumsum(np.diff(polygons.part_offsets)[part_order])]).astype(np.int64)
    return LatticePolygons(flat.coords, flat.ring_offsets, part_offsets, polygons.geom_offsets)


def _columns(points: npt.NDArray[np.int32]) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.int32]]:
    return points[:, 1], points[:, 0]


def _turned(polygons: LatticePolygons) -> npt.NDArray[np.int32]:
    """Return the coordinates with every ring started at its smallest vertex (by lon, then lat)."""
    coords, offsets = polygons.coords, polygons.ring_offsets
    ring_of = np.repeat(np.arange(len(offsets) - 1), np.diff(offsets))
    last = np.zeros(len(coords), bool)
    last[offsets[1:] - 1] = True
    rows = np.flatnonzero(~last)
    # A vertex that a ring visits twice is told apart by where the ring goes next.
    following = coords[rows + 1]
    order = np.lexsort((*_columns(following), *_columns(coords[rows]), ring_of[rows]))
    sizes = np.diff(offsets) - 1
    begin = rows[order[np.concatenate([[0], np.cumsum(sizes)[:-1]])]]
    step = np.arange(len(coords)) - offsets[:-1][ring_of]
    inside = (begin - offsets[:-1])[ring_of] + step
    return np.asarray(coords[offsets[:-1][ring_of] + inside % sizes[ring_of]], np.int32)


def shape_keys(polygons: LatticePolygons) -> list[bytes]:
    """Return bytes per geometry that are equal exactly if canonical geometries are."""
    rings = polygons.part_offsets[polygons.geom_offsets]
    points = polygons.ring_offsets[rings]
    coords = np.ascontiguousarray(polygons.coords, "<i4")
    keys = []
    for row in range(len(polygons)):
        outline = coords[points[row] : points[row + 1]].tobytes()
        if rings[row + 1] - rings[row] > 1:
            inner = polygons.ring_offsets[rings[row] : rings[row + 1]] - points[row]
            parts = polygons.part_offsets[polygons.geom_offsets[row] : polygons.geom_offsets[row + 1]] - rings[row]
            counts = np.array([len(inner), len(parts)])
            outline = np.concatenate([counts, inner, parts]).astype("<i8").tobytes() + outline
        keys.append(outline)
    return keys


def content_hash(division: Division) -> str:
    """Return the SHA-256 (hex) of a canonical division's places, codes, names and memberships.

    Equal on every machine and for every order of the input's rows; attributes, plan and findings
    are left out, since floats may differ in their last digit between machines (`record_hash`
    covers them).
    """
    digest = hashlib.sha256()
    _feed_text(digest, ["geogrid edition 1", division.code, division.name])
    for areas in division.areas:
        _feed_text(digest, ["area", areas.level])
        for column in (areas.codes, areas.names, areas.parents):
            _feed_text(digest, column)
        _feed_polygons(digest, areas.polygons)
    for layer in division.layers:
        _feed_text(digest, ["layer", layer.name, layer.kind, layer.of or ""])
        for column in (layer.codes, layer.names, layer.areas):
            _feed_text(digest, column)
        if layer.membership is not None:
            _feed_array(digest, layer.membership, "<i4")
        if layer.shapes is not None:
            _feed_polygons(digest, layer.shapes)
    return digest.hexdigest()


def record_hash(division: Division) -> str:
    """Return the SHA-256 (hex) of what `content_hash` leaves out: attributes, plan, CRS, findings."""
    digest = hashlib.sha256()
    _feed_text(digest, [division.metric_crs, division.plan, *(str(finding) for finding in division.findings)])
    for layer in division.layers:
        for name, values in layer.attributes.items():
            _feed_text(digest, [layer.name, name, values.dtype.kind])
            if values.dtype.kind == "f":
                _feed_array(digest, np.where(np.isnan(values), np.nan, values), "<f8")
            else:
                _feed_text(digest, (repr(value) for value in values.tolist()))
    return digest.hexdigest()


def _feed_text(digest: Any, texts: Iterable[str]) -> None:
    encoded = [text.encode() for text in texts]
    _feed_array(digest, np.array([len(text) for text in encoded]), "<i8")
    digest.update(b"".join(encoded))


def _feed_array(digest: Any, values: npt.NDArray[Any], dtype: str) -> None:
    digest.update(len(values).to_bytes(8, "little"))
    digest.update(np.ascontiguousarray(values, dtype).tobytes())


def _feed_polygons(digest: Any, polygons: LatticePolygons) -> None:
    _feed_array(digest, polygons.coords, "<i4")
    for offsets in (polygons.ring_offsets, polygons.part_offsets, polygons.geom_offsets):
        _feed_array(digest, offsets, "<i8")
