"""Families: near-duplicate reports of one thing, joined, each with one owner."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from geogrid.coverage.nearness import connected
from geogrid.coverage.placing import PlacedReports
from geogrid.coverage.thresholds import FamilyLimits
from geogrid.types import Finding, Int32Array

__all__ = ["Families", "Family", "families_of", "family_findings"]


@dataclass(frozen=True)
class Family:
    """Reports of one category that hang together in place and time.

    Parameters
    ----------
    number : int
        From 1, by the first report.
    category : str
    reports : tuple of str
        Ids, the earliest first.
    first, last : int
        When the first and the last were filed, seconds since 1970 UTC.
    lon, lat : float
        Of the first report, degrees, WGS 84.
    span_m : float
        Diagonal of the ground they cover, metres.
    grids : tuple of str
        Codes of the grids they lie in.
    owner, station, department : str
        Who answers for all of it: the one answerable at the earliest report that has one; ``""``
        if none has.
    would_go_to : tuple of str
        Everybody to whom the reports go one by one.
    """

    number: int
    category: str
    reports: tuple[str, ...]
    first: int
    last: int
    lon: float
    lat: float
    span_m: float
    grids: tuple[str, ...]
    owner: str
    station: str
    department: str
    would_go_to: tuple[str, ...]

    @property
    def crosses_border(self) -> bool:
        """Whether the reports lie in more than one grid."""
        return len(self.grids) > 1


@dataclass(frozen=True, eq=False)
class Families:
    """All families of some reports.

    Parameters
    ----------
    layer : str
        Layer of the families' grids.
    families : tuple of Family
    of_report : (n,) int32
        Number of each report's family, 0 for a report that stands alone.
    """

    layer: str
    families: tuple[Family, ...]
    of_report: Int32Array

    @property
    def duplicates(self) -> int:
        """Reports beyond the first of each family."""
        return sum(len(family.reports) - 1 for family in self.families)


def families_of(placed: PlacedReports, layer: str, limits: FamilyLimits) -> Families:
    """Return the families of near-duplicates, whatever the order of the reports.

    Reports far outside the division, where its metric CRS does not reach, stand alone.

    Parameters
    ----------
    placed : PlacedReports
    layer : str
        Whose borders count as borders.
    limits : FamilyLimits
    """
    past = placed.past
    # The earliest first, by id where the second is the same: then a family's first position is its first report.
    order = np.lexsort((past.ids.astype(str), past.filed))
    order = order[np.isfinite(placed.metres[order]).all(axis=1)]
    kind = np.unique(past.category[order].astype(str), return_inverse=True)[1].astype(np.int64)
    root = connected(
        placed.metres[order], past.filed[order], kind, near_m=limits.near_m, near_s=int(limits.near_hours * 3600)
    )
    _, number, size = np.unique(root, return_inverse=True, return_counts=True)
    grouped = np.argsort(number, kind="stable")
    edges = np.concatenate([[0], np.cumsum(size)])
    of_report = np.zeros(len(past), np.int32)
    families: list[Family] = []
    for row in np.flatnonzero(size > 1).tolist():
        members = order[grouped[edges[row] : edges[row + 1]]]
        family = _family(placed, layer, members, len(families) + 1)
        of_report[members] = family.number
        families.append(family)
    return Families(layer, tuple(families), of_report)


def family_findings(families: Families, *, staffed: bool = True) -> Iterator[Finding]:
    """Yield the families whose reports go to several people, and those nobody answers for.

    Parameters
    ----------
    families : Families
    staffed : bool
        False where there is no duty at all: nobody answering then says nothing about the family.
    """
    for family in families.families:
        across = f" across {len(family.grids)} grids ({', '.join(family.grids)})" if family.crosses_border else ""
        what = f"{len(family.reports)} reports of {family.category} within {family.span_m:.0f} m{across}"
        subjects = (family.category, *family.reports[:10])
        if not family.owner and not staffed:
            continue
        if not family.owner:
            text = f"{what} have nobody answerable"
            yield Finding("family_has_one_owner", text, subjects, family.lon, family.lat, float(len(family.reports)))
        elif len(family.would_go_to) > 1:
            text = f"{what} go to {len(family.would_go_to)} people ({', '.join(family.would_go_to)}); {family.owner} owns all"
            yield Finding("family_has_one_owner", text, subjects, family.lon, family.lat, float(len(family.reports)))


def _family(
    placed: PlacedReports, layer: str, members: np.ndarray[tuple[int], np.dtype[np.int64]], number: int
) -> Family:
    past, earliest = placed.past, int(members[0])
    grids = dict.fromkeys(code for code in placed.of_layer[layer][members].tolist() if code)
    people = placed.answers["person"][members].tolist()
    owning = next((row for row, person in zip(members.tolist(), people, strict=True) if person), -1)
    owner, station, department = (
        str(placed.answers[what][owning]) if owning >= 0 else "" for what in ("person", "station", "department")
    )
    extent = np.ptp(placed.metres[members], axis=0)
    return Family(
        number, str(past.category[earliest]), tuple(past.ids[members].tolist()), int(past.filed[earliest]),
        int(past.filed[members[-1]]), float(past.lon[earliest]), float(past.lat[earliest]), float(np.hypot(*extent)),
        tuple(sorted(grids)), owner, station, department, tuple(sorted({person for person in people if person})),
    )  # fmt: skip
