"""Zero reports held against what lay there: who said nothing had happened though something had."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from geogrid.coverage.colours import codes_of
from geogrid.coverage.daily import DailyStatus
from geogrid.coverage.placing import PlacedReports
from geogrid.types import Finding

__all__ = ["zero_findings"]


def zero_findings(statuses: Iterable[DailyStatus], placed: PlacedReports) -> list[Finding]:
    """Return the daily reports of nothing before which a report lay with the station.

    Only reports filed from the beginning of the turn up to, not at, the moment of the daily report
    count: what comes afterwards it could not know.

    Parameters
    ----------
    statuses : iterable of DailyStatus
    placed : PlacedReports
    """
    desk, filed = placed.desk, placed.past.filed
    stations = {station.code: station for station in desk.roster.stations}
    codes = codes_of(placed, "station", {code: station.name for code, station in stations.items()})
    found = []
    for status in statuses:
        if status.count != 0 or status.received is None:
            continue
        until = min(status.received, status.end)
        count = int(np.count_nonzero((codes == status.station) & (filed >= status.start) & (filed < until)))
        if count:
            said, station = desk.roster.calendar.moment_of(status.received), stations[status.station]
            text = (
                f"station {station.code} {station.name} reported nothing at {said.isoformat(' ', 'minutes')},"
                f" but {count} report(s) had come"
            )
            found.append(Finding("zero_is_true", text, (station.code,), station.lon, station.lat, float(count)))
    return found
