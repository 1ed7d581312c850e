"""The file is a GeoPackage: GDAL and QGIS open its layers as they are."""

from __future__ import annotations

import os
import shutil
import sqlite3
import struct
import subprocess

import pyogrio
import pytest
import shapely

from geogrid.atlas import Atlas
from geogrid.testing import toy_city

LAYERS = {
    "cell_e1": 16,
    "responsibility_e1": 4,
    "police_e1": 2,
    "area_district_e1": 1,
    "area_street_e1": 2,
    "area_community_e1": 4,
}
TABLES = {"atlas", "edition", "edition_layer", "code", "lineage", "draft", "draft_step"}


@pytest.fixture
def published(atlas):
    atlas.publish(toy_city(), valid_from="2026-01-01")
    return atlas


def gdal(program: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    if shutil.which(program) is None:
        if os.environ.get("CI") == "true":
            pytest.fail(f"{program} is missing: apt-get install gdal-bin")
        pytest.skip(f"{program} is missing: apt-get install gdal-bin")
    return subprocess.run([program, *arguments], check=False, capture_output=True, text=True)


def test_ogrinfo_lists_the_layers_with_their_counts_and_crs(published):
    done = gdal("ogrinfo", "-so", "-al", str(published.path))
    assert done.returncode == 0
    assert "ERROR" not in done.stderr + done.stdout
    assert "Warning" not in done.stderr
    found = {}
    for block in done.stdout.split("Layer name: ")[1:]:
        name = block.splitlines()[0]
        found[name] = int(block.split("Feature Count: ")[1].splitlines()[0])
        if name in LAYERS:
            assert "Geometry: Multi Polygon" in block
            assert 'ID["EPSG",4326]' in block
            assert "DESCRIPTION=Toy district: " in block
    assert {name: count for name, count in found.items() if name in LAYERS} == LAYERS
    assert found.keys() >= TABLES


def test_pyogrio_reads_the_layers_with_their_counts_and_crs(published):
    kinds = dict(pyogrio.list_layers(published.path))
    assert {name for name, kind in kinds.items() if kind == "MultiPolygon"} == set(LAYERS)
    for name, count in LAYERS.items():
        info = pyogrio.read_info(published.path, layer=name)
        assert (info["features"], info["crs"]) == (count, "EPSG:4326")
    frame = pyogrio.read_dataframe(published.path, layer="cell_e1")
    assert frame.columns.tolist() == ["code", "name", "area", "area_m2", "responsibility", "geometry"]
    assert frame["responsibility"].value_counts().to_dict() == {"G01": 4, "G02": 4, "G03": 4, "G04": 4}
    expected = published.edition(1).division.shapes("cell").to_shapely()
    assert all(shapely.equals_exact(a.geoms[0], b) for a, b in zip(frame.geometry, expected, strict=True))


def test_a_window_of_the_map_is_read_through_the_spatial_index(published):
    window = (121.2501, 31.3801, 121.2509, 31.3809)
    assert pyogrio.read_dataframe(published.path, layer="cell_e1", bbox=window)["code"].tolist() == ["990100001001001"]
    done = gdal(
        "ogrinfo",
        "-q",
        str(published.path),
        "-dialect",
        "SQLite",
        "-sql",
        "SELECT HasSpatialIndex('cell_e1', 'geom')",
    )
    assert "HasSpatialIndex (Integer) = 1" in done.stdout


def test_the_file_says_what_it_is(published):
    with sqlite3.connect(published.path) as connection:
        assert connection.execute("PRAGMA application_id").fetchone() == (0x47504B47,)
        assert connection.execute("PRAGMA user_version").fetchone() == (10300,)
        assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
        systems = connection.execute("SELECT srs_id, organization FROM gpkg_spatial_ref_sys ORDER BY 1").fetchall()
        assert systems == [(-1, "NONE"), (0, "NONE"), (4326, "EPSG")]
        extents = connection.execute(
            "SELECT DISTINCT round(min_x, 7), round(min_y, 7), round(max_x, 7), round(max_y, 7), srs_id"
            " FROM gpkg_contents WHERE data_type = 'features'"
        ).fetchall()
        assert extents == [(121.25, 31.38, 121.254, 31.384, 4326)]
        (blob,) = connection.execute("SELECT geom FROM cell_e1 WHERE fid = 1").fetchone()
        west, east, south, north = connection.execute(
            "SELECT minx, maxx, miny, maxy FROM rtree_cell_e1_geom WHERE id = 1"
        ).fetchone()
    connection.close()
    magic, version, flags, system, *envelope = struct.unpack_from("<2sBBi4d", blob)
    assert (magic, version, flags, system) == (b"GP", 0, 0b11, 4326)
    assert envelope == [121.25, 121.251, 31.38, 31.381]
    assert west <= 121.25
    assert east >= 121.251
    assert south <= 31.38
    assert north >= 31.381
    assert shapely.from_wkb(blob[40:]).geom_type == "MultiPolygon"


def test_a_gis_cannot_change_a_published_edition(published):
    for statement in ("UPDATE cell_e1 SET name = 'x'", "DELETE FROM cell_e1 WHERE fid = 1"):
        done = gdal("ogrinfo", str(published.path), "-sql", statement)
        assert "published and immutable" in done.stderr + done.stdout
    Atlas.open(published.path).edition(1).verify()


def test_every_layer_is_copied_by_gdal_without_a_word(published):
    copy = published.path.with_name("copy.gpkg")
    done = gdal("ogr2ogr", "-f", "GPKG", str(copy), str(published.path))
    assert (done.returncode, done.stderr) == (0, "")
    assert {name: pyogrio.read_info(copy, layer=name)["features"] for name in LAYERS} == LAYERS


def test_gdals_validator_has_nothing_to_say(published):
    python = "/usr/bin/python3"
    check = [python, "-m", "osgeo_utils.samples.validate_gpkg"]
    if (
        not os.path.exists(python)
        or "Usage" not in subprocess.run(check, check=False, capture_output=True, text=True).stdout
    ):
        if os.environ.get("CI") == "true":
            pytest.fail("GDAL's validator is missing: apt-get install python3-gdal")
        pytest.skip("GDAL's validator is missing: apt-get install python3-gdal")
    published.publish(toy_city(), valid_from="2026-02-01")
    done = subprocess.run(
        [*check, "--extra", "--warning-as-error", str(published.path)], check=False, capture_output=True, text=True
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
