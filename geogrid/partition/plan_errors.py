"""Errors in a plan's own words: the line, its key path, what is allowed there, and the mend."""

from __future__ import annotations

import difflib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, get_args

from pydantic import BaseModel, ValidationError

from geogrid.errors import PlanError

__all__ = ["PlanText", "explained"]

_KNOWN_TABLES = ("place", "layer")
_HEADER = re.compile(r"^\s*(\[\[?)\s*([^\]]+?)\s*\]\]?")
_KEY = re.compile(r"""^\s*["']?([A-Za-z0-9_-]+)["']?\s*[=.]""")

_IN_PYDANTIC = re.compile(r"function-|[A-Z]\w*Section$|str$")
"""What pydantic calls a step of its own on the way to a key."""

_WORDS = {
    "tuple_type": "should be a list, [ … ]", "list_type": "should be a list, [ … ]",
    "dict_type": "should be a table, { … }", "model_type": "should be a table, { … }",
}  # fmt: skip
"""TOML's words for Python's."""


@dataclass(frozen=True)
class PlanText:
    """A plan's text, to quote from.

    Parameters
    ----------
    text : str
    source : str
    """

    text: str
    source: str

    @cached_property
    def _places(self) -> dict[tuple[Any, ...], int]:
        """Line number, from 1, of each table and key."""
        found: dict[tuple[Any, ...], int] = {}
        table: tuple[Any, ...] = ()
        seen: dict[str, int] = {}
        for number, line in enumerate(self.text.splitlines(), start=1):
            header = _HEADER.match(line)
            if header:
                first, *rest = header[2].split(".")
                if header[1] == "[[" and not rest:
                    seen[first] = seen.get(first, -1) + 1
                table = (first, seen[first], *rest) if first in seen else (first, *rest)
                found.setdefault(table, number)
            elif key := _KEY.match(line):
                found.setdefault((*table, key[1]), number)
        return found

    def place(self, key: Sequence[Any]) -> str:
        """Return ``line 12, layer[2] "responsibility".tolerance`` for a key path."""
        path = ""
        for part in key:
            path += f"[{part + 1}]" if isinstance(part, int) else f".{part}" if path else str(part)
        at = next(
            (self._places[tuple(key[:n])] for n in range(len(key), 0, -1) if tuple(key[:n]) in self._places), None
        )
        return path if at is None else f"line {at}, {path}"

    def line(self, key: Sequence[Any]) -> str:
        """Return the line on which a key stands, "" if there is none."""
        number = self._places.get(tuple(key))
        return "" if number is None else self.text.splitlines()[number - 1].strip()

    def problem(self, key: Sequence[Any], what: str, given: Any, allowed: Sequence[str] | str | None) -> str:
        """Return one fault as a line: place, what is wrong, given, allowed, mend."""
        parts = [f"{self.place(key)}: {what}"]
        if given is not None:
            parts.append(f"given: {self.line(key) or given!r}")
        if allowed:
            words = allowed if isinstance(allowed, str) else ", ".join(allowed)
            parts.append(f"allowed: {words}")
            near = difflib.get_close_matches(str(given), list(allowed), 1) if not isinstance(allowed, str) else []
            if near:
                parts.append(f"mend: did you mean {near[0]!r}?")
        return "; ".join(parts)

    def require_tables(self, tables: dict[str, Any]) -> None:
        """Check that the plan has one ``[place]`` and ``[[layer]]`` tables, and nothing else.

        Raises
        ------
        PlanError
        """
        unknown = [name for name in tables if name not in _KNOWN_TABLES]
        if unknown:
            raise PlanError(
                self.problem((unknown[0],), "unknown table or key", unknown[0], _KNOWN_TABLES), source=self.source
            )
        if not isinstance(tables.get("place"), dict):
            raise PlanError(
                "the plan has no [place] table", allowed="[place] and one or more [[layer]]", source=self.source
            )
        layers = tables.get("layer")
        if not isinstance(layers, list) or not layers or not all(isinstance(layer, dict) for layer in layers):
            raise PlanError(
                "the plan has no [[layer]] tables", allowed="[place] and one or more [[layer]]", source=self.source,
                mend="write [[layer]] with double brackets, the layer of cells first",
            )  # fmt: skip

    def of_layers(self, layers: Sequence[dict[str, Any]]) -> list[str]:
        """Return what is wrong between the layers: names twice, layers that stand on none."""
        problems, names = [], list[str]()
        for position, layer in enumerate(layers):
            name, of = layer.get("name"), layer.get("of")
            if name in names:
                problems.append(
                    self.problem(("layer", position, "name"), "a layer of this name exists already", name, None)
                )
            if position and isinstance(of, str) and of not in names:
                problems.append(self.problem(("layer", position, "of"), "no layer of this name above it", of, names))
            if position == 0 and of is not None:
                problems.append(
                    self.problem(("layer", 0, "of"), "the first layer is the base and stands on none", of, None)
                )
            if isinstance(name, str):
                names.append(name)
        return problems


def explained(error: ValidationError, model: type[BaseModel], key: tuple[Any, ...], lines: PlanText) -> list[str]:
    """Return each fault that pydantic found as a line in the plan's own words."""
    problems, faults = [], error.errors(include_url=False)
    for fault in faults:
        if fault["type"] == "string_type" and isinstance(fault["input"], dict) and len(faults) > 1:
            # One reading of a key that takes text or a table; what is wrong with the table stands beside it.
            continue
        at = (*key, *(part for part in fault["loc"] if not _IN_PYDANTIC.match(str(part))))
        given = fault["input"] if fault["type"] != "missing" else None
        if fault["type"] == "extra_forbidden":
            problems.append(
                lines.problem(at, "unknown key", at[-1], sorted(_model_at(model, fault["loc"]).model_fields))
            )
        elif fault["type"] == "missing":
            problems.append(lines.problem(at, "is missing", None, None))
        else:
            said = fault["msg"].removeprefix("Value error, ").replace("Tuple should", "a list should")
            message = _WORDS.get(fault["type"], said)
            problems.append(lines.problem(at, _lower(message), given, None))
    return problems


def _model_at(model: type[BaseModel], path: Sequence[Any]) -> type[BaseModel]:
    """Return the model of the innermost table on the way to a key."""
    for part in path[:-1]:
        field = model.model_fields.get(part) if isinstance(part, str) else None
        model = _model_in(field.annotation) or model if field is not None else model
    return model


def _model_in(annotation: Any) -> type[BaseModel] | None:
    """Return the first model among the parts of an annotation."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((found for part in get_args(annotation) if (found := _model_in(part)) is not None), None)


def _lower(text: str) -> str:
    return text[:1].lower() + text[1:]
