"""Reading a place: its levels of areas, checked, on the lattice."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from geogrid.boundaries.areas import Areas, Boundaries, Source
from geogrid.boundaries.checks import NOISE_M, RULES, check_levels
from geogrid.boundaries.formats import Limits
from geogrid.boundaries.levels import KNOWN_LEVELS, LevelFile, RawLevel, Sources, plan_levels, read_level
from geogrid.boundaries.parents import parents_by_containment
from geogrid.boundaries.places import source_of
from geogrid.boundaries.repair import Repairs, repair_levels, snap_levels
from geogrid.boundaries.shapes import clean_steps
from geogrid.errors import BoundaryError, InputError
from geogrid.lattice import LatticePolygons
from geogrid.types import Datum, Finding

__all__ = ["check_boundaries", "read_boundaries"]


def read_boundaries(
    source: Sources,
    *,
    levels: Sequence[str] | None = None,
    code: str = "code",
    name: str = "name",
    parent: str | None = "parent",
    layer: str | None = None,
    where: str | None = None,
    level_column: str = "level",
    datum: str | Datum | None = None,
    crs: Any = None,
    encoding: str | None = None,
    swap_axes: bool = False,
    place_code: str | None = None,
    place_name: str | None = None,
    accept: Collection[str] = ("no_gap",),
    repair: Repairs | None = None,
    noise_m: float = NOISE_M,
    limits: Limits | None = None,
) -> Boundaries:
    """Return the outlines of a place, every level checked.

    Nothing is moved: coordinates are brought to WGS 84 and rounded to the lattice (about 1 cm),
    no more. What is wrong is an error that lists all findings, unless `accept` names
    their rule; accepted findings stand in ``.findings``. Only `repair` changes outlines, and
    ``.changes`` then says which, by how many metres and m².

    Parameters
    ----------
    source : folder, file or mapping
        A folder with ``source.toml`` (its files are verified by their digests), one file, or a
        mapping of level to file (or `LevelFile`), coarse to fine.
    levels : sequence of str, optional
        The levels wanted, coarse to fine; of a single file without a level column, its level.
    code, name, parent, level_column : str
        Columns. Without a parent column the area one level up that holds most of it is it.
    layer, where : str, optional
        Layer of the file, and an SQL condition on its columns.
    datum, crs, encoding, swap_axes : optional
        As in `read_features`.
    place_code, place_name : str, optional
        Of the whole place; otherwise those of ``source.toml``, of the only area of the top
        level, or of the file's name.
    accept : collection of str
        Rules (see `RULES`) whose findings do not stop reading. By default gaps between
        siblings: rivers and sea are often nobody's.
    repair : Repairs, optional
        What may be changed.
    noise_m : float
        Slivers thinner than this are rounding.
    limits : Limits, optional
        The size accepted.

    Raises
    ------
    BoundaryError
        With ``.findings``, if any is not accepted.
    ChecksumError
        If a file of a folder is not the one ``source.toml`` names.
    CrsError, CoordinateError, FormatError, NotFoundError, InputError
        If a file cannot be read at all.

    Examples
    --------
    >>> from geogrid.codes.bundle import bundle_folder
    >>> place = read_boundaries(bundle_folder() / "jiading")
    >>> place.code, place.name, len(place.finest)
    ('310114', '嘉定区', 1)
    """
    unknown = set(accept) - set(RULES)
    if unknown:
        raise InputError("no such rule", given=", ".join(sorted(unknown)), allowed=", ".join(RULES))
    defaults = LevelFile("", layer, code, name, parent, where, datum, crs, encoding)
    files, stated = plan_levels(source, defaults)
    raw = _read_all(files, levels, level_column, swap_axes, limits, None)
    changes: tuple[Any, ...] = ()
    if repair is not None:
        raw, changes = repair_levels(raw, repair, noise_m=noise_m)
    findings = check_levels(raw, noise_m=noise_m)
    _require_accepted(findings, accept, files)
    raw, rounded = snap_levels(raw)
    areas = _areas(raw)
    top = areas[0]
    only = len(top) == 1
    stem = Path(files[0][1].path).stem
    return Boundaries(
        place_code or str(stated.get("code") or (top.codes[0] if only else stem)),
        place_name or str(stated.get("place") or (top.names[0] if only else stem)),
        areas,
        _source(stated, files, raw),
        findings=tuple(findings),
        changes=(*changes, *rounded),
    )


def check_boundaries(
    source: Sources,
    *,
    levels: Sequence[str] | None = None,
    code: str = "code",
    name: str = "name",
    parent: str | None = "parent",
    layer: str | None = None,
    where: str | None = None,
    level_column: str = "level",
    datum: str | Datum | None = None,
    crs: Any = None,
    encoding: str | None = None,
    swap_axes: bool = False,
    noise_m: float = NOISE_M,
    limits: Limits | None = None,
) -> tuple[Finding, ...]:
    """Return everything that is wrong with outlines, located; the parameters are `read_boundaries`'.

    A missing CRS, swapped axes and an undeclared encoding are findings here: the check goes on
    with the likeliest reading, so that one run reports all there is.

    Raises
    ------
    GeogridError
        Only if a file cannot be read at all.
    """
    findings: list[Finding] = []
    defaults = LevelFile("", layer, code, name, parent, where, datum, crs, encoding)
    files, _ = plan_levels(source, defaults)
    raw = _read_all(files, levels, level_column, swap_axes, limits, findings)
    return (*findings, *check_levels(raw, noise_m=noise_m))


def _read_all(
    files: list[tuple[str, LevelFile]], wanted: Sequence[str] | None, level_column: str, swap_axes: bool,
    limits: Limits | None, findings: list[Finding] | None,
) -> list[RawLevel]:  # fmt: skip
    raw: list[RawLevel] = []
    fallback = wanted[0] if wanted is not None and len(wanted) == 1 else "area"
    for level, file in files:
        raw += read_level(
            level,
            file,
            level_column=level_column,
            fallback=fallback,
            swap_axes=swap_axes,
            limits=limits,
            findings=findings,
        )
    names = [level.level for level in raw]
    if len(set(names)) != len(names):
        raise InputError("a level comes from two files", given=", ".join(names), mend="give each level one file")
    if wanted is not None:
        missing = [name for name in wanted if name not in names]
        if missing:
            raise InputError("no such level", given=", ".join(missing), allowed=", ".join(names))
        return [raw[names.index(name)] for name in wanted]
    known = {name: rank for rank, name in enumerate(KNOWN_LEVELS)}
    if len(raw) > 1 and all(not level for level, _ in files):
        strange = [name for name in names if name not in known]
        if strange:
            raise InputError(
                "the order of the levels is not known", given=", ".join(names), allowed=", ".join(KNOWN_LEVELS),
                mend="give levels=(…) from coarse to fine (--levels)",
            )  # fmt: skip
        raw.sort(key=lambda level: known[level.level])
    return [level for level in raw if len(level.codes)] or _nothing(files)


def _nothing(files: list[tuple[str, LevelFile]]) -> list[RawLevel]:
    raise BoundaryError("there is no feature", source=", ".join(str(file.path) for _, file in files))


def _require_accepted(findings: Sequence[Finding], accept: Collection[str], files: list[tuple[str, LevelFile]]) -> None:
    wrong = [finding for finding in findings if finding.rule not in accept]
    if not wrong:
        return
    shown = "\n  ".join(str(finding) for finding in wrong[:10])
    more = f"\n  … and {len(wrong) - 10} more" if len(wrong) > 10 else ""
    error = BoundaryError(
        f"the outlines cannot be taken as they are, {len(wrong)} finding(s):\n  {shown}{more}\n",
        source=", ".join(str(file.path) for _, file in files),
        mend=f"correct the file, allow repair=Repairs(…), or accept={sorted({f.rule for f in wrong})}",
    )
    error.findings = tuple(findings)
    raise error


def _areas(raw: Sequence[RawLevel]) -> tuple[Areas, ...]:
    result: list[Areas] = []
    upper: RawLevel | None = None
    for level in raw:
        polygons = LatticePolygons.from_shapely(level.shapes, source=level.source)
        polygons.require_filled(level.codes, source=level.source)
        parents = np.full(len(level.codes), "", dtype=object)
        if upper is not None:
            rows, _ = parents_by_containment(level, clean_steps(level.shapes), upper, clean_steps(upper.shapes))
            parents = np.where(rows >= 0, upper.codes[rows], "").astype(object)
        elif level.parents is not None:
            parents = level.parents
        result.append(Areas(level.level, level.codes, level.names, parents, polygons))
        upper = level
    return tuple(result)


def _source(stated: dict[str, Any], files: list[tuple[str, LevelFile]], raw: Sequence[RawLevel]) -> Source:
    paths = tuple(dict.fromkeys(str(file.path) for _, file in files))
    digest = hashlib.sha256()
    for path in paths:
        with Path(path).open("rb") as file:
            while block := file.read(1 << 20):
                digest.update(block)
    told = {**stated}
    datums = {str(file.datum) for _, file in files if file.datum is not None}
    if datums:
        told["datum"] = ", ".join(sorted(datums))
    return source_of(told, paths, digest.hexdigest())
