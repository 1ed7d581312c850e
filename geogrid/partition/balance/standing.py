"""Grids that stand: the rules of the plan that made them, as they hold when the grids are put in balance again."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from pydantic import BaseModel

from geogrid.errors import NotFoundError, PlanError
from geogrid.partition.balance.sections import BalanceSection, WeightSection
from geogrid.partition.division import Division, labels_of
from geogrid.partition.grouping import area_rows
from geogrid.partition.plan import Plan
from geogrid.partition.section import LayerSection

__all__ = ["Rules", "for_standing_grids", "nested_level", "rules_of", "section_of"]


@dataclass(frozen=True, eq=False)
class Rules:
    """What holds when a layer is put in balance again.

    Parameters
    ----------
    section : BalanceSection
        Of the layer: its own grids as `start`, a tolerance for its first weight, and everything else as its plan says.
    above : mapping of layer name to BalanceSection
        Of the layers that stand on it, as far as a plan tells.
    others : bool
        Whether the plan has still other layers in balance.
    source : str
        Where the rules come from; "" if no plan tells.
    notes : tuple of str
        What a planner must know of the rules.
    """

    section: BalanceSection
    above: Mapping[str, BalanceSection]
    others: bool = False
    source: str = ""
    notes: tuple[str, ...] = ()


def rules_of(
    division: Division,
    layer: str,
    *,
    plan: str | Path | None = None,
    folders: Sequence[str | Path] = (),
    weight: WeightSection | None = None,
    within: str | None = None,
) -> Rules:
    """Return the rules of a layer of grids: those of a plan file, else of the plan that the division remembers.

    Parameters
    ----------
    division : Division
    layer : str
        A stacked layer.
    plan : path, optional
        A plan file with a section for the layer.
    folders : sequence of path
        From where relative paths of the remembered plan may start; the first that has all files counts.
    weight : WeightSection, optional
        Instead of the plan's first weight, in layers above with the same weight too.
    within : str, optional
        Instead of the plan's level of areas; ``"none"`` for none.

    Raises
    ------
    NotFoundError
        If the plan file has no section for the layer, or files that a plan names are not there.
    PlanError
        If the plan file is not a plan, or its section does not fit the layer.
    """
    recipes, source, why = _recipes(division, layer, plan, folders)
    told = _complete(
        recipes, source, layer, _stacked_on(division, layer), weight,
        mend="name the plan file beside which they are: --plan plan.toml" if plan is None
        else "a relative path in a plan starts from the plan's own folder",
    )  # fmt: skip
    section, notes = told.section, list[str]()
    if section is None:
        notes.append(
            f"{why or _made_otherwise(layer, told.other, source)}: its seams, barriers, bridges, locks and further weights "
            "are unknown and do not hold; name the plan with --plan plan.toml"
        )
        level = getattr(told.other, "within", None) or nested_level(division, layer)
        if within is None:
            notes.append(
                "grids may reach over the borders of all areas, as some do now; --within names a level that holds" if level is None
                else f"each grid stays within its area of level {level!r}, as all do now; --within names another level, or none"
            )  # fmt: skip
        section = BalanceSection(
            name=layer, of=str(division.layer(layer).of), within=level, start=layer,
            weight="area_m2" if weight is None else weight,
        )  # fmt: skip
        source = ""
    if within is not None:
        section = section.model_copy(update={"within": None if within == "none" else within})
    notes += _not_rules(section)
    section = _by_tolerance(for_standing_grids(division, section))
    return Rules(section, told.above, told.others, source, tuple(notes))


def section_of(division: Division, layer: str, *, folders: Sequence[str | Path] = ()) -> BalanceSection:
    """Return the section of the remembered plan that made a layer, as it holds for its grids that stand.

    Parameters
    ----------
    division : Division
    layer : str
    folders : sequence of path
        From where relative paths of the plan may start; the first that has all files counts.

    Raises
    ------
    NotFoundError
        If no plan tells, or files that it names are not there.
    PlanError
        If its section does not fit the layer.
    """
    recipes, source, why = _recipes(division, layer, None, folders)
    told = _complete(recipes, source, layer, (), None, mend="put them beside the atlas, as they were beside the plan")
    if told.section is None:
        raise NotFoundError(why or _made_otherwise(layer, told.other, source))
    return for_standing_grids(division, told.section)


@dataclass(frozen=True, eq=False)
class _Told:
    """What a plan tells of a layer: its section if it was made in balance, else the other one; those of layers above."""

    section: BalanceSection | None = None
    other: LayerSection | None = None
    above: Mapping[str, BalanceSection] = field(default_factory=dict)
    others: bool = False

    def files(self, *, but: Path | None) -> Iterator[Path]:
        """Yield the files that the sections name, but one."""
        for one in (self.section, *self.above.values()):
            yield from (path for path in _files(one) if path != but)


def _complete(
    recipes: Sequence[Plan], source: str, layer: str, stacked: Sequence[str], weight: WeightSection | None, *, mend: str
) -> _Told:
    """Return what the first of the plans tells whose files are all there."""
    absent = list[list[Path]]()
    for recipe in recipes:
        told = _told(recipe, layer, stacked, weight)
        lost = [path for path in told.files(but=None if weight is None else weight.points) if not path.exists()]
        if not lost:
            return told
        absent.append(lost)
    if absent:
        raise NotFoundError(
            f"files that {source} names are not there", given=", ".join(map(str, absent[0])),
            source=f"layer {layer!r}", mend=mend,
        )  # fmt: skip
    return _Told()


def _told(recipe: Plan, layer: str, stacked: Sequence[str], weight: WeightSection | None) -> _Told:
    """Return what a plan tells, with the weight replaced: files of the old one need not be there any more."""
    balanced = {one.name: one for one in recipe.layers if isinstance(one, BalanceSection)}
    others = bool(set(balanced) - {layer, *stacked})
    above = {name: one for name, one in balanced.items() if name in stacked}
    section = balanced.get(layer)
    if section is None:
        return _Told(None, next((one for one in recipe.layers if one.name == layer), None), above, others)
    if weight is not None:
        above = {
            name: one.model_copy(update={"weight": weight}) if one.weight == section.weight else one
            for name, one in above.items()
        }
        section = section.model_copy(update={"weight": weight})
    return _Told(section, None, above, others)


def for_standing_grids(division: Division, section: BalanceSection) -> BalanceSection:
    """Return a section as it holds for the layer it has made: with its grids as `start`, and as many.

    Raises
    ------
    PlanError
        If the layer stands on another one than the section says, or a locked grid is not found among its grids.
    """
    layer = division.layer(section.name)
    if section.of != layer.of:
        raise PlanError(
            f"layer {section.name!r} stands on another layer than the plan says", given=f"of = {section.of!r}",
            allowed=repr(layer.of),
        )  # fmt: skip
    told = {"start": layer.name, "count": len(layer), "weight_target": None}
    return section.model_copy(update={**told, "locked_grids": _locked_grids(division, section)})


def nested_level(division: Division, layer: str) -> str | None:
    """Return the finest level of areas of which no grid of a layer reaches over a border, or None."""
    grid = division.from_cells(layer)
    if not set(division.base.areas) <= set(division.areas[-1].codes):
        return None
    first = np.full(len(division.layer(layer)), -1, np.int64)
    for areas in reversed(division.areas):
        home = area_rows(division, areas.level)
        first[grid] = home
        if (first[grid] == home).all():
            return areas.level
    return None


def _recipes(
    division: Division, layer: str, plan: str | Path | None, folders: Sequence[str | Path]
) -> tuple[list[Plan], str, str]:
    """Return the plan, once for each folder its paths may start from, what it is called, and why there is none."""
    if plan is not None:
        recipe = Plan.read(plan)
        found = next((one for one in recipe.layers if one.name == layer), None)
        if found is None:
            raise NotFoundError(
                "the plan has no such layer", given=layer, allowed=", ".join(one.name for one in recipe.layers),
                source=plan,
            )  # fmt: skip
        if not isinstance(found, BalanceSection):
            raise PlanError(
                f"layer {layer!r} of the plan is not made in balance", given=f'method = "{found.method}"',
                allowed='method = "balance"', source=plan,
            )  # fmt: skip
        return [recipe], f"the plan {plan}", ""
    source = "the plan of the edition"
    if not division.plan:
        return [], source, "the edition remembers no plan"
    try:
        return (
            [Plan.parse(division.plan, folder=folder, source=source) for folder in folders or [Path.cwd()]],
            source,
            "",
        )
    except PlanError as error:
        return [], source, f"{source} cannot be read ({' '.join(error.problem.split())})"


def _made_otherwise(layer: str, section: LayerSection | None, source: str) -> str:
    if section is None:
        return f"{source} has no layer {layer!r}"
    return f'{source} made layer {layer!r} by method "{section.method}"'


def _stacked_on(division: Division, layer: str) -> list[str]:
    """Return the layers that stand on a layer, directly or not."""
    found = [layer]
    for other in division.layers:
        if other.of in found:
            found.append(other.name)
    return found[1:]


def _files(value: Any) -> Iterator[Path]:
    """Yield the files that a section names."""
    if isinstance(value, Path):
        yield value
    elif isinstance(value, BaseModel):
        for key in type(value).model_fields:
            yield from _files(getattr(value, key))
    elif isinstance(value, tuple):
        for one in value:
            yield from _files(one)


def _locked_grids(division: Division, section: BalanceSection) -> tuple[str, ...]:
    """Return the locked grids as the layer calls them: the plan may mean those of the layer it started from."""
    if not section.locked_grids:
        return ()
    layer = division.layer(section.name)
    own, labels = _words(division, section.name), labels_of(layer)
    begun = section.start if section.start in division.layer_names else None
    meant = {} if begun is None else _words(division, begun)
    result = []
    for word in section.locked_grids:
        home = own.get(word)
        if word in meant and begun != section.name:
            # A locked grid kept its cells; the grid that holds them is the one.
            held = np.unique(division.from_cells(section.name)[division.from_cells(str(begun)) == meant[word]])
            home = int(held[0]) if len(held) == 1 else None
        if home is None:
            raise PlanError(
                f"layer {section.name!r}: a locked grid is none of its grids", given=word, allowed=", ".join(labels[:20]),
                mend="name it by its code in a plan of your own: --plan plan.toml",
            )  # fmt: skip
        result.append(labels[home])
    return tuple(result)


def _words(division: Division, layer: str) -> dict[str, int]:
    """Return the row of each code and name of a layer."""
    found = division.layer(layer)
    return {str(word): row for words in (found.names, found.codes) for row, word in enumerate(words) if word}


def _by_tolerance(section: BalanceSection) -> BalanceSection:
    """Return a section whose first weight is kept in a tolerance, not in a range or under a capacity."""
    update: dict[str, Any] = {"weight_min": None, "weight_max": None, "capacity": None}
    if isinstance(section.weight, WeightSection):
        update["weight"] = section.weight.model_copy(update={"min": None, "max": None})
    return section.model_copy(update=update)


def _not_rules(section: BalanceSection) -> list[str]:
    """Return what of a section gives way to the tolerance."""
    first = section.weight if isinstance(section.weight, WeightSection) else WeightSection(name=section.weight)
    lowest, highest = (
        own if own is not None else of_layer
        for own, of_layer in ((first.min, section.weight_min), (first.max, section.weight_max))
    )
    notes = []
    if highest is not None:
        notes.append(
            f"the tolerance takes the place of the plan's range of {first.name}: {lowest or 0:g} to {highest:g} a grid"
        )
    if section.capacity is not None:
        notes.append(f"the tolerance takes the place of the stations' capacities, column {section.capacity!r}")
    return notes
