"""The locator on disk: one file that opens by memory map, and is trusted only if it proves itself.

::

    "geogrid-locator", 0    16 bytes
    version                 uint32, little endian
    header length           uint32
    SHA-256 of the header   32 bytes
    header                  JSON: key, layers, arrays (dtype, shape, place), body size and SHA-256
    body                    the arrays, each at a multiple of 64 bytes
"""

from __future__ import annotations

import hashlib
import json
import mmap
import os
import struct
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from geogrid.assign.locator import Locator
from geogrid.assign.locator_build import Surface
from geogrid.errors import ChecksumError, FormatError, NotFoundError, StorageError

__all__ = ["VERSION", "open_locator", "open_or_build", "save_locator"]

VERSION = 2
_MAGIC = b"geogrid-locator\0"
_START = struct.Struct("<16sII32s")
_ALIGN = 64
_LARGE = 32 << 20
_PARTS = ("head", "table", "records", "entries", "rim", "rim_owner")


@dataclass(frozen=True)
class _Guard:
    """Tells, before each lookup, whether the mapped file still has all its bytes."""

    mapped: mmap.mmap
    size: int
    path: str

    def __call__(self) -> None:
        if self.mapped.size() < self.size:
            raise ChecksumError(
                "the locator file was cut short while it was open", source=self.path,
                mend="open the edition again: the index is rebuilt",
            )  # fmt: skip

    def release(self) -> None:
        """Let go of a large file's pages: they stay in the system's cache, and no longer count as this process's.

        Touching them again costs a few milliseconds for 100 MB, spread over whoever does it.
        """
        if self.size >= _LARGE and hasattr(mmap, "MADV_DONTNEED"):
            self.mapped.madvise(mmap.MADV_DONTNEED)


def save_locator(locator: Locator, path: str | os.PathLike[str], *, key: str) -> None:
    """Write a locator to `path`, at once and whole: a reader sees the old file or the new one.

    Parameters
    ----------
    locator : Locator
    path : path
    key : str
        What the index was built from, e.g. the edition's content hash.

    Raises
    ------
    StorageError
        If the file cannot be written.
    """
    target = Path(path)
    arrays = _arrays_of(locator)
    placed, place = [], 0
    for name, values in arrays.items():
        placed.append({"name": name, "dtype": values.dtype.str, "shape": list(values.shape), "place": place})
        place += -(-values.nbytes // _ALIGN) * _ALIGN
    digest = hashlib.sha256()
    for chunk in _chunks(arrays):
        digest.update(chunk)
    header = json.dumps(
        {
            "key": key, "base": locator.base_name, "memberships": list(locator.memberships),
            "overlays": list(locator.overlays), "arrays": placed, "size": place, "sha256": digest.hexdigest(),
        }, ensure_ascii=False,
    ).encode()  # fmt: skip
    header += b" " * (-(_START.size + len(header)) % _ALIGN)
    try:
        handle, name = tempfile.mkstemp(prefix=f".{target.name}.", dir=target.parent)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(_START.pack(_MAGIC, VERSION, len(header), hashlib.sha256(header).digest()) + header)
                for chunk in _chunks(arrays):
                    file.write(chunk)
                file.flush()
                os.fsync(file.fileno())
            os.chmod(name, 0o644)
            os.replace(name, target)
        except BaseException:
            os.unlink(name)
            raise
    except OSError as error:
        raise StorageError("the locator file cannot be written", given=error, source=target) from error


def open_locator(path: str | os.PathLike[str], *, key: str | None = None) -> Locator:
    """Return the locator kept at `path`, mapped into memory and shared by all processes that open it.

    Every byte is checked against the checksum first (read through a buffer, so that only pages that
    lookups touch become resident).

    Parameters
    ----------
    path : path
    key : str, optional
        What the index must have been built from.

    Raises
    ------
    NotFoundError
        If there is no such file.
    FormatError
        If it is not a locator file, of another version, or built from something else than `key`.
    ChecksumError
        If its bytes are not those that were written.
    """
    source = Path(path)
    try:
        file = source.open("rb")
    except FileNotFoundError:
        raise NotFoundError("no such locator file", given=source) from None
    except OSError as error:
        raise StorageError("the locator file cannot be read", given=error, source=source) from error
    try:
        header, body = _header(file, source)
        if key is not None and header["key"] != key:
            raise FormatError("the locator file is stale", given=header["key"], allowed=key, source=source)
        size = body + header["size"]
        if os.fstat(file.fileno()).st_size != size or _digest(file) != header["sha256"]:
            raise ChecksumError("the locator file is damaged", source=source, mend="delete it: it is rebuilt")
        mapped = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    finally:
        file.close()
    arrays = {}
    for item in header["arrays"]:
        count = int(np.prod(item["shape"], dtype=np.int64))
        values = np.frombuffer(mapped, np.dtype(item["dtype"]), count, body + item["place"])
        arrays[item["name"]] = values.reshape(item["shape"])
    guard = _Guard(mapped, size, str(source))
    return Locator(
        _surface(arrays, "base/"),
        {name: arrays[f"membership/{name}"] for name in header["memberships"]},
        {name: _surface(arrays, f"overlay/{name}/") for name in header["overlays"]},
        header["base"],
        guard,
        guard.release,
    )


def open_or_build(path: str | os.PathLike[str], build: Callable[[], Locator], *, key: str) -> Locator:
    """Return the locator kept at `path`; a missing, stale or damaged one is rebuilt, never trusted.

    Where the folder cannot be written the locator that was built is returned from memory.

    Parameters
    ----------
    path : path
    build : callable
        Builds the locator anew.
    key : str
        What the index must have been built from, e.g. the edition's content hash.
    """
    try:
        return open_locator(path, key=key)
    except (StorageError, NotFoundError):
        locator = build()
    try:
        save_locator(locator, path, key=key)
    except StorageError:
        return locator
    return open_locator(path, key=key)


def _arrays_of(locator: Locator) -> dict[str, npt.NDArray[Any]]:
    arrays = {f"base/{part}": getattr(locator.base, part) for part in _PARTS}
    arrays |= {f"membership/{name}": rows for name, rows in locator.memberships.items()}
    for name, surface in locator.overlays.items():
        arrays |= {f"overlay/{name}/{part}": getattr(surface, part) for part in _PARTS}
    return {name: np.ascontiguousarray(v).astype(v.dtype.newbyteorder("<"), copy=False) for name, v in arrays.items()}


def _chunks(arrays: dict[str, npt.NDArray[Any]]) -> list[Any]:
    chunks: list[Any] = []
    for values in arrays.values():
        chunks += [values.reshape(-1).view(np.uint8).data, b"\0" * (-values.nbytes % _ALIGN)]
    return chunks


def _surface(arrays: dict[str, npt.NDArray[Any]], prefix: str) -> Surface:
    return Surface(*(arrays[prefix + part] for part in _PARTS))


def _header(file: Any, source: Path) -> tuple[dict[str, Any], int]:
    start = file.read(_START.size)
    if len(start) < _START.size or not start.startswith(_MAGIC):
        raise FormatError("not a locator file", source=source)
    _, version, length, digest = _START.unpack(start)
    if version != VERSION or sys.byteorder != "little":
        raise FormatError("a locator file of another version", given=version, allowed=VERSION, source=source)
    header = file.read(length)
    if hashlib.sha256(header).digest() != digest:
        raise ChecksumError("the locator file is damaged", source=source, mend="delete it: it is rebuilt")
    return json.loads(header), _START.size + length


def _digest(file: Any) -> str:
    digest = hashlib.sha256()
    buffer = bytearray(1 << 20)
    while count := file.readinto(buffer):
        digest.update(memoryview(buffer)[:count])
    return digest.hexdigest()
