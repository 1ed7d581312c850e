"""The register of methods: a word in a plan, its model, and the functions that carry it out.

A method plugs in with one line. Its module is imported when a plan first names it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from typing import Any, Literal

from geogrid.partition.section import LayerSection

__all__ = ["METHODS", "Kind", "Method"]

Kind = Literal["base", "stacked", "overlay"]


@dataclass(frozen=True)
class Method:
    """Where a method's parts are, as ``module:name`` inside `geogrid.partition`.

    Parameters
    ----------
    section : str
        The pydantic model of its ``[[layer]]``.
    cut : str, optional
        Base layer: ``cut(frame, section, progress) -> Cut``.
    group : str, optional
        Stacked layer: ``group(division, section, progress) -> Grouping``.
    adopt : str, optional
        Base or overlay layer taken as it is: ``adopt(boundaries, section, progress) -> Adopted``.
    """

    section: str
    cut: str | None = None
    group: str | None = None
    adopt: str | None = None

    @property
    def kinds(self) -> tuple[Kind, ...]:
        """The kinds of layer it can make."""
        kinds: list[Kind] = []
        if self.cut or self.adopt:
            kinds.append("base")
        if self.group:
            kinds.append("stacked")
        if self.adopt:
            kinds.append("overlay")
        return tuple(kinds)

    def model(self) -> type[LayerSection]:
        """Return the model of its section."""
        model = _found(self.section)
        if not (isinstance(model, type) and issubclass(model, LayerSection)):
            raise TypeError(f"{self.section} is not a LayerSection")
        return model

    def function(self, role: Literal["cut", "group", "adopt"]) -> Callable[..., Any]:
        """Return the function that plays a role."""
        function: Callable[..., Any] = _found(str(getattr(self, role)))
        return function


METHODS: dict[str, Method] = {
    "adopt": Method("adopting:AdoptSection", adopt="adopting:adopt_layer", group="adopted_grids:group_by_adopted"),
    "balance": Method("balance.sections:BalanceSection", group="balance.layer:group_in_balance"),
    "blocks": Method("blocks.section:BlocksSection", cut="blocks.cut:cut_blocks"),
    "hexagons": Method("squares:HexagonsSection", cut="squares:cut_hexagons"),
    "nearest-station": Method("nearest_station:NearestStationSection", group="nearest_station:group_nearest"),
    "per-area": Method("per_area:PerAreaSection", group="per_area:group_per_area"),
    "squares": Method("squares:SquaresSection", cut="squares:cut_squares"),
}


def _found(path: str) -> Any:
    module, name = path.split(":")
    return getattr(import_module(f"geogrid.partition.{module}"), name)
