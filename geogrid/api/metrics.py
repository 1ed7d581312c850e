"""Figures of this process as Prometheus text: requests, seconds, outcomes."""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass, field

__all__ = ["BUCKETS_S", "Metrics"]

BUCKETS_S = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)
"""Upper ends of the buckets of request durations, seconds."""


@dataclass
class Metrics:
    """Counters of one process; changed on the event loop only, so no lock is needed.

    Examples
    --------
    >>> metrics = Metrics()
    >>> metrics.request("/v1/lookup", "GET", 200, 0.0004)
    >>> metrics.outcome("answered", 3)
    >>> print(metrics.text().splitlines()[2])
    geogrid_requests_total{route="/v1/lookup",method="GET",status="200"} 1
    """

    requests: dict[tuple[str, str, int], int] = field(default_factory=dict)
    durations: dict[str, list[int]] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)
    outcomes: dict[str, int] = field(default_factory=dict)
    gauges: dict[str, float] = field(default_factory=dict)

    def request(self, route: str, method: str, status: int, seconds: float) -> None:
        """Count one request."""
        key = (route, method, status)
        self.requests[key] = self.requests.get(key, 0) + 1
        buckets = self.durations.get(route)
        if buckets is None:
            buckets = self.durations[route] = [0] * (len(BUCKETS_S) + 1)
            self.seconds[route] = 0.0
        buckets[bisect_left(BUCKETS_S, seconds)] += 1
        self.seconds[route] += seconds

    def outcome(self, name: str, count: int = 1) -> None:
        """Count looked-up points by what became of them."""
        self.outcomes[name] = self.outcomes.get(name, 0) + count

    def text(self) -> str:
        """Return all figures in Prometheus's text format, version 0.0.4."""
        lines = _head("geogrid_requests_total", "counter", "HTTP requests.")
        for (route, method, status), count in sorted(self.requests.items()):
            labels = f'route="{_escaped(route)}",method="{_escaped(method)}",status="{status}"'
            lines.append(f"geogrid_requests_total{{{labels}}} {count}")
        lines += _head("geogrid_request_seconds", "histogram", "Seconds from a request's arrival to its last byte.")
        for route, buckets in sorted(self.durations.items()):
            label, total = f'route="{_escaped(route)}"', 0
            for end, count in zip((*BUCKETS_S, "+Inf"), buckets, strict=True):
                total += count
                lines.append(f'geogrid_request_seconds_bucket{{{label},le="{end}"}} {total}')
            lines.append(f"geogrid_request_seconds_sum{{{label}}} {self.seconds[route]:.6f}")
            lines.append(f"geogrid_request_seconds_count{{{label}}} {total}")
        lines += _head("geogrid_lookups_total", "counter", "Looked-up points by outcome.")
        lines += [f'geogrid_lookups_total{{outcome="{name}"}} {count}' for name, count in sorted(self.outcomes.items())]
        for name, value in sorted(self.gauges.items()):
            lines += [*_head(name, "gauge", name.replace("_", " ")), f"{name} {value:g}"]
        return "\n".join(lines) + "\n"


def _head(name: str, kind: str, words: str) -> list[str]:
    return [f"# HELP {name} {words}", f"# TYPE {name} {kind}"]


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
