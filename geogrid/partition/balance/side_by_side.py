"""Alternatives side by side on one page: a small map of each plan, coloured by deviation, with its figures."""

from __future__ import annotations

import html
from collections.abc import Sequence

import numpy as np
import shapely

from geogrid.lattice import LatticePolygons
from geogrid.partition.balance.alternatives import Alternative
from geogrid.partition.balance.amounts import spelled
from geogrid.partition.division import dissolve
from geogrid.partition.titles import title_of
from geogrid.types import FloatArray

__all__ = ["side_by_side"]

_WIDTH = 460

_KEY = (
    "蓝色网格低于目标，红色高于目标，白色持平；颜色最深处为该方案的最大偏差。 "
    "Blue grids weigh less than the target, red ones more; white is even. The deepest colour is the plan's worst deviation."
)


def side_by_side(cells: LatticePolygons, plans: Sequence[Alternative], *, title: str, note: str = "") -> str:
    """Return an HTML page (no scripts, no network) that shows the plans next to each other.

    Blue grids weigh less than the target, red ones more; white is even. Headings are in Chinese and English.

    Parameters
    ----------
    cells : LatticePolygons
        The layer below.
    plans : sequence of Alternative
    title : str
    note : str
        What else to say of the plans.
    """
    west, south, east, north = shapely.total_bounds(cells.to_shapely())
    squeeze = np.cos(np.radians((south + north) / 2))
    scale = _WIDTH / ((east - west) * squeeze)
    height = (north - south) * scale

    def to_page(lonlat: FloatArray) -> FloatArray:
        return np.column_stack([(lonlat[:, 0] - west) * squeeze * scale, (north - lonlat[:, 1]) * scale])

    panels: list[str] = []
    for plan in plans:
        grids = dissolve(cells, plan.result.membership, len(plan.result.area)).to_shapely()
        shapes = shapely.transform(grids, to_page)
        reach = max(float(np.abs(plan.reasons.deviation[:, 0]).max()), 1e-9)
        drawn = "".join(
            f'<path d="{_path(shape)}" fill="{_colour(deviation / reach)}"><title>{number + 1}: {spelled(weight)} '
            f"({deviation:+.1%}) {html.escape(why)}</title></path>"
            for number, (shape, weight, deviation, why) in enumerate(
                zip(shapes, plan.reasons.weight[:, 0], plan.reasons.deviation[:, 0], plan.reasons.why, strict=True)
            )
        )
        figures = "".join(
            f"<tr><th>{_heading(key)}</th><td>{_said(value)}</td></tr>" for key, value in plan.row().items()
        )
        panels.append(
            f'<figure><figcaption>方案 Plan {len(panels) + 1}</figcaption><svg width="{_WIDTH}" height="{height:.0f}" viewBox="0 0 {_WIDTH} {height:.1f}">{drawn}</svg>'
            f"<table>{figures}</table></figure>"
        )
    return (
        '<!doctype html><html lang="zh-CN"><meta charset="utf-8">'
        f'<title>{html.escape(title)}</title><style>body{{font:14px system-ui,"Noto Sans CJK SC","Noto Sans SC",sans-serif;margin:1em}}'
        "main{display:flex;flex-wrap:wrap;gap:1.5em}figure{margin:0}"
        "path{stroke:#333;stroke-width:.6;fill-rule:evenodd}th{text-align:left;font-weight:normal;padding-right:1em}"
        f"</style><h1>{html.escape(title)}</h1><p>{_KEY}</p>{f'<p><b>{html.escape(note)}</b></p>' if note else ''}<main>{''.join(panels)}</main></html>"
    )


def _heading(word: str) -> str:
    return html.escape(f"{title_of(word, 'zh-CN')} {title_of(word, 'en')}")


def _said(value: float | bool) -> str:
    if isinstance(value, bool):
        return "是 yes" if value else "否 no"
    return str(value)


def _path(shape: shapely.Geometry) -> str:
    rings = [ring for part in shapely.get_parts(shape) for ring in (part.exterior, *part.interiors)]
    return "".join("M" + "L".join(f"{x:.1f},{y:.1f}" for x, y in shapely.get_coordinates(ring)) + "Z" for ring in rings)


def _colour(share: float) -> str:
    """Return blue for -1, white for 0, red for 1."""
    fade = round(255 - 150 * min(abs(share), 1.0))
    return f"rgb(255,{fade},{fade})" if share > 0 else f"rgb({fade},{fade},255)"
