"""Peers of the balance benchmark: graph partitioners from PyPI at their best settings, each in a process with a limit.

They are pinned in the group `bench`; none is a dependency of geogrid. One that is not installed, fails or does not end
within its limit is printed so. A peer may hand in plans one after another: the best so far counts when its time is up.
"""

from __future__ import annotations

import importlib.util
import multiprocessing
import queue
import time
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from geogrid.partition.balance.graph import components

Found = tuple[Any, str]


@dataclass(frozen=True)
class Peer:
    """A peer: what runs it, what it needs, on which tasks, how long it may take."""

    name: str
    module: str
    run: Callable[..., Iterator[Found]]
    tasks: frozenset[str]
    seconds: float = 60.0


@dataclass(frozen=True)
class Task:
    """What is asked for."""

    grids: int
    tolerance: float = 0.05
    weighted: bool = False


TASKS = {
    "T1": Task(292), "T1w": Task(292, weighted=True), "T1 1%": Task(292, 0.01), "T2": Task(80), "T2 1%": Task(80, 0.01),
    "T3": Task(0), "T4": Task(100),
}  # fmt: skip


def absent(module: str) -> bool:
    """Return whether a peer is not installed."""
    return importlib.util.find_spec(module) is None


def rows(city: Any, judged: Callable[..., Any], chosen: set[str]) -> Iterator[Any]:
    """Yield a line for each peer and task; a text where it is absent, fails or does not end."""
    from benchmarks._balance_regionalisers import REGIONALISERS

    for name, task in TASKS.items():
        if chosen and name not in chosen:
            continue
        for peer in (*PARTITIONERS, *REGIONALISERS):
            if name in peer.tasks:
                yield _row(city, judged, peer, name, task)


def _row(city: Any, judged: Callable[..., Any], peer: Peer, name: str, task: Task) -> Any:
    empty = f"| {name} | {peer.name} | – | – |"
    if absent(peer.module):
        return f"{empty} absent: pip install {peer.module.replace('_', '-')} | – | – | | |"
    graph = city.weighted if task.weighted else city.graph
    values = city.reports if name == "T4" else city.people
    # A block heavier than a grid counts as a full one, as for geogrid; metres as whole costs.
    capped = np.minimum(values, values.sum() / max(task.grids, 1)).astype(np.int64)
    cost = np.maximum(np.rint(graph.cost_m), 1).astype(np.int64)
    started = time.perf_counter()
    part, note, ended = _within(peer, (city, graph, capped, cost, task.grids, task.tolerance))
    wall = time.perf_counter() - started
    if part is None:
        return f"{empty} {note or f'not ended within {peer.seconds:.0f} s'} | – | {wall:.1f} | | |"
    said = note if ended else f"{note}; stopped at {peer.seconds:.0f} s"
    area = city.neighbourhood if name == "T3" else None
    return judged(
        name, peer.name, graph, values, part, task.tolerance, wall, wall, weighted=task.weighted, area=area, note=said
    )


def _within(peer: Peer, given: tuple[Any, ...]) -> tuple[Any, str, bool]:
    """Return the last plan a peer handed in within its limit, its note, and whether it ended by itself."""
    context = multiprocessing.get_context("fork")
    results: Any = context.Queue()
    process = context.Process(target=_run, args=(peer.run, given, results), daemon=True)
    process.start()
    until, part, note = time.monotonic() + peer.seconds, None, ""
    ended = False
    while not ended and time.monotonic() < until:
        try:
            kind, value, said = results.get(timeout=min(0.5, max(until - time.monotonic(), 0.01)))
        except queue.Empty:
            if not process.is_alive():
                return part, note or f"ended without a word, exit code {process.exitcode}", True
            continue
        if kind == "plan":
            part, note = value, said
        elif kind == "failed" and part is None:
            note = said
        ended = kind != "plan"
    process.kill()
    process.join()
    return part, note, ended


def _run(run: Callable[..., Iterator[Found]], given: tuple[Any, ...], results: Any) -> None:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            for part, note in run(*given):
                results.put(("plan", np.asarray(part, np.int64), note))
        results.put(("ended", None, ""))
    except Exception as error:  # whatever a peer raises is its line of the table
        results.put(("failed", None, f"failed: {type(error).__name__} {str(error)[:60]}"))


def rows_of(graph: Any, cost: Any) -> tuple[Any, Any, Any]:
    """Return compressed rows: starts, neighbours, costs."""
    ends, other = np.concatenate([graph.first, graph.second]), np.concatenate([graph.second, graph.first])
    order = np.lexsort((other, ends))
    starts = np.concatenate([[0], np.cumsum(np.bincount(ends, minlength=len(graph)))])
    return starts, other[order], np.concatenate([cost, cost])[order]


def _rank(graph: Any, values: Any, cost: Any, part: Any, grids: int, tolerance: float) -> tuple[int, float]:
    """Return how many grids are torn or off, then the border."""
    load = np.bincount(part, weights=values, minlength=grids)
    off = int((np.abs(load / (values.sum() / grids) - 1) > tolerance + 5e-4).sum())
    same = part[graph.first] == part[graph.second]
    piece = components(len(part), graph.first[same], graph.second[same])
    torn = int(piece.max()) + 1 - len(np.unique(part))
    return off + torn, float(cost[part[graph.first] != part[graph.second]].sum())


def metis(city: Any, graph: Any, values: Any, cost: Any, grids: int, tolerance: float = 0.05) -> Iterator[Found]:
    """Yield METIS' k-way partitions, contiguous or not, of 20 seeds, each better than the one before."""
    import pymetis

    if grids == 0:
        yield from _metis_per_parent(city, graph, values, cost)
        return
    starts, near, weight = rows_of(graph, cost)
    adjacency = pymetis.CSRAdjacency(adj_starts=starts, adjacent=near)
    best = None
    for seed in range(20):
        for contiguous in (0, 1):
            options = pymetis.Options(seed=seed, contig=contiguous, ufactor=max(int(tolerance * 800), 1))
            # Ten times the weight plus one: METIS leaves grids empty when many cells weigh nothing.
            _, part = pymetis.part_graph(
                grids, adjacency=adjacency, eweights=weight, vweights=values * 10 + 1, options=options, recursive=False
            )
            found = np.array(part)
            rank = _rank(graph, values, cost, found, grids, tolerance)
            if best is None or rank < best:
                best = rank
                yield found, "k-way, best of 40"


def _metis_per_parent(city: Any, graph: Any, values: Any, cost: Any) -> Iterator[Found]:
    import pymetis

    result, used = np.zeros(len(graph), np.int64), 0
    for home in range(len(city.names)):
        cells = np.flatnonzero(city.neighbourhood == home)
        if not len(cells):
            continue
        grids = int(min(max(np.ceil(city.people[cells].sum() / 2000), 1), len(cells)))
        local = np.full(len(graph), -1)
        local[cells] = np.arange(len(cells))
        inside = (local[graph.first] >= 0) & (local[graph.second] >= 0)
        near: list[list[int]] = [[] for _ in cells]
        weights: list[list[int]] = [[] for _ in cells]
        for a, b, w in zip(local[graph.first[inside]], local[graph.second[inside]], cost[inside], strict=True):
            near[a].append(b)
            near[b].append(a)
            weights[a].append(int(w))
            weights[b].append(int(w))
        starts = np.concatenate([[0], np.cumsum([len(n) for n in near])])
        flat = [u for n in near for u in n]
        part = np.zeros(len(cells), np.int64)
        if grids > 1 and flat:
            _, found = pymetis.part_graph(
                grids, adjacency=pymetis.CSRAdjacency(adj_starts=starts, adjacent=flat),
                eweights=[u for n in weights for u in n], vweights=city.people[cells].astype(int) * 10 + 1,
                options=pymetis.Options(seed=1, ufactor=40), recursive=False,
            )  # fmt: skip
            part = np.array(found)
        result[cells] = part + used
        used += grids
    yield result, "k-way in each neighbourhood"


def _kahip(city: Any, graph: Any, values: Any, cost: Any, grids: int, tolerance: float) -> Iterator[Found]:
    import kahip

    starts, near, weight = rows_of(graph, cost)
    rows = (values * 10 + 1).tolist(), starts.tolist(), weight.tolist(), near.tolist()
    best = None
    for preset, name in ((kahip.FAST, "fast"), (kahip.ECO, "eco"), (kahip.STRONG, "strong")):
        _, part = kahip.kaffpa(*rows, grids, tolerance, True, 1, preset)
        rank = _rank(graph, values, cost, np.array(part), grids, tolerance)
        if best is None or rank < best:
            best = rank
            yield part, f"kaffpa {name}, best of fast, eco, strong"


def _mtkahypar(city: Any, graph: Any, values: Any, cost: Any, grids: int, tolerance: float) -> Iterator[Found]:
    import mtkahypar

    machine = mtkahypar.initialize(2)
    edges = list(zip(graph.first.tolist(), graph.second.tolist(), strict=True))
    best = None
    for preset in ("QUALITY", "HIGHEST_QUALITY"):
        mtkahypar.set_seed(1)
        context = machine.context_from_preset(getattr(mtkahypar.PresetType, preset))
        context.set_partitioning_parameters(grids, tolerance, mtkahypar.Objective.CUT)
        context.logging = False
        made = machine.create_graph(context, len(graph), len(edges), edges, (values * 10 + 1).tolist(), cost.tolist())
        done = made.partition(context)
        part = np.array([done.block_id(row) for row in range(len(graph))])
        rank = _rank(graph, values, cost, part, grids, tolerance)
        if best is None or rank < best:
            best = rank
            yield part, f"{preset.lower().replace('_', ' ')} preset, best of two"


_FLAT = frozenset({"T1", "T1w", "T1 1%", "T2", "T2 1%", "T4"})
PARTITIONERS = (
    Peer("METIS (pymetis)", "pymetis", metis, _FLAT | {"T3"}),
    Peer("KaHIP", "kahip", _kahip, _FLAT, 90.0),
    Peer("Mt-KaHyPar", "mtkahypar", _mtkahypar, _FLAT, 90.0),
)
