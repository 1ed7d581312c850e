"""Peers that grow, sample or cluster regions: gerrychain, spopt, pygeoda, capacitated k-means."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from benchmarks._balance_peers import Found, Peer


def _tree(city: Any, graph: Any, values: Any, cost: Any, grids: int, tolerance: float) -> Iterator[Found]:
    net, part = _started(graph, values, grids, tolerance)
    del net
    yield part, "recursive spanning trees"


def _recom(city: Any, graph: Any, values: Any, cost: Any, grids: int, tolerance: float) -> Iterator[Found]:
    """Yield the states of a chain of ReCom steps that takes longer borders rarely."""
    from functools import partial

    from gerrychain import MarkovChain, Partition
    from gerrychain.proposals import recom

    net, part = _started(graph, values, grids, tolerance)
    length = dict(zip(zip(graph.first.tolist(), graph.second.tolist(), strict=True), cost.tolist(), strict=True))

    def border(state: Any) -> float:
        return float(sum(length[min(a, b), max(a, b)] for a, b in state["cut_edges"]))

    def shorter(state: Any) -> bool:
        return state.parent is None or border(state) <= 1.0005 * border(state.parent)

    yield part, "recursive spanning trees"
    propose = partial(recom, pop_col="people", pop_target=values.sum() / grids, epsilon=tolerance, rng=1)
    begin = Partition(net, dict(enumerate(part.tolist())))
    best = border(begin)
    for state in MarkovChain(propose, [], shorter, begin, 10**9, rng=1):
        if border(state) < best:
            best = border(state)
            yield np.array([state.assignment[row] for row in range(len(graph))]), "ReCom, shorter borders taken"


def _started(graph: Any, values: Any, grids: int, tolerance: float) -> tuple[Any, Any]:
    import networkx
    from gerrychain import Graph
    from gerrychain.partition import recursive_tree_part

    net = networkx.Graph(list(zip(graph.first.tolist(), graph.second.tolist(), strict=True)))
    for row, weight in enumerate(values.tolist()):
        net.nodes[row]["people"] = weight
    made = Graph.from_networkx(net)
    tree = recursive_tree_part(made, list(range(grids)), values.sum() / grids, "people", tolerance, rng=1)
    return made, np.array([tree[row] for row in range(len(graph))])


def _kmeans(city: Any, graph: Any, values: Any, cost: Any, grids: int, tolerance: float) -> Iterator[Found]:
    from k_means_constrained import KMeansConstrained

    size = len(graph) / grids
    model = KMeansConstrained(
        grids, size_min=int(size * (1 - tolerance)), size_max=int(size * (1 + tolerance)) + 1, n_init=1, max_iter=5,
        random_state=1,
    )  # fmt: skip
    yield model.fit_predict(graph.xy), "balances numbers of cells, knows no weights"


def _frame(city: Any, graph: Any, values: Any) -> tuple[Any, Any]:
    import geopandas
    import libpysal

    columns = {"x": graph.xy[:, 0], "y": graph.xy[:, 1], "people": values.astype(float)}
    frame = geopandas.GeoDataFrame(columns, geometry=np.asarray(city.shapes))
    near: dict[int, list[int]] = {row: [] for row in range(len(graph))}
    for a, b in zip(graph.first.tolist(), graph.second.tolist(), strict=True):
        near[a].append(b)
        near[b].append(a)
    return frame, libpysal.weights.W(near, silence_warnings=True)


def _spopt(kind: str) -> Any:
    def run(city: Any, graph: Any, values: Any, cost: Any, grids: int, tolerance: float) -> Iterator[Found]:
        from spopt import region

        frame, near = _frame(city, graph, values)
        np.random.seed(1)  # noqa: NPY002  spopt draws from the legacy generator
        floor = float(values.sum() / grids) * (1 - tolerance)
        if kind == "Ward":
            model = region.WardSpatial(frame, near, ["x", "y"], grids)
        elif kind == "Skater":
            model = region.Skater(frame, near, ["x", "y"], grids, floor=len(graph) // grids // 4)
        elif kind == "AZP":
            model = region.AZP(frame, near, ["x", "y"], grids, random_state=1)
        elif kind == "k-means":
            model = region.RegionKMeansHeuristic(graph.xy, grids, near)
        else:
            model = region.MaxPHeuristic(
                frame, near, ["x", "y"], "people", floor, max_iterations_construction=2, max_iterations_sa=1
            )
        model.solve()
        yield np.asarray(model.labels_), "grids of at least the target" if kind == "MaxP" else "knows no balance"

    return run


def _pygeoda(kind: str) -> Any:
    def run(city: Any, graph: Any, values: Any, cost: Any, grids: int, tolerance: float) -> Iterator[Found]:
        import pygeoda

        frame, _ = _frame(city, graph, values)
        data = pygeoda.open(frame)
        near, middle = pygeoda.rook_weights(data), [graph.xy[:, 0].tolist(), graph.xy[:, 1].tolist()]
        floor = float(values.sum() / grids) * (1 - tolerance)
        people = values.astype(float).tolist()
        if kind == "MaxP":
            found = pygeoda.maxp_greedy(near, middle, people, floor, iterations=1)
        elif kind == "SCHC":
            found = pygeoda.schc(grids, near, middle, "ward")
        elif kind == "Skater":
            found = pygeoda.skater(grids, near, middle, bound_variable=people, min_bound=floor)
        else:
            found = pygeoda.azp_greedy(grids, near, middle, bound_variable=people, min_bound=floor)
        clusters = np.asarray(found["Clusters"])
        note = "knows no balance" if kind == "SCHC" else "grids of at least the target less 5 %"
        yield clusters, note

    return run


_ONE = frozenset({"T2"})
REGIONALISERS = (
    Peer("gerrychain trees", "gerrychain", _tree, frozenset({"T2", "T2 1%"}), 60.0),
    Peer("gerrychain ReCom", "gerrychain", _recom, _ONE, 180.0),
    Peer("k-means-constrained", "k_means_constrained", _kmeans, _ONE),
    *(Peer(f"spopt {kind}", "spopt", _spopt(kind), _ONE) for kind in ("Ward", "Skater", "AZP", "k-means", "MaxP")),
    *(Peer(f"pygeoda {kind}", "pygeoda", _pygeoda(kind), _ONE) for kind in ("SCHC", "Skater", "AZP", "MaxP")),
)
