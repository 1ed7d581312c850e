"""Bundled data: where it lies, and its bytes only if they are the published ones."""

from __future__ import annotations

import hashlib
import tomllib
from pathlib import Path
from typing import Any

from geogrid.errors import ChecksumError, FormatError, NotFoundError

__all__ = ["bundle_folder", "read_source_toml", "read_verified"]


def bundle_folder() -> Path:
    """Return the folder of bundled boundaries and registers.

    In an installed wheel it is ``geogrid/data/boundaries``; in a checkout ``data/boundaries``.

    Raises
    ------
    NotFoundError
        If neither is there.
    """
    package = Path(__file__).resolve().parents[1]
    for folder in (package / "data" / "boundaries", package.parent / "data" / "boundaries"):
        if folder.is_dir():
            return folder
    raise NotFoundError(
        "the bundled boundaries are not installed", given=package.parent,
        mend="install geogrid from its wheel, or work in a complete checkout",
    )  # fmt: skip


def read_source_toml(folder: Path) -> dict[str, Any]:
    """Return what ``source.toml`` in `folder` states.

    Raises
    ------
    NotFoundError
        If there is none.
    FormatError
        If it is not TOML, or its ``[sha256]`` table is missing or not text.
    """
    path = folder / "source.toml"
    try:
        stated = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise NotFoundError(
            "no source.toml", source=folder,
            mend="state publisher, licence, date, datum and a [sha256] table with a digest for each file",
        ) from None  # fmt: skip
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise FormatError("source.toml is not TOML", given=error, source=path) from None
    digests = stated.get("sha256")
    if not isinstance(digests, dict) or not all(isinstance(digest, str) for digest in digests.values()):
        raise FormatError(
            "source.toml has no [sha256] table", source=path, allowed='lines like "outline.geojson" = "<64 hex digits>"'
        )
    return stated


def read_verified(folder: Path, name: str) -> bytes:
    """Return the bytes of file `name` in `folder` after comparing them with ``source.toml``.

    Raises
    ------
    NotFoundError
        If the file or its line in ``source.toml`` is missing.
    ChecksumError
        If the bytes are not those that were published.
    """
    wanted = read_source_toml(folder)["sha256"].get(name)
    path = folder / name
    if wanted is None:
        raise NotFoundError("source.toml does not vouch for this file", given=name, source=folder / "source.toml")
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        raise NotFoundError("a file named in source.toml is missing", given=path) from None
    found = hashlib.sha256(data).hexdigest()
    if found != wanted:
        raise ChecksumError(
            "the file is not the one that was published", given=f"sha256 {found}", allowed=f"sha256 {wanted}",
            source=path, mend="restore the file, or if the change is meant, write its digest into source.toml",
        )  # fmt: skip
    return data
