"""What a plan may say of a balanced layer: its keys, and which contradict each other."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from geogrid.partition.balance.clock import Budget
from geogrid.partition.balance.reading import SeamSection
from geogrid.partition.section import PlanPath, Section, StackedSection

__all__ = ["AlignSection", "BalanceSection", "SeamSection", "WeightSection"]


_HOW_MANY = ("count", "weight_target", "weight_max", "cells_max", "stations", "start")

_CONTRADICTING = (
    ("count", "weight_target", "how many grids"),
    ("count", "stations", "how many grids (one for each station)"),
    ("weight_target", "stations", "how many grids (one for each station)"),
    ("weight_target", "weight_max", "what a grid weighs (weight_target with a tolerance, or a range)"),
    ("weight_target", "weight_min", "what a grid weighs (weight_target with a tolerance, or a range)"),
    ("capacity", "weight_max", "what a grid may weigh at most (each station's own, or the same for all)"),
    ("capacity", "weight_min", "what a grid may weigh (from nothing to a station's own, or a range)"),
)


class WeightSection(Section):
    """A weight: a column of the layer below, ``"area_m2"``, ``"cells"``, or a file of points counted per cell.

    Parameters
    ----------
    name : str
    points : path, optional
        Points to count; else `name` is a column.
    datum, lon, lat, value : str, optional
        Of the points' file; `value` is the column to add up instead of counting.
    smooth : float
        Share of each cell's count handed to its neighbours.
    missing : {"error", "zero"}
        What a missing value means.
    tolerance : float, optional
        The layer's own if left out.
    min, max : float, optional
        A range instead; `tolerance` then says how even grids shall be where an area's weight fits none in the range.
    """

    name: str
    points: PlanPath | None = None
    datum: str | None = None
    lon: str | None = None
    lat: str | None = None
    value: str | None = None
    smooth: Annotated[float, Field(ge=0, le=1)] = 0.0
    missing: Literal["error", "zero"] = "error"
    tolerance: Annotated[float, Field(ge=0, lt=1)] | None = None
    min: Annotated[float, Field(ge=0)] | None = None
    max: Annotated[float, Field(gt=0)] | None = None


class AlignSection(Section):
    """Another layer of the plan whose borders are cheap to follow (police, market: 网格耦合)."""

    layer: str
    factor: Annotated[float, Field(ge=0)] = 0.5


class BalanceSection(StackedSection):
    """``method = "balance"``.

    Parameters
    ----------
    count : int, optional
        Grids in all. Exactly one of `count`, `weight_target`, `weight_max`, `stations` says how many.
    weight_target : float, optional
        Each grid within `tolerance` of it.
    weight_min, weight_max : float, optional
        A range: as few grids as possible, or as many as `count`, `stations` or `start` say.
    cells_min, cells_max : int, optional
        Rows of the layer below in a grid (1 to 5 cells); `cells_min` alone is no number of grids.
    weight : str or WeightSection
        The primary weight; further ones in `weights`.
    tolerance : float
    seams, align : list
    stations : path, optional
        Points; one grid for each. With `within`, an area has as many grids as stations.
    capacity : str, optional
        A column of the stations: the most primary weight the grid of each may hold.
    pull_m, reach_m, roundness_m : float
        See `Problem`.
    start : str, optional
        An earlier layer on the same rows: its grids are kept as far as `keep_m` says.
    keep_m : float
        Metres of border that moving a mean row out of its grid costs.
    locked_cells, locked_grids : list of str
        Codes (or names) of rows of the layer below; of grids of `start`.
    together, apart : list of lists of str
        Codes of rows of the layer below.
    ferries : list of pairs of str
        Rows that connect though they share no border.
    islands : {"nearest", "alone"}, optional
        What becomes of cells that their area does not reach. Left out: what only a barrier parts from its area stands
        alone, other islands are linked to the nearest cell.
    exact_s : float
        Seconds HiGHS may take, after the search, to prove the shortest borders of each area of up to 80 rows.
    effort, seconds, workers, seed
        What the search may spend: see `Budget`. `workers` are as many as whoever runs the plan says, if left out.
    """

    method: Literal["balance"] = "balance"
    count: Annotated[int, Field(gt=0)] | None = None
    weight_target: Annotated[float, Field(gt=0)] | None = None
    weight_min: Annotated[float, Field(ge=0)] | None = None
    weight_max: Annotated[float, Field(gt=0)] | None = None
    cells_min: Annotated[int, Field(ge=1)] | None = None
    cells_max: Annotated[int, Field(ge=1)] | None = None
    weight: str | WeightSection = "area_m2"
    weights: tuple[WeightSection, ...] = ()
    tolerance: Annotated[float, Field(ge=0, lt=1)] = 0.05
    seams: tuple[SeamSection, ...] = ()
    align: tuple[AlignSection, ...] = ()
    stations: PlanPath | None = None
    capacity: str | None = None
    pull_m: Annotated[float, Field(ge=0)] = 0.0
    reach_m: Annotated[float, Field(gt=0)] | None = None
    roundness_m: Annotated[float, Field(ge=0)] = 0.0
    start: str | None = None
    keep_m: Annotated[float, Field(ge=0)] = 50.0
    locked_cells: tuple[str, ...] = ()
    locked_grids: tuple[str, ...] = ()
    together: tuple[Annotated[tuple[str, ...], Field(min_length=2)], ...] = ()
    apart: tuple[tuple[str, str], ...] = ()
    ferries: tuple[tuple[str, str], ...] = ()
    islands: Literal["nearest", "alone"] | None = None
    exact_s: Annotated[float, Field(ge=0)] = 0.0
    effort: Annotated[float, Field(gt=0)] = 3000.0
    seconds: Annotated[float, Field(gt=0)] | None = None
    workers: Annotated[int, Field(ge=1)] | None = None
    seed: int = 1

    @property
    def primary(self) -> WeightSection:
        """The primary weight, with the layer's range."""
        weight = WeightSection(name=self.weight) if isinstance(self.weight, str) else self.weight
        least, most = (
            own if own is not None else layers
            for own, layers in ((weight.min, self.weight_min), (weight.max, self.weight_max))
        )
        return weight.model_copy(update={"min": least, "max": most})

    @model_validator(mode="after")
    def _one_way_to_count(self) -> BalanceSection:
        given = {word for word in _HOW_MANY if getattr(self, word) is not None}
        if self.primary.max is not None:
            given.add("weight_max")
        if not given & set(_HOW_MANY):
            raise ValueError("say how many grids: count, weight_target, weight_max, cells_max, stations or start")
        if self.primary.min is not None:
            given.add("weight_min")
        given |= {"capacity"} if self.capacity is not None else set()
        for one, other, said in _CONTRADICTING:
            if one in given and other in given:
                raise ValueError(f"{one} and {other} both say {said}; leave one out")
        for key in ("capacity", "reach_m"):
            if getattr(self, key) is not None and self.stations is None:
                raise ValueError(f"{key} is about stations: name their file as `stations`")
        return self

    def with_workers(self, workers: int) -> Self:
        """Return the section with so many threads, unless the plan says how many."""
        return self if self.workers is not None else self.model_copy(update={"workers": workers})

    @property
    def budget(self) -> Budget:
        """What the search may spend."""
        return Budget(self.effort, self.seconds, self.workers or 1)
