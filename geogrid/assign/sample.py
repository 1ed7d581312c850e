"""A sample roster for a division with station areas: invented people, plainly labelled."""

from __future__ import annotations

import numpy as np

from geogrid.assign.hours import Hours
from geogrid.assign.roster import Department, Duty, Person, Roster, Station
from geogrid.partition.division import Division

__all__ = ["sample_roster"]

_DAY, _NIGHT = "daily 07:00-19:00", "daily 19:00-07:00"
_CENTRE = "SAMPLE-CENTRE"


def sample_roster(division: Division, *, layer: str = "station", seed: int) -> Roster:
    """Return an invented roster: one station per grid of `layer`, below one district centre.

    Each station has a head by day, another by night, and a deputy round the clock; the centre has
    a commander. Every name ends in 样例 (sample). The seed decides who has which number.

    Parameters
    ----------
    division : Division
        With codes, i.e. as published.
    layer : str
        The layer whose grids are station areas.
    seed : int

    Raises
    ------
    NotFoundError
        If there is no such layer.

    Examples
    --------
    >>> from geogrid.testing import toy_city
    >>> roster = sample_roster(toy_city(), layer="responsibility", seed=1)
    >>> len(roster.stations), len(roster.persons), roster.persons[0].name
    (5, 13, '样例人员001')
    """
    areas = division.layer(layer)
    posts = (("station_head", _DAY, 1), ("station_head", _NIGHT, 1), ("station_deputy", "24h", 1))
    numbers = iter(np.random.default_rng(seed).permutation(len(areas) * len(posts) + 1) + 1)
    department = Department("SAMPLE", f"{division.name}网格化管理中心（样例）")
    centre = Station(_CENTRE, department.name, tier="district centre", department=department.code)
    stations, duties, people = [centre], [], []

    def person() -> str:
        number = int(next(numbers))
        people.append(Person(f"sample-{number:03d}", f"样例人员{number:03d}", department.code))
        return people[-1].id

    duties.append(Duty(person(), "commander", "station", centre.code, hours=Hours.parse("24h")))
    for code, name in zip(areas.codes.tolist(), areas.names.tolist(), strict=True):
        stations.append(Station(code, name, parent=centre.code, department=department.code))
        duties += [
            Duty(person(), role, layer, code, hours=Hours.parse(hours), order=order) for role, hours, order in posts
        ]
    return Roster(
        departments=(department,),
        persons=tuple(sorted(people, key=lambda one: one.id)),
        stations=tuple(stations),
        duties=tuple(duties),
    )
