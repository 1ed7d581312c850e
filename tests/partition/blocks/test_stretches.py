"""Why each stretch of border is where it is: drawn with a pencil, read back from the file."""

import geopandas
import numpy as np
import pytest
import shapely
from pyproj import Geod

from geogrid.errors import InputError
from geogrid.partition.blocks.cut import cut_blocks

from .sketch import METRIC, back, frame_of, line, section


@pytest.fixture
def street(tmp_path):
    """Return a street straight through a block of 200 × 100 m, as a file."""
    frame = geopandas.GeoDataFrame(
        {"highway": ["residential"], "label": ["Mill Lane"]}, geometry=[line((100, -20), (100, 120))], crs=METRIC.crs
    )
    file = tmp_path / "streets.gpkg"
    frame.to_file(file)
    return file


def test_each_stretch_of_the_file_says_what_it_runs_on(tmp_path, street):
    out = tmp_path / "reasons.gpkg"
    out.write_text("replaced")
    frame = frame_of(shapely.box(0, 0, 200, 100))
    plan = section(seams=[{"file": street, "name": "label"}], reasons=out)
    cut = cut_blocks(frame, plan)
    assert len(cut.polygons) == 2
    why = geopandas.read_file(out, layer="reasons")
    assert why.crs == "EPSG:4326"
    assert set(why["area"]) == {"p0"}
    on_street = why[why["reason"] == "seam"]
    assert on_street[["layer", "class", "name"]].to_numpy().tolist() == [["streets", "residential", "Mill Lane"]]
    assert sorted(on_street[["cell", "other"]].to_numpy().ravel()) == [0, 1]
    assert on_street["length_m"].sum() == pytest.approx(100.0, abs=0.01)
    drawn = shapely.transform(on_street.geometry.iloc[0], METRIC.to_metres)
    assert np.ptp(shapely.get_coordinates(back(drawn))[:, 0]) == pytest.approx(0.0, abs=0.01)
    legal = why[why["reason"] == "legal border"]
    assert legal["other"].isna().all()
    assert legal["length_m"].sum() == pytest.approx(600.0, abs=0.01)
    assert set(why["reason"]) == {"seam", "legal border"}
    assert Geod(ellps="GRS80").geometry_length(legal.union_all()) == pytest.approx(600.0, abs=1.0)


def test_reasons_in_another_format_are_refused_before_anything_is_read(tmp_path):
    plan = section(seams=[tmp_path / "not there.gpkg"], reasons=tmp_path / "reasons.csv")
    with pytest.raises(InputError, match="GeoPackage"):
        cut_blocks(frame_of(shapely.box(0, 0, 200, 100)), plan)
