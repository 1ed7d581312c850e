"""Lattice polygons as GeoPackage blobs or PostGIS EWKB, and back to the same integers."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import shapely
from sqlalchemy.engine import Dialect
from sqlalchemy.types import LargeBinary, TypeDecorator, TypeEngine, UserDefinedType

from geogrid.errors import FormatError
from geogrid.lattice import LatticePolygons, from_lattice

__all__ = ["SRS_ID", "Geometry", "Shape", "polygons_of", "shapes_of"]

SRS_ID = 4326
_HEADER = struct.Struct("<2sBBi4d")
_ENVELOPE_BYTES = (0, 32, 48, 48, 64)
_EWKB_SRID = 0x20000000


class Shape(NamedTuple):
    """One geometry on its way into a table.

    Parameters
    ----------
    wkb : bytes
        Little-endian WKB of a multipolygon, degrees, WGS 84, lon-lat.
    west, south, east, north : float
        Its envelope, degrees.
    """

    wkb: bytes
    west: float
    south: float
    east: float
    north: float


class _Column(UserDefinedType[Any]):
    """A column type that only has a name; values pass through as they are."""

    cache_ok = True

    def __init__(self, spec: str) -> None:
        self.spec = spec

    def get_col_spec(self, **_: Any) -> str:
        """Return the type's name in SQL."""
        return self.spec


class Geometry(TypeDecorator[Any]):
    """A multipolygon column: GeoPackage blob on SQLite, ``geometry(MultiPolygon,4326)`` on PostGIS.

    A `Shape` is bound; WKB bytes come back (EWKB from PostGIS, which shapely reads as well).

    Notes
    -----
    GeoPackage 1.3, clause 2.1.3.1.1: ``GP``, version 0, flags (little-endian, envelope of four
    doubles), srs_id, envelope as west, east, south, north, then WKB.
    """

    impl = LargeBinary
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Return the column type of this database."""
        if dialect.name == "postgresql":
            return dialect.type_descriptor(_Column(f"geometry(MultiPolygon,{SRS_ID})"))
        return dialect.type_descriptor(_Column("MULTIPOLYGON"))

    def process_bind_param(self, value: Shape | None, dialect: Dialect) -> bytes | None:
        """Return the bytes that this database stores."""
        if value is None:
            return None
        if dialect.name == "postgresql":
            kind = struct.unpack_from("<I", value.wkb, 1)[0] | _EWKB_SRID
            return value.wkb[:1] + struct.pack("<Ii", kind, SRS_ID) + value.wkb[5:]
        header = _HEADER.pack(b"GP", 0, 0b11, SRS_ID, value.west, value.east, value.south, value.north)
        return header + value.wkb

    def process_result_value(self, value: Any, dialect: Dialect) -> bytes | None:
        """Return the (E)WKB inside what this database stores."""
        if value is None:
            return None
        if dialect.name == "postgresql":
            return bytes.fromhex(value) if isinstance(value, str) else bytes(value)
        blob = bytes(value)
        if blob[:2] != b"GP" or len(blob) < 8 or (blob[3] >> 1 & 7) > 4:
            raise FormatError("a geometry of the atlas is not a GeoPackage blob", given=blob[:8].hex())
        return blob[8 + _ENVELOPE_BYTES[blob[3] >> 1 & 7] :]


def shapes_of(polygons: LatticePolygons) -> list[Shape]:
    """Return one `Shape` per geometry; none may be empty.

    Examples
    --------
    >>> square = LatticePolygons.from_shapely([shapely.box(121.25, 31.38, 121.26, 31.39)])
    >>> polygons_of([shape.wkb for shape in shapes_of(square)]).coords.tolist() == square.coords.tolist()
    True
    """
    if len(polygons) == 0:
        return []
    offsets = (polygons.ring_offsets, polygons.part_offsets, polygons.geom_offsets)
    multis = shapely.from_ragged_array(shapely.GeometryType.MULTIPOLYGON, from_lattice(polygons.coords), offsets)
    wkb = shapely.to_wkb(multis, byte_order=1, include_srid=False)
    boxes = polygons.bounds().astype(np.float64) / 1e7
    return [Shape(body, *box) for body, box in zip(wkb.tolist(), boxes.tolist(), strict=True)]


def polygons_of(wkb: Sequence[bytes]) -> LatticePolygons:
    """Return the polygons of (E)WKB geometries, on the lattice they were stored from."""
    shapes = np.empty(len(wkb), dtype=object)
    shapes[:] = shapely.from_wkb(list(wkb)) if len(wkb) else []
    return LatticePolygons.from_shapely(shapes)
