"""Datums and metric CRSs; the only package that talks to PROJ. Longitude comes before latitude everywhere.

places
    `require_lonlat`: numbers that can be a place
datum
    `to_wgs84`, `from_wgs84`, `convert_datum`: GCJ-02 and BD-09 with exact inverses
metric
    `Metric`, `metric_crs`, `parse_crs`, `crs_to_lonlat`, `geodesic_distance_m`
"""

from geogrid.crs.datum import BD_STEPS, CHINA_BOX, GCJ_STEPS, convert_datum, from_wgs84, is_shifted, to_wgs84
from geogrid.crs.metric import Metric, crs_to_lonlat, geodesic_distance_m, metric_crs, parse_crs
from geogrid.crs.places import require_lonlat

__all__ = [
    "BD_STEPS",
    "CHINA_BOX",
    "GCJ_STEPS",
    "Metric",
    "convert_datum",
    "crs_to_lonlat",
    "from_wgs84",
    "geodesic_distance_m",
    "is_shifted",
    "metric_crs",
    "parse_crs",
    "require_lonlat",
    "to_wgs84",
]
