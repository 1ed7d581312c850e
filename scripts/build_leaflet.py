"""Fetch Leaflet from the npm registry and lay its small vendored copy into the package.

Run by hand when the version changes::

    python scripts/build_leaflet.py

The tarball must have the published SHA-512, or nothing is written. What is written:
``geogrid/maps/assets/leaflet/`` with the script, the style sheet, the images it names, the licence, and
``source.toml`` with where each file came from and its SHA-256, which `geogrid.maps.leaflet` checks when it reads.
"""

from __future__ import annotations

import base64
import hashlib
import io
import tarfile
import urllib.request
from pathlib import Path

VERSION = "1.9.4"
TARBALL = f"https://registry.npmjs.org/leaflet/-/leaflet-{VERSION}.tgz"
INTEGRITY = "nxS1ynzJOmOlHp+iL3FyWqK89GtNL8U8rvlMOsQdTTssxZwCXh8N2NB3GDQOL+YR3XnWyZAxwQixURb+FA74PA=="
FILES = {
    "package/LICENSE": "LICENSE",
    "package/dist/leaflet.js": "leaflet.js",
    "package/dist/leaflet.css": "leaflet.css",
    "package/dist/images/layers.png": "layers.png",
    "package/dist/images/layers-2x.png": "layers-2x.png",
    "package/dist/images/marker-icon.png": "marker-icon.png",
    "package/dist/images/marker-icon-2x.png": "marker-icon-2x.png",
    "package/dist/images/marker-shadow.png": "marker-shadow.png",
}
TARGET = Path(__file__).parents[1] / "geogrid" / "maps" / "assets" / "leaflet"


def main() -> None:
    """Fetch, check, write."""
    with urllib.request.urlopen(TARBALL, timeout=60) as response:
        packed = response.read()
    found = base64.b64encode(hashlib.sha512(packed).digest()).decode()
    if found != INTEGRITY:
        raise SystemExit(f"{TARBALL} is not the file that was published: sha512-{found}, expected sha512-{INTEGRITY}")
    TARGET.mkdir(parents=True, exist_ok=True)
    lines = [
        "# Written by scripts/build_leaflet.py.",
        'name = "Leaflet"',
        f'version = "{VERSION}"',
        'publisher = "Volodymyr Agafonkin, CloudMade and contributors"',
        'licence = "BSD-2-Clause"',
        f'source = "{TARBALL}"',
        f'integrity = "sha512-{INTEGRITY}"',
        "",
        "[sha256]",
    ]
    with tarfile.open(fileobj=io.BytesIO(packed)) as archive:
        for member, name in FILES.items():
            content = archive.extractfile(member)
            if content is None:
                raise SystemExit(f"{TARBALL} has no {member}")
            data = content.read()
            if name == "leaflet.js":
                data = data.replace(b"//# sourceMappingURL=leaflet.js.map", b"")
            (TARGET / name).write_bytes(data)
            lines.append(f'"{name}" = "{hashlib.sha256(data).hexdigest()}"')
    (TARGET / "source.toml").write_text("\n".join(lines) + "\n", encoding="utf-8")
    print(f"wrote Leaflet {VERSION} to {TARGET}")


if __name__ == "__main__":
    main()
