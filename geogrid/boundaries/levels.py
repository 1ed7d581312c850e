"""Levels as they are read: which file and columns make a level, before anything is checked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from geogrid.boundaries.formats import Limits, read_features
from geogrid.codes.bundle import read_source_toml, read_verified
from geogrid.errors import BoundaryError, InputError, NotFoundError
from geogrid.types import Datum, Finding

__all__ = ["KNOWN_LEVELS", "LevelFile", "RawLevel", "Sources", "plan_levels", "read_level"]

KNOWN_LEVELS = ("country", "province", "city", "district", "street", "community")
"""Words for levels whose order is known, coarse to fine."""

Sources = str | Path | Mapping[str, "str | Path | LevelFile"]
"""A folder, one file, or a file for each level, coarse to fine."""


@dataclass(frozen=True)
class LevelFile:
    """Where one level is, and in which columns.

    Parameters
    ----------
    path : str or Path
    layer : str, optional
        Of a file with several.
    code, name : str
        Columns. A code column of whole numbers is read as their digits. Without a column
        ``"name"`` the codes serve as names, unless another column is named.
    parent : str or None
        Column with the code of the area one level up; None, or a column that does not exist
        (``"parent"`` only), means: the area one level up that holds most of it.
    where : str, optional
        SQL condition, e.g. ``"admin_level = '8'"``.
    datum, crs, encoding : optional
        As in `read_features`; they override those told for all files.
    """

    path: str | Path
    layer: str | None = None
    code: str = "code"
    name: str = "name"
    parent: str | None = "parent"
    where: str | None = None
    datum: str | Datum | None = None
    crs: Any = None
    encoding: str | None = None


@dataclass(frozen=True, eq=False)
class RawLevel:
    """The features of one level, unchecked.

    Parameters
    ----------
    level : str
    codes, names : (n,) object arrays of str
    parents : (n,) object array of str, or None where containment decides
    shapes : (n,) object array of shapely geometries or None, degrees, WGS 84
    source : str
        The file, for messages.
    """

    level: str
    codes: npt.NDArray[np.object_]
    names: npt.NDArray[np.object_]
    parents: npt.NDArray[np.object_] | None
    shapes: npt.NDArray[np.object_]
    source: str

    def label(self, row: int) -> str:
        """Return code and name of the feature in `row` as a message shows them."""
        code, name = str(self.codes[row]), str(self.names[row])
        return (code if name == code else f"{code} {name}").strip() or f"row {row + 1}"

    def take(self, rows: npt.ArrayLike) -> RawLevel:
        """Return the features at `rows` (integers or a mask)."""
        index = np.asarray(rows)
        parents = None if self.parents is None else self.parents[index]
        return replace(
            self, codes=self.codes[index], names=self.names[index], parents=parents, shapes=self.shapes[index]
        )


def plan_levels(source: Sources, defaults: LevelFile) -> tuple[list[tuple[str, LevelFile]], dict[str, Any]]:
    """Return the level files, coarse to fine (``""`` where a column tells), and what source.toml states.

    Parameters
    ----------
    source : folder, file, or mapping of level to file
    defaults : LevelFile
        Columns and declarations for all files; its path is ignored.

    Raises
    ------
    NotFoundError, FormatError, ChecksumError
    """
    if isinstance(source, Mapping):
        if not source:
            raise InputError("no level is given", allowed="a mapping of level to file, coarse to fine")
        return [(level, _file(entry, defaults)) for level, entry in source.items()], {}
    path = Path(source)
    if not path.is_dir():
        return [("", replace(defaults, path=path))], {}
    stated = read_source_toml(path)
    names = sorted(stated["sha256"])
    if not names:
        raise NotFoundError("source.toml names no file", source=path / "source.toml")
    for name in names:
        read_verified(path, name)
    if defaults.datum is None and defaults.crs is None and stated.get("datum"):
        defaults = replace(defaults, datum=str(stated["datum"]))
    return [("", replace(defaults, path=path / name)) for name in names], stated


def _file(entry: str | Path | LevelFile, defaults: LevelFile) -> LevelFile:
    if not isinstance(entry, LevelFile):
        return replace(defaults, path=entry)
    return replace(
        entry,
        datum=entry.datum if entry.datum is not None else defaults.datum,
        crs=entry.crs if entry.crs is not None else defaults.crs,
        encoding=entry.encoding if entry.encoding is not None else defaults.encoding,
    )


def read_level(
    level: str,
    file: LevelFile,
    *,
    level_column: str,
    fallback: str,
    swap_axes: bool,
    limits: Limits | None,
    findings: list[Finding] | None,
) -> list[RawLevel]:
    """Return the level, or the levels that `level_column` tells apart if `level` is empty.

    Without that column the whole file is the level `fallback`.

    Raises
    ------
    BoundaryError
        If a column does not exist.
    Every error of `read_features`
        Unless `findings` is a list: then missing CRS, swapped axes and undeclared encoding
        are put there and reading goes on with the likeliest reading.
    """
    frame = read_features(
        file.path, layer=file.layer, crs=file.crs, datum=file.datum, encoding=file.encoding, where=file.where,
        swap_axes=swap_axes, limits=limits, findings=findings,
    )  # fmt: skip
    codes = _text(frame, file.code, file.path, "code")
    names = codes if file.name == "name" not in frame.columns else _text(frame, file.name, file.path, "name")
    parents = None
    if file.parent is not None and (file.parent in frame.columns or file.parent != "parent"):
        parents = _text(frame, file.parent, file.path, "parent")
    shapes = np.array(frame.geometry.array, dtype=object)
    whole = RawLevel(level, codes, names, parents, shapes, str(file.path))
    if level:
        return [whole]
    if level_column not in frame.columns:
        return [replace(whole, level=fallback)]
    words = _text(frame, level_column, file.path, "level")
    return [replace(whole.take(words == word), level=str(word)) for word in dict.fromkeys(words.tolist())]


def _text(frame: Any, column: str, path: str | Path, role: str) -> npt.NDArray[np.object_]:
    if column not in frame.columns:
        raise BoundaryError(
            f"no column for the {role}", given=column, source=path,
            allowed=", ".join(str(name) for name in frame.columns if name != frame.geometry.name),
            mend=f"say which column holds the {role}, e.g. LevelFile(path, {role}='…') (--{role} …)",
        )  # fmt: skip
    values = frame[column]
    missing = values.isna().to_numpy()
    if values.dtype.kind == "f" and bool((values[~missing] % 1 == 0).all()):
        values = values.astype("Int64")
    text = np.array([str(value).strip() for value in values], dtype=object)
    text[missing] = ""
    return text
