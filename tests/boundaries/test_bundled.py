"""The bundled places: the published bytes, or an error that names the file."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import shapely

from geogrid.boundaries import bundled, bundled_places, read_boundaries
from geogrid.codes import bundle_folder, bundled_register
from geogrid.codes import register as register_module
from geogrid.errors import ChecksumError, NotFoundError

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize(
    ("code", "name", "km2"),
    [("310114", "嘉定区", 464), ("310112", "闵行区", 372), ("310120", "奉贤区", 732), ("310113", "宝山区", 301),
     ("310106", "静安区", 37), ("110101", "东城区", 42)],
)  # fmt: skip
def test_every_bundled_district_is_about_as_large_as_the_yearbook_says(code: str, name: str, km2: float) -> None:
    place = bundled(code)
    assert (place.code, place.name, place.finest.level) == (code, name, "district")
    # The outlines of Baoshan and Fengxian reach into the Yangtze and the bay.
    assert place.finest.area_m2()[0] / 1e6 == pytest.approx(km2, rel=0.1)
    assert shapely.is_valid(place.finest.polygons.to_shapely_steps()).all()
    assert place.source.licence == "MIT"
    assert place.source.datum == "wgs84"


def test_the_register_knows_every_bundled_place_by_the_same_name() -> None:
    assert {code: bundled(code).name for code in bundled_places()} == {
        entry.code: entry.name for entry in bundled_register().level("district")
    }


def test_a_place_is_found_by_its_folder_too_and_otherwise_the_places_are_listed() -> None:
    assert bundled("jiading").code == "310114"
    with pytest.raises(NotFoundError, match=r"310114 \(jiading\)"):
        bundled("310115")


def test_reading_the_folder_gives_the_same_place() -> None:
    short, long = bundled("310114"), read_boundaries(bundle_folder() / "jiading")
    assert np.array_equal(short.finest.polygons.coords, long.finest.polygons.coords)
    assert (short.code, short.name, short.source.publisher) == (long.code, long.name, long.source.publisher)


def test_outlines_are_rfc_7946(tmp_path: Path) -> None:
    for folder in bundled_places().values():
        outline = json.loads((folder / "outline.geojson").read_bytes())
        assert outline["type"] == "FeatureCollection"
        assert "crs" not in outline
        shape = shapely.from_geojson(json.dumps(outline["features"][0]["geometry"]))
        for part in shapely.get_parts(shape):
            assert shapely.is_ccw(part.exterior)
        assert outline["bbox"] == list(shape.bounds)


def test_a_changed_outline_is_refused_by_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    copy = tmp_path / "boundaries"
    shutil.copytree(bundle_folder(), copy)
    for changed in (copy / "jiading" / "outline.geojson", copy / "register" / "streets.csv"):
        changed.write_bytes(changed.read_bytes().replace(b"3", b"4", 1))
    monkeypatch.setattr("geogrid.boundaries.places.bundle_folder", lambda: copy)
    with pytest.raises(ChecksumError, match=r"in: .*jiading.outline\.geojson"):
        bundled("310114")
    with pytest.raises(ChecksumError, match=r"jiading.outline\.geojson"):
        read_boundaries(copy / "jiading")
    monkeypatch.setattr(register_module, "bundle_folder", lambda: copy)
    with pytest.raises(ChecksumError, match=r"streets\.csv"):
        register_module.bundled_register.__wrapped__()


def test_building_the_outlines_again_gives_the_same_bytes(tmp_path: Path) -> None:
    script = ROOT / "scripts" / "build_boundaries.py"
    target = tmp_path / "data" / "boundaries"
    subprocess.run([sys.executable, str(script), "--target", str(target)], check=True, capture_output=True)
    for folder in bundled_places().values():
        for name in ("outline.geojson", "source.toml"):
            assert (target / folder.name / name).read_bytes() == (folder / name).read_bytes()
