"""The coverage report as one HTML page that needs no network."""

from __future__ import annotations

import datetime as dt
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import numpy as np

from geogrid.atlas.export import write_whole
from geogrid.coverage.figures import shown_figure

if TYPE_CHECKING:
    from geogrid.coverage.report import CoverageReport

__all__ = ["open_by_hour", "write_page"]

_DAYS = ("周一 Mon", "周二 Tue", "周三 Wed", "周四 Thu", "周五 Fri", "周六 Sat", "周日 Sun")
_SHOWN = 500
_STYLE = """
body{font:15px/1.5 system-ui,"Noto Sans CJK SC","Noto Sans SC",sans-serif;margin:2rem auto;max-width:70rem;padding:0 1rem;color:#1d2733}
h1{font-size:1.5rem}h2{font-size:1.1rem;margin-top:2rem}table{border-collapse:collapse;width:100%}
td,th{text-align:left;padding:.25rem .6rem;border-bottom:1px solid #dfe5ea;vertical-align:top}
td.n{text-align:right;font-variant-numeric:tabular-nums}.ok{color:#12703c}.bad{color:#a3271b}
.heat td{padding:0;height:1.4rem;border:1px solid #fff;text-align:center;font-size:.7rem}.heat th{font-weight:400;font-size:.75rem;padding:0 .3rem}
svg{width:100%;height:auto;max-height:34rem;background:#f6f8fa;border:1px solid #dfe5ea}
"""


def write_page(report: CoverageReport, path: str | Path) -> Path:
    """Write the report's page and return its path."""
    target = Path(path)
    target.parent.mkdir(parents=True, exist_ok=True)
    zone = ZoneInfo(report.zone)
    span = " – ".join(
        dt.datetime.fromtimestamp(second, zone).isoformat(" ", "minutes")
        for second in (report.staffing.first, report.staffing.last)
    )
    verdict = (
        '<p class="ok"><b>任何地点、类别、时刻都恰有一名责任人 Exactly one person is answerable everywhere, always.</b></p>'
        if report.holds
        else f'<p class="bad"><b>{len(report.findings)} 项未闭合 open finding(s)</b></p>'
    )
    parts = [
        f"<h1>{escape(report.place)} 覆盖证明 Coverage</h1>",
        f"<p>版次 edition {report.edition} · {escape(span)} ({escape(report.zone)})</p>",
        verdict,
        _figures(report),
        "<h2>何处 Where</h2>",
        _map(report),
        "<h2>何时 When: open hours by day and hour of the week, share of the time</h2>",
        _heat(open_by_hour(report)),
        "<h2>清单 Findings</h2>",
        _findings(report),
    ]
    page = (
        '<!doctype html><html lang="zh-CN"><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
        f"<title>{escape(report.place)} coverage</title><style>{_STYLE}</style>{''.join(parts)}</html>"
    )
    write_whole(target, lambda fresh: fresh.write_text(page, encoding="utf-8"))
    return target


def open_by_hour(report: CoverageReport) -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
    """Return (7, 24) float64: the share of each hour of the week, Monday first, at which something is open.

    An hour counts by the part of it in which at least one place and category is open.
    """
    zone = ZoneInfo(report.zone)
    staffing = report.staffing
    if not staffing.open:
        return np.zeros((7, 24))
    joined = np.unique(np.concatenate([one.intervals for one in staffing.open]), axis=0)
    from geogrid.assign.intervals import common_time, merge_intervals

    spans = merge_intervals(joined)
    edges = _hour_edges(staffing.first, staffing.last)
    hours = np.column_stack([edges[:-1], edges[1:]])
    pieces = common_time(spans, hours)
    slot = np.searchsorted(edges, pieces[:, 0], side="right") - 1
    open_s = np.bincount(slot, weights=pieces[:, 1] - pieces[:, 0], minlength=len(hours))
    opened, total = np.zeros((7, 24)), np.zeros((7, 24))
    for second, seconds, length in zip(edges[:-1].tolist(), open_s.tolist(), np.diff(edges).tolist(), strict=True):
        local = dt.datetime.fromtimestamp(second, zone)
        opened[local.weekday(), local.hour] += seconds
        total[local.weekday(), local.hour] += length
    return np.divide(opened, total, out=np.zeros((7, 24)), where=total > 0)


def _hour_edges(first: int, last: int) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """Return the edges of UTC half hours in the period: every zone's hours begin on one."""
    inner = np.arange(-(-first // 1800) * 1800, last, 1800, dtype=np.int64)
    return np.unique(np.concatenate([[first], inner, [last]]).astype(np.int64))


def _figures(report: CoverageReport) -> str:
    rows = "".join(
        f'<tr><td>{escape(name)}</td><td class="n">{shown_figure(value)}</td></tr>'
        for name, value in report.figures.items()
    )
    return f"<h2>数字 Figures</h2><table>{rows}</table>"


def _findings(report: CoverageReport) -> str:
    rows = "".join(
        f"<tr><td>{escape(f.rule)}</td><td>{escape(', '.join(f.subjects))}</td><td>{escape(f.message)}</td>"
        f"<td>{'' if f.lon is None else f'{f.lon:.6f}, {f.lat:.6f}'}</td></tr>"
        for f in report.findings[:_SHOWN]
    )
    more = len(report.findings) - _SHOWN
    tail = f"<p>… and {more} more in the JSON and GeoPackage reports</p>" if more > 0 else ""
    return f"<table><tr><th>rule</th><th>where</th><th>finding</th><th>lon, lat</th></tr>{rows}</table>{tail}"


def _heat(share: np.ndarray[tuple[int, int], np.dtype[np.float64]]) -> str:
    head = "".join(f"<th>{hour:02d}</th>" for hour in range(24))
    rows = []
    for day, name in enumerate(_DAYS):
        cells = "".join(
            f'<td title="{name} {hour:02d}:00 – {value:.0%}" style="background:rgba(163,39,27,{value:.2f});'
            f'color:{"#fff" if value > 0.5 else "#1d2733"}">{f"{value:.0%}" if value else ""}</td>'
            for hour, value in enumerate(share[day])
        )
        rows.append(f"<tr><th>{name}</th>{cells}</tr>")
    return f'<table class="heat"><tr><th></th>{head}</tr>{"".join(rows)}</table>'


def _map(report: CoverageReport) -> str:
    """Draw the areas in outline and a dot at every finding; red for holes, amber for the rest."""
    if not report.outline:
        return ""
    everything = np.concatenate(report.outline)
    (west, south), (east, north) = everything.min(axis=0), everything.max(axis=0)
    squash = float(np.cos(np.radians((south + north) / 2)))
    width = max((east - west) * squash, 1e-9)
    scale = 1000 / width

    def placed(lon: float, lat: float) -> tuple[float, float]:
        return (lon - west) * squash * scale, (north - lat) * scale

    rings = []
    for ring in report.outline:
        points = " ".join(f"{x:.1f},{y:.1f}" for x, y in (placed(*point) for point in ring))
        rings.append(f'<polygon points="{points}" fill="#e8edf2" stroke="#7b8a99" stroke-width="1"/>')
    dots = []
    for finding in report.findings:
        if finding.lon is None or finding.lat is None:
            continue
        x, y = placed(finding.lon, finding.lat)
        colour = "#a3271b" if finding.rule == "has_answerable_person" else "#c98500"
        dots.append(
            f'<circle cx="{x:.1f}" cy="{y:.1f}" r="5" fill="{colour}"><title>{escape(finding.message)}</title></circle>'
        )
    height = (north - south) * scale
    return f'<svg viewBox="-10 -10 1020 {height + 20:.0f}">{"".join(rings)}{"".join(dots)}</svg>'
