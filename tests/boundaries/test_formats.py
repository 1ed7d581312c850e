"""Every format, CRS, datum and encoding brings the same place to the same lattice points."""

from __future__ import annotations

import shutil
import zipfile
from pathlib import Path

import geopandas
import numpy as np
import pytest
import shapely

from geogrid.boundaries import Limits, list_layers, read_boundaries, read_features
from geogrid.crs import from_wgs84
from geogrid.errors import (
    BoundaryError,
    CoordinateError,
    CrsError,
    DatumError,
    FormatError,
    InputError,
    NotFoundError,
    StorageError,
)
from tests.boundaries.conftest import Draw, box

ROWS = [
    {"code": "D1", "name": "新成路街道", "shape": box(0, 0, 2, 4)},
    {"code": "D2", "name": "East", "shape": box(2, 0, 2, 4)},
]


def moved(rows: list[dict], change) -> list[dict]:
    return [{**row, "shape": shapely.transform(row["shape"], change)} for row in rows]


def lattice(path: Path, **told: object) -> np.ndarray:
    place = read_boundaries(path, levels=("street",), **told)
    return np.unique(place.finest.polygons.coords, axis=0)


@pytest.mark.parametrize("ending", ["geojson", "gpkg", "shp", "fgb", "parquet"])
def test_every_format_gives_the_same_place(draw: Draw, ending: str) -> None:
    place = read_boundaries(draw("streets", ROWS, ending=ending), levels=("street",))
    assert sorted(place.finest.names) == ["East", "新成路街道"]
    assert place.finest.area_m2().sum() == pytest.approx(16 * 10_546.9, rel=1e-4)


@pytest.mark.parametrize(
    "crs", ["EPSG:4490", "EPSG:4549", "EPSG:4528", "EPSG:32651", "EPSG:3857", "+proj=laea +lat_0=31 +lon_0=121"]
)
def test_every_crs_gives_the_same_lattice_points(draw: Draw, crs: str) -> None:
    frame = geopandas.GeoDataFrame(ROWS, geometry="shape", crs="EPSG:4326").to_crs(crs)
    path = draw("projected", frame.to_dict("records"), crs=crs)
    found, reference = lattice(path), lattice(draw("plain", ROWS))
    off = np.abs(found[:, None, :] - reference[None, :, :]).max(axis=2)
    # Web Mercator stretches an edge beyond 500 m, which then gets a vertex in the middle.
    assert off.min(axis=0).max() <= 1


def test_long_edges_of_a_projected_crs_stay_straight_there(draw: Draw) -> None:
    long = [{"code": "L", "name": "Long", "shape": shapely.box(350_000, 3_470_000, 370_000, 3_471_000)}]
    frame = read_features(draw("long", long, crs="EPSG:4549"))
    back = frame.to_crs("EPSG:4549").geometry.iloc[0]
    halved = shapely.segmentize(frame.geometry.iloc[0], 0.001)
    bow = shapely.transform(halved, lambda xy: xy)
    metric = geopandas.GeoSeries([bow], crs="EPSG:4326").to_crs("EPSG:4549").iloc[0]
    assert shapely.hausdorff_distance(metric.boundary, long[0]["shape"].boundary, densify=0.01) < 0.01
    assert len(back.exterior.coords) >= 2 * 40 + 2 * 2


@pytest.mark.parametrize("datum", ["gcj02", "bd09"])
def test_a_shifted_datum_is_undone_whatever_the_file_declares(draw: Draw, datum: str) -> None:
    shifted = moved(ROWS, lambda xy: np.column_stack(from_wgs84(xy[:, 0], xy[:, 1], datum=datum)))
    reference = lattice(draw("plain", ROWS))
    assert np.array_equal(lattice(draw("declared", shifted), datum=datum), reference)
    assert np.array_equal(
        lattice(draw("bare", shifted, crs=None, ending="shp"), datum=datum, encoding="utf-8"), reference
    )


def test_a_shifted_datum_needs_degrees(draw: Draw) -> None:
    frame = geopandas.GeoDataFrame(ROWS, geometry="shape", crs="EPSG:4326").to_crs("EPSG:4549")
    with pytest.raises(CrsError, match="datum of degrees"):
        read_features(draw("projected", frame.to_dict("records"), crs="EPSG:4549"), datum="gcj02")
    with pytest.raises(DatumError, match="wgs84, cgcs2000, gcj02, bd09"):
        read_features(draw("plain", ROWS), datum="gcj-2")


def test_a_missing_crs_is_an_error_that_says_how_to_tell_it(draw: Draw) -> None:
    path = draw("bare", ROWS, crs=None, ending="shp")
    with pytest.raises(CrsError, match=r"no CRS.*bare\.shp.*never guessed"):
        read_features(path)
    assert len(read_features(path, crs="EPSG:4490")) == 2
    assert len(read_features(path, datum="cgcs2000")) == 2


def test_a_crs_told_against_the_declared_one_is_an_error(draw: Draw) -> None:
    path = draw("plain", ROWS)
    with pytest.raises(CrsError, match="another CRS than the one told"):
        read_features(path, crs="EPSG:4549")
    assert len(read_features(path, crs="EPSG:4326")) == 2


def test_a_datum_told_against_the_declared_crs_is_an_error_and_not_a_missing_shift(draw: Draw) -> None:
    path = draw("beijing54", ROWS, crs="EPSG:4214")
    with pytest.raises(CrsError, match=r"wgs84.*Beijing 1954"):
        read_features(path, datum="wgs84")
    shifted = read_features(path).total_bounds - read_features(draw("plain", ROWS)).total_bounds
    assert 1e-5 < np.abs(shifted).max() < 2e-3, "PROJ's shift from Beijing 1954, some ten metres"


def test_swapped_axes_are_an_error_and_swapped_back_when_told(draw: Draw) -> None:
    path = draw("swapped", moved(ROWS, lambda xy: xy[:, ::-1]))
    with pytest.raises(CoordinateError, match=r"look swapped.*y 121.25.*swap_axes"):
        read_features(path)
    assert np.array_equal(lattice(path, swap_axes=True), lattice(draw("plain", ROWS)))


def test_an_american_city_with_swapped_axes_lies_in_antarctica_and_is_found(draw: Draw) -> None:
    with pytest.raises(CoordinateError, match="look swapped"):
        read_features(draw("baltimore", [{"code": "B", "name": "B", "shape": shapely.box(39.2, -76.7, 39.4, -76.5)}]))


def test_metres_declared_as_degrees_and_degrees_as_metres_are_told_apart(draw: Draw) -> None:
    metres = [{"code": "M", "name": "M", "shape": shapely.box(350_000, 3_470_000, 351_000, 3_471_000)}]
    with pytest.raises(CoordinateError, match="not degrees"):
        read_features(draw("metres", metres, crs="EPSG:4326"))
    with pytest.raises(CoordinateError, match="look like degrees"):
        read_features(draw("degrees", ROWS, crs="EPSG:4549"))


def gbk_shapefile(draw: Draw, folder: Path, *, cpg: bool, driver_byte: int) -> Path:
    """Write a Shapefile with GBK text as old desktop software does."""
    source = draw("latin", ROWS, ending="shp")
    table = source.with_suffix(".dbf").read_bytes()
    utf8, gbk = "新成路街道".encode(), "新成路街道".encode("gbk")
    table = table.replace(utf8.ljust(len(utf8)), gbk.ljust(len(utf8)))
    path = folder / f"gbk{cpg}{driver_byte}.shp"
    for ending in (".shp", ".shx", ".prj"):
        shutil.copy(source.with_suffix(ending), path.with_suffix(ending))
    path.with_suffix(".dbf").write_bytes(table[:29] + bytes([driver_byte]) + table[30:])
    if cpg:
        path.with_suffix(".cpg").write_text("GBK")
    return path


@pytest.mark.parametrize(
    ("cpg", "driver_byte", "told"), [(True, 0, None), (False, 0x4D, None), (False, 0, "gbk"), (False, 0x57, "GB18030")]
)
def test_gbk_text_is_read_where_a_cpg_the_language_driver_or_the_caller_says_so(
    draw: Draw, tmp_path: Path, cpg: bool, driver_byte: int, told: str | None
) -> None:
    frame = read_features(gbk_shapefile(draw, tmp_path, cpg=cpg, driver_byte=driver_byte), encoding=told)
    assert sorted(frame["name"]) == ["East", "新成路街道"]


def test_text_of_no_declared_encoding_is_refused_and_not_turned_into_nonsense(draw: Draw, tmp_path: Path) -> None:
    path = gbk_shapefile(draw, tmp_path, cpg=False, driver_byte=0x57)
    with pytest.raises(BoundaryError, match=r"nothing declares its encoding.*\.dbf.*encoding='gbk'"):
        read_features(path)
    with pytest.raises(BoundaryError, match="not in this encoding"):
        read_features(path, encoding="utf-8")
    with pytest.raises(InputError, match="unknown encoding"):
        read_features(path, encoding="klingon")


def test_a_zipped_shapefile_is_read_and_its_unpacked_size_counts(draw: Draw, tmp_path: Path) -> None:
    source = draw("streets", ROWS, ending="shp")
    with zipfile.ZipFile(tmp_path / "streets.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        for part in tmp_path.glob("streets.*"):
            if part.suffix != ".zip":
                archive.write(part, part.name)
    assert len(read_features(tmp_path / "streets.zip")) == 2
    with pytest.raises(InputError, match="too many bytes"):
        read_features(tmp_path / "streets.zip", limits=Limits(bytes=source.stat().st_size))


@pytest.mark.parametrize("ending", ["gpkg", "geojson", "parquet"])
@pytest.mark.parametrize("limits", [Limits(bytes=10), Limits(features=1), Limits(vertices=9)])
def test_a_file_that_is_too_large_is_refused_with_the_limit(draw: Draw, ending: str, limits: Limits) -> None:
    with pytest.raises(InputError, match=r"too many (bytes|features|vertices).*allowed: up to"):
        read_features(draw("streets", ROWS, ending=ending), limits=limits)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("a.gpkg", "cannot be read"),
        ("a.geojson", "cannot be read"),
        ("a.parquet", "not a readable Parquet"),
        ("a.zip", "not a zip"),
        ("a.fgb", "cannot be read"),
    ],
)
def test_a_broken_file_is_an_error_that_names_it(tmp_path: Path, name: str, words: str) -> None:
    path = tmp_path / name
    path.write_bytes(b"this is not it" * 100)
    with pytest.raises(StorageError, match=words):
        read_features(path)


def test_what_is_not_there_or_not_readable_is_said(tmp_path: Path, draw: Draw) -> None:
    with pytest.raises(NotFoundError, match="no such file"):
        read_features(tmp_path / "none.gpkg")
    (tmp_path / "notes.txt").write_text("x")
    with pytest.raises(FormatError, match=r"allowed: \.geojson"):
        read_features(tmp_path / "notes.txt")
    with pytest.raises(NotFoundError, match="no such layer; given: roads; allowed: streets"):
        read_features(draw("streets", ROWS), layer="roads")
    with pytest.raises(InputError, match="cannot select"):
        read_features(draw("more", ROWS), where="colour = 'red'")


def test_a_plain_parquet_file_is_not_geoparquet(tmp_path: Path) -> None:
    geopandas.pd.DataFrame({"a": [1]}).to_parquet(tmp_path / "plain.parquet")
    with pytest.raises(FormatError, match="without GeoParquet metadata"):
        read_features(tmp_path / "plain.parquet")


def test_a_file_of_several_layers_wants_one_named(tmp_path: Path) -> None:
    frame = geopandas.GeoDataFrame(ROWS, geometry="shape", crs="EPSG:4326")
    for layer in ("streets", "parks"):
        frame.to_file(tmp_path / "city.gpkg", layer=layer)
    assert sorted(list_layers(tmp_path / "city.gpkg")) == ["parks", "streets"]
    with pytest.raises(InputError, match=r"several layers.*streets"):
        read_features(tmp_path / "city.gpkg")
    assert len(read_features(tmp_path / "city.gpkg", layer="parks", where="code = 'D1'")) == 1


def test_openstreetmap_levels_are_told_by_a_condition(acceptance_data: Path) -> None:
    from geogrid.boundaries import LevelFile

    source = acceptance_data / "osm" / "liechtenstein-2013.osm.pbf"
    files = {
        word: LevelFile(
            source,
            layer="multipolygons",
            code="osm_id",
            where=f"boundary = 'administrative' and admin_level = '{level}'",
        )
        for word, level in (("country", 2), ("region", 6), ("municipality", 8))
    }
    place = read_boundaries(files)
    assert [len(level) for level in place.levels] == [1, 2, 11]
    assert place.name == "Liechtenstein"
    regions = place.level("region")
    oberland = regions.codes[list(regions.names).index("Wahlkreis Oberland")]
    assert (place.finest.parents == oberland).sum() == 6
    assert place.levels[0].area_m2()[0] == pytest.approx(160.5e6, rel=0.005)
    assert place.finest.area_m2().sum() == pytest.approx(place.levels[0].area_m2()[0], rel=1e-6)
    assert place.findings == ()
