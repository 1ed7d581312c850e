"""The vendored copy of Leaflet, as text that can stand inside a page."""

from __future__ import annotations

import base64
import hashlib
import tomllib
from functools import cache
from importlib.resources import files

from geogrid.errors import ChecksumError

__all__ = ["inline_script", "inline_style", "own_script", "own_style"]

_ASSETS = files("geogrid.maps") / "assets"
_IMAGES = ("layers.png", "layers-2x.png", "marker-icon.png")


@cache
def _vendored(name: str) -> bytes:
    """Return one vendored file, or raise ChecksumError if it is not the one that was published."""
    folder = _ASSETS / "leaflet"
    expected = tomllib.loads((folder / "source.toml").read_text("utf-8"))["sha256"][name]
    data = (folder / name).read_bytes()
    if hashlib.sha256(data).hexdigest() != expected:
        raise ChecksumError(
            "a vendored file is not the one that was published",
            given=hashlib.sha256(data).hexdigest(),
            allowed=expected,
            source=f"geogrid/maps/assets/leaflet/{name}",
            mend="install geogrid again, or run scripts/build_leaflet.py",
        )
    return data


def _data_url(name: str) -> str:
    return "data:image/png;base64," + base64.b64encode(_vendored(name)).decode("ascii")


@cache
def inline_style() -> str:
    """Return Leaflet's style sheet with its images inside.

    Raises
    ------
    ChecksumError
        If a vendored file was changed.
    """
    text = _vendored("leaflet.css").decode("utf-8")
    for name in _IMAGES:
        text = text.replace(f"url(images/{name})", f"url({_data_url(name)})")
    return text


@cache
def inline_script() -> str:
    """Return Leaflet's licence and script, with the default marker's images inside.

    Raises
    ------
    ChecksumError
        If a vendored file was changed.
    """
    licence = _vendored("LICENSE").decode("utf-8").replace("\r\n", "\n").replace("*/", "* /")
    icons = {
        "iconUrl": _data_url("marker-icon.png"),
        "iconRetinaUrl": _data_url("marker-icon-2x.png"),
        "shadowUrl": _data_url("marker-shadow.png"),
    }
    options = ", ".join(f'{key}: "{url}"' for key, url in icons.items())
    script = _vendored("leaflet.js").decode("utf-8")
    # Leaflet guesses the folder of its images from the style sheet; inside a page there is no folder.
    return (
        f"/*!\n{licence}\n*/\n{script}\nL.Icon.Default.imagePath = '';\nL.Icon.Default.mergeOptions({{ {options} }});\n"
    )


@cache
def own_script() -> str:
    """Return the script that draws cells, lines, labels and the legend on Leaflet."""
    return (_ASSETS / "cells.js").read_text("utf-8")


@cache
def own_style() -> str:
    """Return the style sheet of tooltips, popups, labels and the legend."""
    return (_ASSETS / "cells.css").read_text("utf-8")
