"""Public helpers for tests: a toy city small enough to check with a pencil, and assertions."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt

from geogrid.boundaries.areas import Areas, Boundaries, Source
from geogrid.lattice import LatticePolygons, prove_partition
from geogrid.partition.division import Division, Layer

__all__ = ["assert_is_partition", "shuffled", "toy_boundaries", "toy_city"]

_WEST, _SOUTH, _STEP = 1_212_500_000, 313_800_000, 10_000


def _block(column: int, row: int, width: int, height: int) -> npt.NDArray[np.int32]:
    """Return a closed ring of whole cells, with a vertex at every cell corner."""
    bottom = [(column + i, row) for i in range(width)]
    right = [(column + width, row + i) for i in range(height)]
    top = [(column + width - i, row + height) for i in range(width)]
    left = [(column, row + height - i) for i in range(height)]
    ring = np.array([*bottom, *right, *top, *left, (column, row)], np.int64)
    return (ring * _STEP + (_WEST, _SOUTH)).astype(np.int32)


def _blocks(blocks: list[tuple[int, int, int, int]]) -> LatticePolygons:
    count = len(blocks)
    return LatticePolygons.from_rings([_block(*block) for block in blocks], [1] * count, [1] * count)


def _text(values: list[str]) -> npt.NDArray[np.object_]:
    return np.array(values, dtype=object)


def toy_boundaries() -> Boundaries:
    """Return one district of 4 × 4 squares: two streets (west, east), four communities.

    A square is 0.001° wide and high, about 95 m by 111 m. The south-west corner lies at
    121.25° E, 31.38° N. Codes are those of an invented district 990100.
    """
    district = Areas("district", _text(["990100"]), _text(["Toy district"]), _text([""]), _blocks([(0, 0, 4, 4)]))
    streets = Areas(
        "street",
        _text(["990100001", "990100002"]),
        _text(["West Street", "East Street"]),
        _text(["990100", "990100"]),
        _blocks([(0, 0, 2, 4), (2, 0, 2, 4)]),
    )
    communities = Areas(
        "community",
        _text(["990100001001", "990100001002", "990100002001", "990100002002"]),
        _text(["South-west", "North-west", "South-east", "North-east"]),
        _text(["990100001", "990100001", "990100002", "990100002"]),
        _blocks([(0, 0, 2, 2), (0, 2, 2, 2), (2, 0, 2, 2), (2, 2, 2, 2)]),
    )
    return Boundaries("990100", "Toy district", (district, streets, communities), Source(publisher="invented"))


def toy_city() -> Division:
    """Return the toy boundaries divided: 16 cells, 4 responsibility grids, 2 police beats.

    Cell ``i`` stands in column ``i % 4``, row ``i // 4``, counted from the south-west corner. The
    responsibility grids are the communities; the overlay layer ``police`` cuts the district into
    a southern strip one cell high and the rest. Cells have codes of the 15-digit scheme.
    """
    boundaries = toy_boundaries()
    squares = [(i % 4, i // 4, 1, 1) for i in range(16)]
    community = np.array([(i % 4) // 2 * 2 + (i // 4) // 2 for i in range(16)], np.int32)
    finest = boundaries.finest
    codes, used = [], dict.fromkeys(range(4), 0)
    for home in community.tolist():
        used[home] += 1
        codes.append(f"{finest.codes[home]}{used[home]:03d}")
    cells = Layer("cell", "base", _text(codes), _text(codes), finest.codes[community], shapes=_blocks(squares))
    grids = Layer(
        "responsibility",
        "stacked",
        _text(["G01", "G02", "G03", "G04"]),
        finest.names.copy(),
        finest.codes.copy(),
        of="cell",
        membership=community,
    )
    police = Layer(
        "police",
        "overlay",
        _text(["P1", "P2"]),
        _text(["South beat", "North beat"]),
        _text(["", ""]),
        shapes=_blocks([(0, 0, 4, 1), (0, 1, 4, 3)]),
    )
    return Division("990100", "Toy district", boundaries.levels, (cells, grids, police), "EPSG:4549")


def assert_is_partition(division: Division) -> None:
    """Assert that the cells of `division` divide its finest areas without gap or overlap.

    Raises
    ------
    PartitionError
        Listing each gap and overlap with its place and m².
    """
    finest = division.areas[-1]
    rows = {code: row for row, code in enumerate(finest.codes)}
    parent_of = np.array([rows[code] for code in division.base.areas], np.int64)
    prove_partition(
        division.shapes(division.base.name),
        finest.polygons,
        parent_of,
        cell_names=division.base.codes,
        parent_names=finest.codes,
    ).require()


def shuffled(division: Division, seed: int) -> Division:
    """Return the same division with rows, ring starts and directions drawn in another order.

    Whatever depends on none of these is the same for both, its published bytes first of all.

    Parameters
    ----------
    seed : int
        Of the order.
    """
    rng = np.random.default_rng(seed)
    orders = {layer.name: rng.permutation(len(layer)) for layer in division.layers}
    layers = []
    for layer in division.layers:
        order = orders[layer.name]
        membership = layer.membership
        if membership is not None and layer.of is not None:
            place = np.argsort(order)
            membership = place[membership].astype(np.int32)[orders[layer.of]]
        shapes = None if layer.shapes is None else _turned(layer.shapes.take(order), rng)
        attributes = {name: np.asarray(values)[order] for name, values in reversed([*layer.attributes.items()])}
        layers.append(
            replace(layer, codes=layer.codes[order], names=layer.names[order], areas=layer.areas[order],
                    membership=membership, shapes=shapes, attributes=attributes)
        )  # fmt: skip
    areas = []
    for level in division.areas:
        order = rng.permutation(len(level))
        areas.append(
            replace(level, codes=level.codes[order], names=level.names[order], parents=level.parents[order],
                    polygons=_turned(level.polygons.take(order), rng))
        )  # fmt: skip
    return replace(division, areas=tuple(areas), layers=tuple(layers))


def _turned(polygons: LatticePolygons, rng: np.random.Generator) -> LatticePolygons:
    rings: list[npt.ArrayLike] = []
    for start, end in zip(polygons.ring_offsets[:-1], polygons.ring_offsets[1:], strict=True):
        ring = np.roll(polygons.coords[start : end - 1], rng.integers(1000), axis=0)
        rings.append(np.concatenate([ring, ring[:1]])[:: rng.choice([-1, 1])])
    return LatticePolygons.from_rings(rings, np.diff(polygons.part_offsets), np.diff(polygons.geom_offsets))
