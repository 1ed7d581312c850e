"""A fit written out: JSON values, a GeoPackage, or a folder of CSV files."""

from __future__ import annotations

import datetime as dt
import os
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from geogrid.errors import InputError, StorageError

if TYPE_CHECKING:
    from geogrid.coverage.families import Family
    from geogrid.coverage.fit import Fit
    from geogrid.types import Finding

__all__ = ["finding_rows", "fit_as_dict", "fit_tables", "write_fit", "write_layers"]


def fit_as_dict(fit: Fit) -> dict[str, Any]:
    """Return a fit as plain JSON values."""
    return {
        "place": fit.place,
        "edition": fit.edition,
        "fits": fit.fits,
        "figures": dict(fit.figures),
        "loads": [
            {
                "of": load.of, "basis": load.basis, "reports": load.reports, "without": load.without,
                "holders": len(load.holders), "gini": load.gini, "gini_by_chance": load.gini_by_chance,
                "top": load.holders[0].code if load.holders else "", "top_share": load.top_share,
            }
            for load in fit.loads
        ],
        "mixtures": [
            {
                "layer": mixture.layer, "reports": mixture.reports, "entropy_bits": mixture.entropy_bits,
                "shown_bits": mixture.shown_bits, "hidden_bits": mixture.hidden_bits,
            }
            for mixture in fit.mixtures
        ],
        "findings": finding_rows(fit.findings),
        **{name: rows for name, rows in fit_tables(fit).items() if name != "finding"},
    }  # fmt: skip


def finding_rows(findings: tuple[Finding, ...]) -> list[dict[str, Any]]:
    """Return findings as rows of plain values."""
    return [
        {"rule": f.rule, "message": f.message, "subjects": " ".join(f.subjects), "lon": f.lon, "lat": f.lat,
         "amount": f.amount}
        for f in findings
    ]  # fmt: skip


def fit_tables(fit: Fit) -> dict[str, list[dict[str, Any]]]:
    """Return the tables of a fit: load, mix, family, member, refused, finding."""
    past = fit.placed.past
    members = np.flatnonzero(fit.families.of_report)
    order = members[np.lexsort((past.ids[members].astype(str), past.filed[members], fit.families.of_report[members]))]
    grid = fit.placed.of_layer[fit.families.layer]
    return {
        "load": [
            {"of": load.of, "basis": load.basis, "code": one.code, "name": one.name, "reports": one.reports,
             "share": one.reports / load.reports if load.reports else 0.0, "solved": one.solved,
             "solved_share": one.solved_share}
            for load in fit.loads
            for one in load.holders
        ],
        "mix": [
            {"layer": mixture.layer, "code": grid_mix.code, "name": grid_mix.name, "reports": grid_mix.reports,
             "categories": grid_mix.categories, "entropy_bits": grid_mix.entropy_bits, "top": grid_mix.top,
             "top_share": grid_mix.top_share, "hidden_bits": grid_mix.hidden_bits}
            for mixture in fit.mixtures
            for grid_mix in mixture.grids
        ],
        "family": [_family_row(fit, family) for family in fit.families.families],
        "member": [
            {"family": int(fit.families.of_report[row]), "id": str(past.ids[row]), "row": int(past.rows[row]),
             "filed": _shown(fit, int(past.filed[row])), "grid": str(grid[row]),
             "person": str(fit.placed.answers["person"][row]), "lon": float(past.lon[row]),
             "lat": float(past.lat[row])}
            for row in order.tolist()
        ],
        "refused": [
            {"row": problem.row, "column": problem.column, "value": problem.value, "reason": problem.reason}
            for problem in past.refused
        ],
        "finding": finding_rows(fit.findings),
    }  # fmt: skip


def write_fit(fit: Fit, path: str | Path) -> Path:
    """Write a fit and return its path.

    A name ending in ``.gpkg`` becomes a GeoPackage: ``grid_<layer>`` polygons with load and mix,
    points of ``family``, ``member`` and ``finding``, tables of ``load`` and ``refused``. Any other
    name without an ending becomes a folder of CSV files. It appears whole or not at all.

    Raises
    ------
    InputError
        If the ending stands for something else.
    StorageError
        If it cannot be written.
    """
    layers = {name: _frame(rows) for name, rows in fit_tables(fit).items()}
    division = fit.placed.desk.division
    shapes = {}
    for mixture in fit.mixtures:
        load = next((load for load in fit.loads if load.of == mixture.layer), None)
        counts = {one.code: one for one in load.holders} if load else {}
        mixes = {one.code: one for one in mixture.grids}
        frame = division.to_geopandas(mixture.layer)[["code", "name", "geometry"]]
        codes = frame["code"].tolist()
        frame["reports"] = [counts[code].reports if code in counts else 0 for code in codes]
        frame["solved"] = [counts[code].solved if code in counts else None for code in codes]
        for column in ("categories", "entropy_bits", "top", "top_share", "hidden_bits"):
            frame[column] = [getattr(mixes[code], column) if code in mixes else None for code in codes]
        shapes[f"grid_{mixture.layer}"] = frame
    return write_layers(path, {**shapes, **layers})


def write_layers(path: str | Path, layers: dict[str, Any]) -> Path:
    """Write frames as layers of a GeoPackage, or as a folder of CSV files; return its path.

    Frames with columns ``lon`` and ``lat`` become points, EPSG:4326; empty ones are left out.

    Raises
    ------
    InputError, StorageError
    """
    target = Path(path)
    if target.suffix.lower() not in (".gpkg", ""):
        raise InputError("cannot write to this kind of file", given=target.name, allowed=".gpkg, or a folder's name")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        folder = Path(tempfile.mkdtemp(prefix=f".{target.name}.", dir=target.parent))
    except OSError as error:
        raise StorageError("cannot be written there", given=target, source=error.strerror) from error
    try:
        filled = {name: frame for name, frame in layers.items() if len(frame)}
        if target.suffix.lower() == ".gpkg":
            _write_geopackage(folder / target.name, filled)
            (folder / target.name).replace(target)
        else:
            target.mkdir(exist_ok=True)
            for name, frame in filled.items():
                plain = frame.drop(columns="geometry") if "geometry" in frame.columns else frame
                plain.to_csv(folder / f"{name}.csv", index=False, encoding="utf-8-sig")
            for name in layers:
                # A table left from an earlier run would pass for one of this.
                if name in filled:
                    os.replace(folder / f"{name}.csv", target / f"{name}.csv")
                else:
                    (target / f"{name}.csv").unlink(missing_ok=True)
    except (OSError, RuntimeError) as error:
        raise StorageError(f"cannot be written ({error})", given=target) from error
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return target


def _write_geopackage(path: Path, layers: dict[str, Any]) -> None:
    import geopandas
    import pyogrio

    for name, frame in layers.items():
        if {"lon", "lat"} <= set(frame.columns):
            frame = geopandas.GeoDataFrame(
                frame.drop(columns=["lon", "lat"]), crs="EPSG:4326",
                geometry=geopandas.points_from_xy(frame["lon"].astype(float), frame["lat"].astype(float)),
            )  # fmt: skip
            frame.loc[frame.geometry.is_empty, "geometry"] = None
            pyogrio.write_dataframe(frame, path, layer=name, driver="GPKG", geometry_type="Point", append=path.exists())
        elif "geometry" in frame.columns:
            pyogrio.write_dataframe(frame, path, layer=name, driver="GPKG", promote_to_multi=True, append=path.exists())
        else:
            pyogrio.write_dataframe(frame, path, layer=name, driver="GPKG", append=path.exists())


def _family_row(fit: Fit, family: Family) -> dict[str, Any]:
    return {
        "number": family.number, "category": family.category, "count": len(family.reports),
        "reports": " ".join(family.reports), "first": _shown(fit, family.first), "last": _shown(fit, family.last),
        "span_m": round(family.span_m, 2), "grids": " ".join(family.grids), "owner": family.owner,
        "station": family.station, "department": family.department, "would_go_to": " ".join(family.would_go_to),
        "lon": family.lon, "lat": family.lat,
    }  # fmt: skip


def _shown(fit: Fit, second: int) -> str:
    moment: dt.datetime = fit.placed.desk.roster.calendar.moment_of(second)
    return moment.isoformat(" ", "seconds")


def _frame(rows: list[dict[str, Any]]) -> Any:
    import pandas as pd

    return pd.DataFrame(rows)
