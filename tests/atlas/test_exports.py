"""A layer as a file: every format holds the same features, whole or not at all."""

from __future__ import annotations

import json
from dataclasses import replace

import geopandas
import numpy as np
import pyogrio
import pytest
import shapely

from geogrid.atlas.export import FORMATS, export_layer
from geogrid.errors import InputError, NotFoundError, StorageError
from geogrid.lattice import LatticePolygons, to_lattice
from geogrid.testing import toy_city


@pytest.fixture
def edition(atlas):
    city = toy_city()
    names = np.array([f"网格 {row}" for row in range(4)], dtype=object)
    layers = (city.base, replace(city.layer("responsibility"), names=names), city.layer("police"))
    return atlas.publish(replace(city, layers=layers), valid_from="2026-01-01")


@pytest.mark.parametrize("ending", FORMATS)
def test_every_format_holds_the_same_features(edition, tmp_path, ending):
    done = export_layer(edition, "responsibility", tmp_path / f"grids{ending}")
    assert (done.features, done.layer) == (4, "responsibility")
    read = geopandas.read_parquet if "parquet" in ending else pyogrio.read_dataframe
    frame = read(done.path)
    assert frame.crs == "EPSG:4326"
    frame = frame.sort_values("code", ignore_index=True)
    assert frame["code"].tolist() == ["G01", "G02", "G03", "G04"]
    assert frame["name"].tolist() == [f"网格 {row}" for row in range(4)]
    expected = edition.layer("responsibility").to_geopandas()
    assert shapely.equals(frame.geometry.to_numpy(), expected.geometry.to_numpy()).all()
    steps = LatticePolygons.from_shapely(frame.geometry.to_numpy())
    assert steps.bounds().tolist() == edition.layer("responsibility").shapes.bounds().tolist()
    assert [file.name for file in tmp_path.iterdir() if file.name.startswith(".")] == []


def test_geojson_follows_rfc_7946(edition, tmp_path):
    export_layer(edition, "cell", tmp_path / "cells.geojson")
    document = json.loads((tmp_path / "cells.geojson").read_text())
    assert document["type"] == "FeatureCollection"
    assert "crs" not in document
    shapes = edition.layer("cell").shapes.to_shapely()
    for feature, shape in zip(document["features"], shapes, strict=True):
        ring = np.array(feature["geometry"]["coordinates"][0])
        assert shapely.LinearRing(ring).is_ccw
        assert ring[0].tolist() == ring[-1].tolist()
        assert to_lattice(*ring.T).tolist() == to_lattice(*shapely.get_coordinates(shape).T).tolist()
    text = (tmp_path / "cells.geojson").read_text()
    assert "121.25, 31.38" in text
    assert "121.2500000" not in text


def test_levels_of_areas_are_exported_by_their_name(edition, tmp_path):
    done = export_layer(edition, "area_street", tmp_path / "streets.geojson")
    assert done.features == 2
    with pytest.raises(NotFoundError, match="no such layer"):
        export_layer(edition, "area_village", tmp_path / "x.geojson")


def test_a_shapefile_tells_which_names_and_texts_it_could_not_hold(atlas, tmp_path):
    city = toy_city()
    attributes = {
        "responsibility_note": np.array(["长" * 100] * 16, dtype=object),
        "responsibility_nope": np.arange(16),
    }
    edition = atlas.publish(
        replace(city, layers=(replace(city.base, attributes=attributes), *city.layers[1:])), valid_from="2026-01-01"
    )
    done = export_layer(edition, "cell", tmp_path / "cells.shp")
    assert dict(done.renamed) == {
        "responsibility": "responsibi", "responsibility_nope": "responsi_1", "responsibility_note": "responsi_2",
    }  # fmt: skip
    assert done.shortened == (("responsibility_note", 16),)
    assert (tmp_path / "cells.cpg").read_text().strip().upper() == "UTF-8"
    frame = pyogrio.read_dataframe(done.path)
    assert frame["responsi_2"][0] == "长" * 84
    assert sorted(frame["responsi_1"]) == list(range(16))


def test_an_unknown_ending_and_a_missing_folder_are_refused(edition, tmp_path):
    with pytest.raises(InputError, match=r"allowed: \.geojson"):
        export_layer(edition, "cell", tmp_path / "cells.dwg")
    with pytest.raises(StorageError, match="make the folder first"):
        export_layer(edition, "cell", tmp_path / "missing" / "cells.geojson")


def test_a_failed_export_leaves_the_file_that_was_there(edition, tmp_path, monkeypatch):
    target = tmp_path / "cells.geojson"
    target.write_text("the last good one")

    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(pyogrio, "write_dataframe", full)
    with pytest.raises(StorageError, match="nothing was replaced"):
        export_layer(edition, "cell", target)
    assert target.read_text() == "the last good one"
    assert [file.name for file in tmp_path.iterdir() if file.suffix == ".geojson"] == ["cells.geojson"]
