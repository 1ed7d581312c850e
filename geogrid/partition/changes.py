"""Changes: what healing did, one row for each strip, and what it left to the planner."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from geogrid.errors import InputError, StorageError
from geogrid.types import Finding

__all__ = ["Change", "healed_findings", "save_changes", "to_geopandas"]

LAYER = "changes"


@dataclass(frozen=True)
class Change:
    """A strip that changed hands, or one that was left.

    Parameters
    ----------
    kind : str
        ``gap`` (nobody's), ``overlap`` (several rows'), ``outside`` (of the place), ``crossing``
        (beyond the border of the row's area), ``fold`` (a ring that crossed itself).
    done : bool
        Whether it changed hands; if not, `reason` says why.
    m2 : float
        Its size on the ellipsoid.
    width_m : float
        The diameter of the largest circle that fits in, metres.
    lon, lat : float
        A place in it, degrees, WGS 84.
    gained : str
        The row that has it now and did not have it, or had it with others; ``""`` for nobody.
    lost : tuple of str
        The rows that had it and have it no more; of a strip that was left, the rows that have it.
    reason : str
        Why it was left.
    geometry : shapely geometry
        Degrees, WGS 84.
    """

    kind: str
    done: bool
    m2: float
    width_m: float
    lon: float
    lat: float
    gained: str
    lost: tuple[str, ...]
    reason: str = ""
    geometry: Any = field(default=None, compare=False, repr=False)


def to_geopandas(changes: Sequence[Change]) -> Any:
    """Return the changes as a GeoDataFrame, EPSG:4326, one row each.

    Examples
    --------
    >>> to_geopandas([]).columns.tolist()[:4]
    ['kind', 'done', 'm2', 'width_m']
    """
    import geopandas

    columns = {
        "kind": [change.kind for change in changes],
        "done": [change.done for change in changes],
        "m2": [change.m2 for change in changes],
        "width_m": [change.width_m for change in changes],
        "lon": [change.lon for change in changes],
        "lat": [change.lat for change in changes],
        "gained": [change.gained for change in changes],
        "lost": [", ".join(change.lost) for change in changes],
        "reason": [change.reason for change in changes],
    }
    return geopandas.GeoDataFrame(columns, geometry=[change.geometry for change in changes], crs="EPSG:4326")


def save_changes(changes: Sequence[Change], path: str | Path) -> Path:
    """Write the changes as a GeoPackage with one layer, ``changes``; replace a file of that name.

    Raises
    ------
    InputError
        If the file's name does not end in ``.gpkg``.
    StorageError
        If it cannot be written.
    """
    file = Path(path)
    if file.suffix.lower() != ".gpkg":
        raise InputError("changes are written as a GeoPackage", given=file.name, allowed="a name that ends in .gpkg")
    try:
        file.unlink(missing_ok=True)
        to_geopandas(changes).to_file(file, layer=LAYER, driver="GPKG", geometry_type="Unknown")
    except (OSError, RuntimeError) as error:
        raise StorageError("the changes cannot be written", given=str(error), source=file) from None
    return file


def healed_findings(changes: Sequence[Change]) -> tuple[Finding, ...]:
    """Return one finding that sums up what changed hands, none if nothing did."""
    done = [change for change in changes if change.done]
    if not done:
        return ()
    total = sum(change.m2 for change in done)
    widest = max(done, key=lambda change: change.width_m)
    message = f"{len(done):,} strip(s), {total:,.2f} m², changed hands; the widest is {widest.width_m:.2f} m"
    return (
        Finding("healed", message, (*widest.lost, widest.gained), widest.lon, widest.lat, total, "m2", widest.geometry),
    )
