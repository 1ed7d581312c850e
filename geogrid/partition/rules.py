"""Rules: small pure functions that say what is wrong with a division, and where."""

from __future__ import annotations

import tomllib

import numpy as np

from geogrid.partition.division import Division
from geogrid.partition.section import LayerSection
from geogrid.types import Finding, IntArray

__all__ = ["Aim", "above_share", "aim_of", "plan_findings", "within_tolerance"]

Aim = tuple[float, float]
"""Target in m², and the tolerance as a share of it."""


def aim_of(division: Division, layer: str) -> Aim | None:
    """Return target and tolerance that a division's plan gives for a layer; None if it gives none."""
    try:
        sections = tomllib.loads(division.plan).get("layer", [])
    except tomllib.TOMLDecodeError:
        return None
    for section in sections if isinstance(sections, list) else []:
        if section.get("name") == layer and (
            "target_area_m2" in section or section.get("method") in ("blocks", "squares", "hexagons")
        ):
            return float(section.get("target_area_m2", 10_000)), float(section.get("tolerance", 0.1))
    return None


def within_tolerance(division: Division, name: str, *, target_m2: float, tolerance: float) -> tuple[Finding, ...]:
    """Every row of a layer is within ±`tolerance` of the target area; one finding counts the rest.

    What was not cut to size (water, areas kept whole, corridors between crossings) is not judged by it.
    """
    areas, columns = division.area_m2(name), division.layer(name).attributes
    judged = np.ones(len(areas), bool)
    if "kind" in columns and "flag" in columns:
        judged = (np.asarray(columns["kind"], object) == "ground") | (np.asarray(columns["flag"], object) != "")
    off = np.flatnonzero(judged & (np.abs(areas / target_m2 - 1) > tolerance))
    if len(off) == 0:
        return ()
    worst = int(off[np.argmax(np.abs(areas[off] - target_m2))])
    message = (
        f"{len(off):,} of {judged.sum():,} rows of {name!r} are more than {tolerance:.0%} off {target_m2:,.0f} m², "
        f"the furthest has {areas[worst]:,.0f} m²"
    )
    return (
        Finding(
            "within_tolerance",
            message,
            _named(division, name, [worst]),
            *_place(division, name, worst),
            float(len(off)),
        ),
    )


def above_share(division: Division, name: str, *, target_m2: float, share: float) -> tuple[Finding, ...]:
    """No row of a layer is below `share` of the target area; a finding for each that is."""
    areas = division.area_m2(name)
    found = []
    for row in np.flatnonzero(areas < share * target_m2).tolist():
        message = (
            f"{areas[row]:,.0f} m² are below {share:.0%} of {target_m2:,.0f} m²: the area, or the island it lies on, "
            "is no larger"
        )
        found.append(
            Finding(
                "above_share",
                message,
                _named(division, name, [row]),
                *_place(division, name, row),
                float(areas[row]),
                "m2",
            )
        )
    return tuple(found)


def plan_findings(division: Division, section: LayerSection) -> tuple[Finding, ...]:
    """Return what a plan asked of its base layer and could not be met."""
    target, tolerance = getattr(section, "target_area_m2", None), getattr(section, "tolerance", None)
    share = getattr(section, "min_share", None)
    found: tuple[Finding, ...] = ()
    if target and tolerance is not None:
        found += within_tolerance(division, section.name, target_m2=target, tolerance=tolerance)
    if target and share:
        # The metric CRS and the ellipsoid differ by up to a thousandth in area.
        found += above_share(division, section.name, target_m2=target, share=share * 0.998)
    return found


def _named(division: Division, name: str, rows: IntArray | list[int]) -> tuple[str, ...]:
    layer = division.layer(name)
    return tuple(str(layer.codes[row] or layer.areas[row]) for row in rows)


def _place(division: Division, name: str, row: int) -> tuple[float, float]:
    polygon = division.shapes(name).take([row])
    point = polygon.to_shapely()[0].point_on_surface()
    return float(point.x), float(point.y)
