"""Codes for cells and grids: issued once, in reading order, and never given out again."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from geogrid.atlas.canonical import canonical_polygons, shape_keys
from geogrid.codes import Scheme, scheme
from geogrid.errors import CodeError
from geogrid.lattice import LatticePolygons
from geogrid.types import IntArray

__all__ = ["BY_AREA", "UNIT_GRID", "Numbering", "numbering_for", "reading_order"]


@dataclass(frozen=True)
class Numbering:
    """How the codes of a layer are written.

    Parameters
    ----------
    template : str
        With ``{area}`` (the code of the area that holds the cell) and ``{seq}`` (its number there,
        with a width such as ``{seq:03d}``); ``{layer}`` is the layer's name. Or the name of a scheme
        of `geogrid.codes`, such as ``unit-grid``.
    limit : int or None
        The highest number an area can give, where the scheme does not say.

    Examples
    --------
    >>> UNIT_GRID.code("310114001001", 23)
    '310114001001023'
    >>> UNIT_GRID.sequence_of("310114001001023", "310114001001")
    23
    """

    template: str
    limit: int | None = None

    def __post_init__(self) -> None:
        """Refuse a template that would give one code twice, and a scheme that counts nothing."""
        if self._scheme is not None:
            if not self._scheme.sequence or self.limit is not None:
                raise CodeError(
                    "a scheme numbers by its own sequence or not at all", given=self.template,
                    mend="name one that counts, such as unit-grid, without a limit",
                )  # fmt: skip
            return
        fields = re.findall(r"\{(\w+)", self.template)
        if fields.count("seq") != 1 or not set(fields) <= {"area", "seq", "layer"}:
            raise CodeError(
                "a numbering needs {seq} once and knows only {area}, {layer} and {seq}", given=self.template,
                mend='for example "{area}-{seq:05d}"',
            )  # fmt: skip
        try:
            self.template.format(area="", seq=1, layer="")
        except (ValueError, IndexError) as error:
            raise CodeError(f"a numbering that cannot be written ({error})", given=self.template) from error

    def code(self, area: str, sequence: int, *, layer: str = "") -> str:
        """Return the code of number `sequence` in an area.

        Raises
        ------
        CodeError
            If the area has no number left.
        """
        if self._scheme is not None:
            return self._scheme.format(area=area, sequence=sequence)
        if self.limit is not None and sequence > self.limit:
            raise CodeError(
                f"{area or layer} has no number left: its {self.limit} codes have all been issued",
                given=self.template, allowed=f"1 to {self.limit}",
                mend="split the community, enlarge its cells, or number with a wider template",
            )  # fmt: skip
        return self.template.format(area=area, seq=sequence, layer=layer).strip("-")

    def sequence_of(self, code: str, area: str, *, layer: str = "") -> int | None:
        """Return the number in a code of this area, or None if the code is not of this numbering."""
        if self._scheme is not None:
            found = self._scheme.parse(code) if self._scheme.holds(code) else {}
            same = found and "".join(found[part] for part in self._scheme.area) == area
            return int(found[self._scheme.sequence]) or None if same else None
        before, after = (part.format(area=area, layer=layer) for part in self._around)
        prefix, suffix = before.lstrip("-"), after.rstrip("-")
        digits = code[len(prefix) : len(code) - len(suffix)]
        if not (digits.isascii() and digits.isdigit()) or int(digits) < 1:
            return None
        if self.limit is not None and int(digits) > self.limit:
            return None
        return int(digits) if self.code(area, int(digits), layer=layer) == code else None

    @cached_property
    def _scheme(self) -> Scheme | None:
        return None if "{" in self.template else scheme(self.template)

    @cached_property
    def _around(self) -> tuple[str, str]:
        """The template before and after its number."""
        before, after = re.split(r"\{seq[^}]*\}", self.template)
        return before, after

    def issue(
        self,
        codes: Sequence[str],
        areas: Sequence[str],
        polygons: LatticePolygons,
        *,
        last: Mapping[str, int],
        taken: Collection[str],
        layer: str = "",
    ) -> npt.NDArray[np.object_]:
        """Return the codes with every ``""`` replaced by a new one.

        Within an area, rows without a code are numbered in `reading_order` from the number after
        the last one ever issued there.

        Parameters
        ----------
        codes, areas : (n,) str
        polygons : LatticePolygons, n geometries
        last : mapping of area to int
            The highest number ever issued in each area.
        taken : collection of str
            Every code ever issued in the layer.

        Raises
        ------
        CodeError
            If an area runs out of numbers.
        """
        result = np.array(list(codes), dtype=object)
        homes = np.array(list(areas), dtype=object)
        highest = dict(last)
        used = set(taken) | set(result.tolist())
        for code, home in zip(result.tolist(), homes.tolist(), strict=True):
            given = self.sequence_of(code, home, layer=layer) if code else None
            highest[home] = max(highest.get(home, 0), given or 0)
        fresh = np.flatnonzero(result == "")
        names, where = np.unique(homes[fresh].astype(str), return_inverse=True)
        order = np.argsort(where, kind="stable")
        bounds = np.searchsorted(where[order], np.arange(len(names) + 1))
        for position, home in enumerate(names.tolist()):
            rows = fresh[order[bounds[position] : bounds[position + 1]]]
            sequence = highest.get(home, 0)
            for row in rows[reading_order(polygons.take(rows))].tolist():
                sequence += 1
                while (code := self.code(home, sequence, layer=layer)) in used:
                    sequence += 1
                result[row] = code
        return result


UNIT_GRID = Numbering("unit-grid")
"""The 15-digit unit grid code 6+3+3+3 (GB/T 30428.1, DB11/T 2157): 001–999 in a community."""

BY_AREA = Numbering("{area}-{seq:05d}")
"""For places without 12-digit community codes."""


def numbering_for(areas: Sequence[str]) -> Numbering:
    """Return the numbering that suits the codes of the areas that hold the cells.

    Examples
    --------
    >>> numbering_for(["310114001001"]) is UNIT_GRID, numbering_for(["310114"]) is BY_AREA
    (True, True)
    """
    community = scheme("community")
    national = len(areas) > 0 and all(community.holds(code) for code in set(areas))
    return UNIT_GRID if national else BY_AREA


def reading_order(polygons: LatticePolygons) -> IntArray:
    """Return the rows as one reads a page: west to east, then from north to south.

    A line of the page is as high as the median cell. Lines are counted from the northernmost
    cell's centre, half a line above it; a cell belongs to the line that holds the middle of its
    bounding box, and within a line the middles run from west to east (ties: from north to south,
    then by the vertices). All in whole numbers, so that every machine agrees.

    Examples
    --------
    >>> def square(x, y):
    ...     return [(x, y), (x + 2, y), (x + 2, y + 2), (x, y + 2), (x, y)]
    >>> corners = [(0, 0), (2, 0), (0, 2), (2, 2)]
    >>> cells = LatticePolygons.from_rings([square(*corner) for corner in corners], [1] * 4, [1] * 4)
    >>> reading_order(cells).tolist()
    [2, 3, 0, 1]
    """
    if len(polygons) == 0:
        return np.empty(0, np.int64)
    box = polygons.bounds()
    x, y = box[:, 0] + box[:, 2], box[:, 1] + box[:, 3]
    height = np.sort(2 * (box[:, 3] - box[:, 1]))[(len(box) - 1) // 2]
    line = (2 * (int(y.max()) - y) + height) // (2 * max(int(height), 1))
    order = np.lexsort((-y, x, line))
    same = np.flatnonzero((np.diff(line[order]) == 0) & (np.diff(x[order]) == 0) & (np.diff(y[order]) == 0))
    if len(same) == 0:
        return order
    keys = shape_keys(canonical_polygons(polygons))
    place = list(zip(line.tolist(), x.tolist(), (-y).tolist(), keys, strict=True))
    return np.array(sorted(range(len(place)), key=place.__getitem__), np.int64)
