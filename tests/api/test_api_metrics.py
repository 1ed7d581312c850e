"""The figures are text that Prometheus can read."""

from __future__ import annotations

import re

from geogrid.api.metrics import Metrics


def test_buckets_add_up_and_end_in_everything() -> None:
    metrics = Metrics()
    for seconds in (0.0001, 0.003, 0.003, 99.0):
        metrics.request("/v1/lookup", "GET", 200, seconds)
    found = re.findall(r'geogrid_request_seconds_bucket\{route="/v1/lookup",le="([^"]+)"\} (\d+)', metrics.text())
    counts = [int(count) for _, count in found]
    assert counts == sorted(counts)
    assert dict(found)["0.001"] == "1"
    assert dict(found)["0.005"] == "3"
    assert found[-1] == ("+Inf", "4")
    assert 'geogrid_request_seconds_count{route="/v1/lookup"} 4' in metrics.text()


def test_a_label_cannot_break_out_of_its_quotes() -> None:
    metrics = Metrics()
    metrics.request('/a"\n\\', "GET", 200, 0)
    assert 'route="/a\\"\\n\\\\"' in metrics.text()


def test_every_line_is_a_comment_or_a_figure() -> None:
    metrics = Metrics()
    metrics.request("/x", "GET", 200, 0.1)
    metrics.outcome("answered")
    metrics.gauges["geogrid_editions_open"] = 2
    for line in metrics.text().splitlines():
        assert re.fullmatch(r'# (HELP|TYPE) \w+ .+|\w+(\{(\w+="[^"]*",?)+\})? [0-9.e+-]+', line), line
