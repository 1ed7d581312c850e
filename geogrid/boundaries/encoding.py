"""The encoding of a text file that does not declare one: UTF-8, else what Chinese Excel writes."""

from __future__ import annotations

import codecs
from pathlib import Path

from geogrid.errors import StorageError

__all__ = ["encoding_of"]

_BYTES = 1 << 20


def encoding_of(path: str | Path) -> str:
    """Return ``"utf-8"`` or ``"gb18030"`` (GBK and GB 2312 are part of it): the first in which the whole file is text.

    Raises
    ------
    StorageError
        If the file is text in neither, or cannot be read.
    """
    for encoding in ("utf-8", "gb18030"):
        if _is_text(Path(path), encoding):
            return encoding
    raise StorageError("neither UTF-8 nor GB 18030 text", source=path, mend="save it as CSV UTF-8")


def _is_text(path: Path, encoding: str) -> bool:
    decoder = codecs.getincrementaldecoder(encoding)()
    try:
        with path.open("rb") as file:
            while part := file.read(_BYTES):
                decoder.decode(part)
            decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    except OSError as error:
        raise StorageError("the file cannot be read", given=error, source=path) from None
    return True
