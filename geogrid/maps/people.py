"""Station and accountable person of each cell or grid, for the map."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import shapely

from geogrid.maps.packing import text_of

if TYPE_CHECKING:
    from geogrid.assign.desk import Atlas
    from geogrid.atlas import Edition

__all__ = ["who_answers"]


def who_answers(
    atlas: Atlas, edition: Edition, layer: str | None = None, *, at: dt.datetime | None = None
) -> dict[str, npt.NDArray[np.object_]]:
    """Return the columns ``station`` and ``person`` of a layer, ready for `draw_map`.

    A row is asked at a point inside it, without a category: who answers for the territory. A column that would
    be empty throughout is left out.

    Parameters
    ----------
    atlas : Atlas
        Its roster is asked.
    edition : Edition
    layer : str, optional
        The base layer if not given.
    at : datetime, optional
        Now if not given.
    """
    from geogrid.assign.frame import answer_frame

    desk = atlas.desk(number=edition.number)
    if not desk.roster.persons and not desk.roster.stations:
        return {}
    name = layer or desk.division.base.name
    inside = shapely.point_on_surface(desk.division.shapes(name).to_shapely())
    found = answer_frame(desk, _frame(shapely.get_x(inside), shapely.get_y(inside)), datum="wgs84", at=at)
    names = {station.code: station.name for station in desk.roster.stations}
    columns = {
        "station": np.array([names.get(code, code) for code in map(text_of, found["station"])], dtype=object),
        "person": np.array([text_of(person) for person in found["name"]], dtype=object),
    }
    return {key: values for key, values in columns.items() if (values != "").any()}


def _frame(lon: npt.NDArray[np.float64], lat: npt.NDArray[np.float64]) -> Any:
    import pandas as pd

    return pd.DataFrame({"lon": lon, "lat": lat})
