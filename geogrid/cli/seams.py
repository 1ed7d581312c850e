"""``geogrid seams``: whether a layer of seams stands off the legal borders as a whole."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import numpy as np
import shapely
import typer

from geogrid.boundaries import bundled, read_features
from geogrid.boundaries.areas import Areas
from geogrid.cli.output import console, print_json, print_table
from geogrid.crs import Metric
from geogrid.errors import InputError, StorageError
from geogrid.lattice import LatticePolygons, from_lattice
from geogrid.partition.blocks.legal_cuts import LegalCut, cut_findings, legal_cuts
from geogrid.partition.blocks.reading import read_buildings
from geogrid.partition.blocks.section import BuildingFile
from geogrid.partition.shift import moved_seams, seam_shift, shift_findings

__all__ = ["seams"]

_SHOWN = 20


def seams(
    borders: Annotated[str, typer.Argument(help="Legal borders: a file of polygons, or the code of a bundled place.")],
    lines: Annotated[Path, typer.Argument(help="A file of lines or polygons: roads, water, parcels.")],
    within: Annotated[float, typer.Option("--within", help="Borders follow a seam up to this distance, metres.")] = 5.0,
    out: Annotated[
        Path | None, typer.Option("--out", help="Write the seams, moved to fit, to this GeoPackage. No border moves.")
    ] = None,
    buildings: Annotated[
        Path | None,
        typer.Option("--buildings", help="A file of buildings: which of them the borders cut, and which border."),
    ] = None,
    crs: Annotated[str | None, typer.Option("--crs", help="CRS of the seams, if their file declares none.")] = None,
    datum: Annotated[str | None, typer.Option("--datum", help="Of the seams: wgs84, cgcs2000, gcj02 or bd09.")] = None,
    borders_crs: Annotated[str | None, typer.Option("--borders-crs", help="CRS of the borders, if undeclared.")] = None,
    borders_datum: Annotated[str | None, typer.Option("--borders-datum", help="Datum of the borders.")] = None,
    json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Estimate a systematic shift between seams and legal borders, and offer to move the seams.

    Exit code 0 if there is none, 1 if there is one.

    Example:

    geogrid seams neighborhoods.gpkg streets.gpkg --out streets_moved.gpkg

    geogrid seams communes.gpkg roads.gpkg --buildings buildings.gpkg
    """
    if out is not None and out.suffix.lower() != ".gpkg":
        raise InputError("moved seams are written as a GeoPackage", given=out.name, allowed="a name that ends in .gpkg")
    areas = _areas(borders, borders_crs, borders_datum)
    frame = read_features(lines, **_given(crs=crs, datum=datum))
    bounds = areas.polygons.bounds()
    lon, lat = from_lattice((bounds[:, :2].min(axis=0) + bounds[:, 2:].max(axis=0))[None] / 2)[0]
    metric = Metric.around(float(lon), float(lat))
    shapes = np.asarray(frame.geometry.array, dtype=object)
    shapes = shapes[~(shapely.is_missing(shapes) | shapely.is_empty(shapes))]
    shift = seam_shift(areas, shapes, metric, within_m=within)
    findings = shift_findings(shift, source=str(lines))
    cut = () if buildings is None else _cut_buildings(areas, buildings, metric)
    if out is not None:
        _write(frame, shift, metric, out)
    if json:
        print_json(
            {
                "shift": shift,
                "is_systematic": shift.is_systematic,
                "findings": [*findings, *cut_findings(cut, metric.to_degrees)],
                "buildings_cut": [_row(one) for one in cut],
            }
        )
    else:
        console().print(str(shift), markup=False)
        verdict = "a systematic shift: move the seams, never the border" if findings else "no systematic shift"
        hint = "; --out moved.gpkg writes them moved" if findings and out is None else ""
        console().print(verdict + hint, markup=False)
        if buildings is not None:
            rows = [tuple(_row(one).values()) for one in cut[:_SHOWN]]
            title = f"{len(cut)} building(s) cut by a legal border, and by which"
            print_table(("building", "border", "metres in it", "m²"), rows, title=title)
            if len(cut) > _SHOWN:
                console().print(f"… and {len(cut) - _SHOWN} more; --json lists all", markup=False)
    if findings:
        raise typer.Exit(1)


def _areas(borders: str, crs: str | None, datum: str | None) -> Areas:
    if borders.isdigit() and not Path(borders).exists():
        return bundled(borders).finest
    frame = read_features(borders, **_given(crs=crs, datum=datum))
    polygons = LatticePolygons.from_shapely(np.asarray(frame.geometry.array, dtype=object), source=borders)
    blank = np.full(len(polygons), "", dtype=object)
    names = next((frame[name] for name in ("code", "name") if name in frame.columns), None)
    codes = np.array([f"row {row + 1}" for row in range(len(polygons))] if names is None else names.astype(str), object)
    return Areas("border", codes, codes, blank, polygons)


def _cut_buildings(areas: Areas, file: Path, metric: Metric) -> tuple[LegalCut, ...]:
    """Return the buildings of a file that the borders cut."""
    parents = shapely.transform(areas.polygons.to_shapely(), metric.to_metres)
    houses, names = read_buildings(BuildingFile(file=file), metric)
    return legal_cuts(parents, areas.codes, houses, names)


def _row(cut: LegalCut) -> dict[str, Any]:
    metres, size = round(cut.length_m, 1), round(cut.area_m2, 1)
    return {"building": cut.label, "border": cut.border, "length_m": metres, "area_m2": size}


def _given(**words: str | None) -> dict[str, Any]:
    return {key: value for key, value in words.items() if value is not None}


def _write(frame: Any, shift: Any, metric: Metric, out: Path) -> None:
    moved = frame.set_geometry(
        moved_seams(np.asarray(frame.geometry.array, dtype=object), shift, metric), crs=frame.crs
    )
    try:
        out.unlink(missing_ok=True)
        moved.to_file(out, driver="GPKG")
    except (OSError, RuntimeError) as error:
        raise StorageError("the moved seams cannot be written", given=str(error), source=out) from None
