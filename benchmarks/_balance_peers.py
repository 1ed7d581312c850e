"""Peers of the balance benchmark: graph partitioners and regionalisers from PyPI, at their best settings.

None is a dependency of geogrid. One that is not installed is reported with the line that installs it.
"""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

TASKS = {"T1": 292, "T1w": 292, "T2": 80, "T4": 100}


def rows(city: Any, judged: Callable[..., Any], chosen: set[str]) -> Iterator[Any]:
    """Yield a line for each peer and task; a text where it is absent or fails."""
    everywhere = [("pymetis", "pymetis", _metis), ("kahip", "kahip", _kahip), ("mtkahypar", "mtkahypar", _mtkahypar)]
    small = [
        ("gerrychain", "gerrychain", _gerrychain), ("k-means-constrained", "k_means_constrained", _kmeans),
        ("spopt Ward", "spopt", _ward), ("pygeoda SCHC", "pygeoda", _schc),
    ]  # fmt: skip
    for task, grids in TASKS.items():
        if chosen and task not in chosen:
            continue
        graph = city.weighted if task == "T1w" else city.graph
        values = city.reports if task == "T4" else city.people
        # A block heavier than a grid counts as a full one, as for geogrid; metres as whole costs.
        capped = np.minimum(values, values.sum() / grids).astype(np.int64)
        cost = np.maximum(np.rint(graph.cost_m), 1).astype(np.int64)
        for name, module, run in everywhere + (small if task == "T2" else []):
            install = module.replace("k_means_constrained", "k-means-constrained")
            started = time.perf_counter()
            try:
                with warnings.catch_warnings():
                    warnings.simplefilter("ignore")
                    part, note = run(city, graph, capped, cost, grids)
            except ImportError:
                yield f"| {task} | {name} | – | – | absent: pip install {install} | – | – | | |"
                continue
            except Exception as error:
                yield f"| {task} | {name} | – | – | failed: {type(error).__name__} {str(error)[:60]} | – | – | | |"
                continue
            wall = time.perf_counter() - started
            yield judged(task, name, graph, values, part, 0.05, wall, wall, weighted=task == "T1w", note=note)


def _rows_of(graph: Any, cost: Any) -> tuple[Any, Any, Any]:
    ends, other = np.concatenate([graph.first, graph.second]), np.concatenate([graph.second, graph.first])
    order = np.lexsort((other, ends))
    starts = np.concatenate([[0], np.cumsum(np.bincount(ends, minlength=len(graph)))])
    return starts, other[order], np.concatenate([cost, cost])[order]


def _best(graph: Any, values: Any, cost: Any, parts: list[Any], grids: int) -> Any:
    """Return the part that has fewest grids out of ±5 %, then least border."""

    def rank(part: Any) -> tuple[int, float]:
        load = np.bincount(part, weights=values, minlength=grids)
        off = int((np.abs(load / (values.sum() / grids) - 1) > 0.0505).sum())
        return off, float(cost[part[graph.first] != part[graph.second]].sum())

    return min(parts, key=rank)


def _metis(city: Any, graph: Any, values: Any, cost: Any, grids: int) -> tuple[Any, str]:
    import pymetis

    starts, near, weight = _rows_of(graph, cost)
    parts = []
    # Ten times the weight plus one: METIS leaves grids empty when many cells weigh nothing.
    for seed in range(20):
        for contiguous in (0, 1):
            options = pymetis.Options(seed=seed, contig=contiguous, ufactor=40)
            adjacency = pymetis.CSRAdjacency(adj_starts=starts, adjacent=near)
            _, part = pymetis.part_graph(
                grids, adjacency=adjacency, eweights=weight, vweights=values * 10 + 1, options=options, recursive=False
            )
            parts.append(np.array(part))
    return _best(graph, values, cost, parts, grids), "k-way, best of 40"


def _kahip(city: Any, graph: Any, values: Any, cost: Any, grids: int) -> tuple[Any, str]:
    import kahip

    starts, near, weight = _rows_of(graph, cost)
    parts = []
    for seed in range(2):
        _, part = kahip.kaffpa(
            (values * 10 + 1).tolist(),
            starts.tolist(),
            weight.tolist(),
            near.tolist(),
            grids,
            0.05,
            True,
            seed,
            kahip.ECO,
        )
        parts.append(np.array(part))
    return _best(graph, values, cost, parts, grids), "kaffpa eco, best of 2"


def _mtkahypar(city: Any, graph: Any, values: Any, cost: Any, grids: int) -> tuple[Any, str]:
    import mtkahypar

    machine = mtkahypar.initialize(2)
    mtkahypar.set_seed(1)
    context = machine.context_from_preset(mtkahypar.PresetType.QUALITY)
    context.set_partitioning_parameters(grids, 0.05, mtkahypar.Objective.CUT)
    context.logging = False
    edges = list(zip(graph.first.tolist(), graph.second.tolist(), strict=True))
    made = machine.create_graph(context, len(graph), len(edges), edges, (values * 10 + 1).tolist(), cost.tolist())
    done = made.partition(context)
    return np.array([done.block_id(row) for row in range(len(graph))]), "quality preset"


def _gerrychain(city: Any, graph: Any, values: Any, cost: Any, grids: int) -> tuple[Any, str]:
    import networkx
    from gerrychain import Graph
    from gerrychain.tree import recursive_tree_part

    net = networkx.Graph(list(zip(graph.first.tolist(), graph.second.tolist(), strict=True)))
    for row, weight in enumerate(values.tolist()):
        net.nodes[row]["people"] = weight
    tree = recursive_tree_part(Graph.from_networkx(net), range(grids), values.sum() / grids, "people", 0.05)
    return np.array([tree[row] for row in range(len(graph))]), "recursive tree start"


def _kmeans(city: Any, graph: Any, values: Any, cost: Any, grids: int) -> tuple[Any, str]:
    from k_means_constrained import KMeansConstrained

    size = len(graph) / grids
    model = KMeansConstrained(
        grids, size_min=int(size * 0.95), size_max=int(size * 1.05) + 1, n_init=1, max_iter=5, random_state=1
    )
    return np.asarray(model.fit_predict(graph.xy), np.int64), "balances numbers of cells, not weights"


def _ward(city: Any, graph: Any, values: Any, cost: Any, grids: int) -> tuple[Any, str]:
    import geopandas
    import libpysal
    from spopt.region import WardSpatial

    frame = geopandas.GeoDataFrame(
        {"x": graph.xy[:, 0], "y": graph.xy[:, 1]}, geometry=geopandas.points_from_xy(*graph.xy.T)
    )
    near: dict[int, list[int]] = {row: [] for row in range(len(graph))}
    for a, b in zip(graph.first.tolist(), graph.second.tolist(), strict=True):
        near[a].append(b)
        near[b].append(a)
    model = WardSpatial(frame, libpysal.weights.W(near, silence_warnings=True), ["x", "y"], grids)
    model.solve()
    return np.asarray(model.labels_), "knows no balance"


def _schc(city: Any, graph: Any, values: Any, cost: Any, grids: int) -> tuple[Any, str]:
    import geopandas
    import pygeoda

    frame = geopandas.GeoDataFrame({"x": graph.xy[:, 0], "y": graph.xy[:, 1]}, geometry=city.shapes)
    data = pygeoda.open(frame)
    found = pygeoda.schc(grids, pygeoda.rook_weights(data), [graph.xy[:, 0].tolist(), graph.xy[:, 1].tolist()], "ward")
    return np.asarray(found["Clusters"]) - 1, "knows no balance"
