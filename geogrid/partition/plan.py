"""The plan: the TOML recipe from which a division is made, reproducibly."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field, ValidationError

from geogrid.errors import NotFoundError, PlanError, StorageError
from geogrid.partition.methods import METHODS, Kind
from geogrid.partition.plan_errors import PlanText, explained
from geogrid.partition.section import LayerSection, PlanPath, Reading, Section

__all__ = ["Place", "Plan"]


class OutlineReading(Reading):
    """``reading = { … }`` of ``[place]``: how outlines are read, as `read_boundaries` takes it.

    Parameters
    ----------
    levels : list of str, optional
    code, name, parent, level_column : str, optional
        Columns.
    accept : list of str, optional
        Rules whose findings do not stop reading.
    noise_m : float, optional
    """

    levels: tuple[str, ...] | None = None
    code: str | None = None
    name: str | None = None
    parent: str | None = None
    level_column: str | None = None
    accept: tuple[str, ...] | None = None
    noise_m: Annotated[float, Field(gt=0)] | None = None


class Place(Section):
    """``[place]``: what is divided.

    Parameters
    ----------
    code, name : str, optional
        Of the place; the boundaries' own if left out.
    boundaries : path, optional
        A file or folder of outlines; the bundled ones of `code` if left out.
    metric_crs : str
        ``"auto"`` or a projected CRS in metres, e.g. ``"EPSG:4549"``.
    reading : OutlineReading
        How the outlines are read, handed on to `read_boundaries`: levels, columns, datum, encoding.
    """

    code: str | None = None
    name: str | None = None
    boundaries: PlanPath | None = None
    metric_crs: str = "auto"
    reading: OutlineReading = Field(default_factory=OutlineReading)


class Plan(Section):
    """A whole plan.

    Parameters
    ----------
    place : Place
    layers : tuple of LayerSection
        The base layer first; each as the model of its method.
    text : str
        The TOML as it was written.
    source : str
        The file it came from, for messages.

    Examples
    --------
    >>> plan = Plan.parse('''
    ... [place]
    ... code = "310114"
    ... [[layer]]
    ... name = "cell"
    ... method = "squares"
    ... target_area_m2 = 10_000
    ... ''')
    >>> plan.layers[0].target_area_m2
    10000.0
    """

    place: Place
    layers: tuple[LayerSection, ...]
    text: str = ""
    source: str = "plan"

    @classmethod
    def read(cls, path: str | Path) -> Plan:
        """Return the plan in a TOML file; relative paths in it start from its own folder.

        Raises
        ------
        PlanError
            If it cannot be carried out as written; every fault is listed with its line.
        NotFoundError
            If there is no such file.
        StorageError
            If the file cannot be read.
        """
        file = Path(path)
        try:
            text = file.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            raise PlanError("a plan is UTF-8 text", source=file, mend="save it as UTF-8") from None
        except FileNotFoundError:
            raise NotFoundError("there is no such plan", given=file, mend="check the path") from None
        except OSError as error:
            raise StorageError("the plan cannot be read", given=error.strerror, source=file) from None
        return cls.parse(text, folder=file.parent, source=str(file))

    @classmethod
    def parse(cls, text: str, *, folder: str | Path | None = None, source: str = "plan") -> Plan:
        """Return the plan in TOML text; relative paths in it start from `folder`.

        Raises
        ------
        PlanError
        """
        try:
            tables = tomllib.loads(text)
        except tomllib.TOMLDecodeError as error:
            raise PlanError(f"not valid TOML: {error}", source=source) from None
        lines = PlanText(text, source)
        lines.require_tables(tables)
        context = {"folder": None if folder is None else Path(folder)}
        problems: list[str] = []
        place = _checked(Place, tables["place"], ("place",), lines, context, problems)
        layers = [
            _checked_layer(table, position, lines, context, problems) for position, table in enumerate(tables["layer"])
        ]
        problems += lines.of_layers(tables["layer"])
        if place is None or problems or None in layers:
            raise PlanError(
                "\n  ".join(["the plan cannot be carried out as written:", *problems]) + "\n", source=source
            )
        if place.boundaries is None and place.code is None:
            raise PlanError(
                "[place] says neither where the boundaries are nor which bundled place it is",
                allowed='boundaries = "folder or file", or code = "310114"', source=source,
            )  # fmt: skip
        return cls(place=place, layers=tuple(layer for layer in layers if layer), text=text, source=source)

    def kind_of(self, position: int) -> Kind:
        """Return what kind of layer the section at `position` makes."""
        return kind_of(position, getattr(self.layers[position], "of", None) is not None)


def kind_of(position: int, stands_on_another: bool) -> Kind:
    """Return the kind of the layer at a position: the first is the base."""
    return "base" if position == 0 else "stacked" if stands_on_another else "overlay"


def _checked(
    model: type[Any], table: Any, key: tuple[Any, ...], lines: PlanText, context: dict[str, Any], problems: list[str]
) -> Any:
    try:
        return model.model_validate(table, context=context)
    except ValidationError as error:
        problems += explained(error, model, key, lines)
        return None


def _checked_layer(
    table: dict[str, Any], position: int, lines: PlanText, context: dict[str, Any], problems: list[str]
) -> Any:
    word = table.get("method")
    key = ("layer", position)
    method = METHODS.get(word) if isinstance(word, str) else None
    if method is None:
        fitting = [name for name, known in METHODS.items() if kind_of(position, "of" in table) in known.kinds]
        problems.append(
            lines.problem((*key, "method"), "no such method" if "method" in table else "no method", word, fitting)
        )
        return None
    section = _checked(method.model(), table, key, lines, context, problems)
    if section is None:
        return None
    kind = kind_of(position, getattr(section, "of", None) is not None)
    if kind not in method.kinds:
        fitting = [name for name, known in METHODS.items() if kind in known.kinds]
        problems.append(lines.problem((*key, "method"), f"cannot make a {kind} layer", word, fitting))
    return section
