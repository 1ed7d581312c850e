"""Fit: how a division, its stations and people would have coped with past reports."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from geogrid.assign.answering import Desk
from geogrid.coverage.families import Families, families_of, family_findings
from geogrid.coverage.load import Load, load_findings, loads_of
from geogrid.coverage.mixture import Mixture, mixture_findings, mixture_of
from geogrid.coverage.past import PastReports
from geogrid.coverage.placing import PlacedReports, place_reports
from geogrid.coverage.thresholds import Thresholds
from geogrid.types import Finding, Progress, no_progress

__all__ = ["Fit", "fit_reports"]


@dataclass(frozen=True)
class Fit:
    """How past reports fall on a division.

    Parameters
    ----------
    place : str
        Name of the division.
    edition : int
    placed : PlacedReports
    loads : tuple of Load
    mixtures : tuple of Mixture
        One per layer of grids.
    families : Families
    findings : tuple of Finding
        Everything flagged: loads, mixes, families, rows that cannot be judged.
    figures : mapping of str to number
    """

    place: str
    edition: int
    placed: PlacedReports = field(repr=False)
    loads: tuple[Load, ...]
    mixtures: tuple[Mixture, ...]
    families: Families
    findings: tuple[Finding, ...]
    figures: Mapping[str, float] = field(default_factory=dict)

    @property
    def fits(self) -> bool:
        """Whether nothing is flagged."""
        return not self.findings

    def load(self, of: str) -> Load:
        """Return the load of one kind of holder."""
        return next(load for load in self.loads if load.of == of)

    def mixture(self, layer: str) -> Mixture:
        """Return the mix of one layer."""
        return next(mixture for mixture in self.mixtures if mixture.layer == layer)

    def to_dict(self) -> dict[str, Any]:
        """Return the fit as plain JSON values."""
        from geogrid.coverage.fit_files import fit_as_dict

        return fit_as_dict(self)

    def write(self, path: str | Path) -> Path:
        """Write the fit as a GeoPackage, or as a folder of CSV files; return its path."""
        from geogrid.coverage.fit_files import write_fit

        return write_fit(self, path)


def fit_reports(
    desk: Desk,
    past: PastReports,
    *,
    thresholds: Thresholds | None = None,
    layer: str | None = None,
    progress: Progress = no_progress,
) -> Fit:
    """Return how past reports fall on the grids, stations, people and departments of a desk.

    Parameters
    ----------
    desk : Desk
        `Atlas.desk()` gives the one of an edition; it need not have been in force then.
    past : PastReports
    thresholds : Thresholds, optional
    layer : str, optional
        Grids whose borders families may cross; the first stacked layer, else the base.
    progress : Progress

    Raises
    ------
    NotFoundError
        If there is no such layer.
    """
    limits = thresholds or Thresholds()
    steps = 4
    progress("place reports", 0, steps)
    placed = place_reports(desk, past)
    own = desk.places.own_layers
    grids = desk.places.layer(layer).name if layer else (own[1] if len(own) > 1 else own[0]).name
    progress("count loads", 1, steps)
    loads = loads_of(placed)
    progress("compare mixes", 2, steps)
    layers = [one.name for one in desk.places.layers if one is not desk.places.base] or [desk.places.base.name]
    mixtures = tuple(mixture_of(placed, name, limits.mix) for name in layers)
    progress("join families", 3, steps)
    families = families_of(placed, grids, limits.family)
    findings = [
        *(finding for load in loads for finding in load_findings(load, limits.load)),
        *(finding for mixture in mixtures for finding in mixture_findings(mixture, limits.mix)),
        *family_findings(families, staffed=bool(desk.roster.duties)),
        *_row_findings(past),
    ]
    progress("join families", 4, steps)
    return Fit(
        desk.division.name, desk.edition, placed, loads, mixtures, families, tuple(findings),
        _figures(placed, families),
    )  # fmt: skip


def _figures(placed: PlacedReports, families: Families) -> dict[str, float]:
    past = placed.past
    figures: dict[str, float] = {
        "rows": len(past) + len(past.refused),
        "rows_refused": len(past.refused),
        "reports": len(past),
        "outside": int((placed.cell < 0).sum()),
        "unanswered": int(((placed.cell >= 0) & (placed.answers["person"] == "")).sum()),
        "categories": len(set(past.category.tolist())),
        "unknown_category": int(placed.unknown_category.sum()),
        "families": len(families.families),
        "reports_in_families": int((families.of_report > 0).sum()),
        "duplicates": families.duplicates,
        "families_across_a_border": sum(family.crosses_border for family in families.families),
    }
    if past.solved is not None:
        figures["solved"] = int(past.solved.sum())
    return figures


def _row_findings(past: PastReports) -> list[Finding]:
    """Return one finding per reason for which rows were left out."""
    reasons = Counter((problem.column, problem.reason.split(" in row ")[0]) for problem in past.refused)
    return [
        Finding(
            "row_can_be_judged", f"{count} row(s) left out, {column}: {reason}",
            tuple(
                str(problem.row) for problem in past.refused
                if (problem.column, problem.reason.split(" in row ")[0]) == (column, reason)
            )[:10],
            amount=float(count),
        )
        for (column, reason), count in reasons.items()
    ]  # fmt: skip
