"""What makes the file a GeoPackage 1.3: its identity, its registry, its spatial indexes."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, text

from geogrid.atlas.geometry import SRS_ID, Shape
from geogrid.errors import InputError

__all__ = ["APPLICATION_ID", "create_registry", "register_attributes", "register_features"]

APPLICATION_ID = 0x47504B47
"""``GPKG`` (clause 1.1.1.1.1, requirement 2)."""

_USER_VERSION = 10300
_WGS84 = (
    'GEOGCS["WGS 84",DATUM["WGS_1984",SPHEROID["WGS 84",6378137,298.257223563,AUTHORITY["EPSG","7030"]],'
    'AUTHORITY["EPSG","6326"]],PRIMEM["Greenwich",0,AUTHORITY["EPSG","8901"]],UNIT["degree",0.0174532925199433,'
    'AUTHORITY["EPSG","9122"]],AXIS["Latitude",NORTH],AXIS["Longitude",EAST],AUTHORITY["EPSG","4326"]]'
)
_REGISTRY = (
    """CREATE TABLE gpkg_spatial_ref_sys (
  srs_name TEXT NOT NULL, srs_id INTEGER NOT NULL PRIMARY KEY, organization TEXT NOT NULL,
  organization_coordsys_id INTEGER NOT NULL, definition TEXT NOT NULL, description TEXT)""",
    """CREATE TABLE gpkg_contents (
  table_name TEXT NOT NULL PRIMARY KEY, data_type TEXT NOT NULL, identifier TEXT UNIQUE, description TEXT DEFAULT '',
  last_change DATETIME NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ','now')),
  min_x DOUBLE, min_y DOUBLE, max_x DOUBLE, max_y DOUBLE, srs_id INTEGER,
  CONSTRAINT fk_gc_r_srs_id FOREIGN KEY (srs_id) REFERENCES gpkg_spatial_ref_sys(srs_id))""",
    """CREATE TABLE gpkg_geometry_columns (
  table_name TEXT NOT NULL, column_name TEXT NOT NULL, geometry_type_name TEXT NOT NULL, srs_id INTEGER NOT NULL,
  z TINYINT NOT NULL, m TINYINT NOT NULL,
  CONSTRAINT pk_geom_cols PRIMARY KEY (table_name, column_name), CONSTRAINT uk_gc_table_name UNIQUE (table_name),
  CONSTRAINT fk_gc_tn FOREIGN KEY (table_name) REFERENCES gpkg_contents(table_name),
  CONSTRAINT fk_gc_srs FOREIGN KEY (srs_id) REFERENCES gpkg_spatial_ref_sys (srs_id))""",
    """CREATE TABLE gpkg_extensions (
  table_name TEXT, column_name TEXT, extension_name TEXT NOT NULL, definition TEXT NOT NULL, scope TEXT NOT NULL,
  CONSTRAINT ge_tce UNIQUE (table_name, column_name, extension_name))""",
)
_SYSTEMS = (
    ("Undefined Cartesian SRS", -1, "NONE", -1, "undefined", "undefined Cartesian coordinate reference system"),
    ("Undefined geographic SRS", 0, "NONE", 0, "undefined", "undefined geographic coordinate reference system"),
    ("WGS 84 geodetic", SRS_ID, "EPSG", SRS_ID, _WGS84, "longitude/latitude in decimal degrees on WGS 84"),
)

# The extension's triggers (GeoPackage 1.3, annex F.3). They call ST_ functions that only a GIS
# brings, so they are created after the rows are written; the immutability triggers keep them idle.
_BOX = 'NEW.fid, ST_MinX(NEW."geom"), ST_MaxX(NEW."geom"), ST_MinY(NEW."geom"), ST_MaxY(NEW."geom")'
_FILLED = 'NEW."geom" NOT NULL AND NOT ST_IsEmpty(NEW."geom")'
_EMPTY = 'NEW."geom" ISNULL OR ST_IsEmpty(NEW."geom")'
_RTREE_TRIGGERS = (
    ("insert", "INSERT", f"({_FILLED})", f"INSERT OR REPLACE INTO {{index}} VALUES ({_BOX});"),
    (
        "update1", 'UPDATE OF "geom"', f"OLD.fid = NEW.fid AND ({_FILLED})",
        f"INSERT OR REPLACE INTO {{index}} VALUES ({_BOX});",
    ),
    ("update2", 'UPDATE OF "geom"', f"OLD.fid = NEW.fid AND ({_EMPTY})", "DELETE FROM {index} WHERE id = OLD.fid;"),
    (
        "update3", "UPDATE", f"OLD.fid != NEW.fid AND ({_FILLED})",
        f"DELETE FROM {{index}} WHERE id = OLD.fid; INSERT OR REPLACE INTO {{index}} VALUES ({_BOX});",
    ),
    ("update4", "UPDATE", f"OLD.fid != NEW.fid AND ({_EMPTY})", "DELETE FROM {index} WHERE id IN (OLD.fid, NEW.fid);"),
    ("delete", "DELETE", 'OLD."geom" NOT NULL', "DELETE FROM {index} WHERE id = OLD.fid;"),
)  # fmt: skip


def create_registry(connection: Connection) -> None:
    """Make the empty file of this connection a GeoPackage."""
    connection.exec_driver_sql(f"PRAGMA application_id = {APPLICATION_ID}")
    connection.exec_driver_sql(f"PRAGMA user_version = {_USER_VERSION}")
    for statement in _REGISTRY:
        connection.exec_driver_sql(statement)
    for system in _SYSTEMS:
        connection.exec_driver_sql("INSERT INTO gpkg_spatial_ref_sys VALUES (?, ?, ?, ?, ?, ?)", system)


def register_attributes(connection: Connection, table: str, *, identifier: str = "", description: str = "") -> None:
    """List a table without geometry in the GeoPackage, so that a GIS shows it.

    On PostgreSQL there is no such list and nothing is done. Registering twice changes nothing.

    Parameters
    ----------
    connection : Connection
        In the transaction that creates the table.
    table : str
        Its primary key is one INTEGER column, as the GeoPackage standard asks (requirement 119).
    identifier, description : str
        What a GIS shows; the identifier is the table's name unless given.

    Raises
    ------
    InputError
        If the table has no single INTEGER primary key.
    """
    if connection.dialect.name != "sqlite":
        return
    keys = connection.execute(text("SELECT type FROM pragma_table_info(:table) WHERE pk"), {"table": table}).all()
    if [kind.upper() for (kind,) in keys] != ["INTEGER"]:
        raise InputError(
            "a table of an atlas needs one INTEGER primary key", given=table, mend="add an integer key column"
        )
    connection.execute(
        text(
            "INSERT OR IGNORE INTO gpkg_contents (table_name, data_type, identifier, description, srs_id)"
            " VALUES (:table, 'attributes', :identifier, :description, 0)"
        ),
        {"table": table, "identifier": identifier or table, "description": description},
    )


def register_features(
    connection: Connection, table: str, shapes: Sequence[Shape], *, identifier: str, description: str
) -> None:
    """List a feature table whose rows 1 … n are `shapes`, and build its spatial index."""
    box = (
        min((s.west for s in shapes), default=None),
        min((s.south for s in shapes), default=None),
        max((s.east for s in shapes), default=None),
        max((s.north for s in shapes), default=None),
    )
    run = connection.exec_driver_sql
    run(
        "INSERT INTO gpkg_contents (table_name, data_type, identifier, description, min_x, min_y, max_x, max_y, srs_id)"
        " VALUES (?, 'features', ?, ?, ?, ?, ?, ?, ?)",
        (table, identifier, description, *box, SRS_ID),
    )
    run("INSERT INTO gpkg_geometry_columns VALUES (?, 'geom', 'MULTIPOLYGON', ?, 0, 0)", (table, SRS_ID))
    run(
        "INSERT INTO gpkg_extensions VALUES (?, 'geom', 'gpkg_rtree_index',"
        " 'http://www.geopackage.org/spec120/#extension_rtree', 'write-only')",
        (table,),
    )
    index = f'"rtree_{table}_geom"'
    run(f"CREATE VIRTUAL TABLE {index} USING rtree(id, minx, maxx, miny, maxy)")
    rows = [(row, s.west, s.east, s.south, s.north) for row, s in enumerate(shapes, 1)]
    if rows:
        run(f"INSERT INTO {index} VALUES (?, ?, ?, ?, ?)", rows)
    for name, event, condition, action in _RTREE_TRIGGERS:
        run(
            f'CREATE TRIGGER "rtree_{table}_geom_{name}" AFTER {event} ON "{table}" WHEN {condition} '
            f"BEGIN {action.format(index=index)} END"
        )
