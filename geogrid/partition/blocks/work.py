"""Parent by parent, in processes if wanted, resumable; the result never depends on how many."""

from __future__ import annotations

import hashlib
import multiprocessing
import os
import pickle
from collections.abc import Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from pathlib import Path

import numpy as np
import numpy.typing as npt
import shapely

from geogrid import __version__
from geogrid.partition.blocks.ground import Ground
from geogrid.partition.blocks.parent import ParentCut, Recipe, cut_parent
from geogrid.partition.blocks.warming import warm_kernels
from geogrid.types import IntArray, Progress, no_progress

__all__ = ["cut_parents"]


def cut_parents(
    parents: npt.NDArray[np.object_], ground: Ground, recipe: Recipe, *, progress: Progress = no_progress,
    workers: int = 1, keep: Path | None = None,
) -> list[ParentCut]:  # fmt: skip
    """Return the cut of each parent, in their order.

    Parameters
    ----------
    parents : (n,) shapely polygons, metres
    ground : Ground
    recipe : Recipe
    progress : callable
        Called with the cells expected (area over target) of the parents done, and of all.
    workers : int
        Processes; each gets one parent and what lies in it at a time.
    keep : path, optional
        A folder for finished parents. One is taken from there when its outline, what lies in
        it, the recipe and the version are all the same, byte for byte.
    """
    if keep is not None:
        keep.mkdir(parents=True, exist_ok=True)
    expected = np.maximum(1, np.round(shapely.area(parents) / recipe.target_m2)).astype(np.int64)
    total, ready = int(expected.sum()), 0
    results: list[ParentCut | None] = [None] * len(parents)
    progress("cut cells", 0, total)
    warm_kernels()
    for row, cut in _finished(parents, ground, recipe, workers, keep):
        results[row] = cut
        ready += int(expected[row])
        progress("cut cells", ready, total)
    return [cut for cut in results if cut is not None]


def _finished(
    parents: npt.NDArray[np.object_], ground: Ground, recipe: Recipe, workers: int, keep: Path | None
) -> Iterator[tuple[int, ParentCut]]:
    """Yield rows and cuts as they are done."""
    if workers <= 1 or len(parents) < 2:
        for row in range(len(parents)):
            task = _task(parents[row], ground, recipe)
            yield row, _with_rows(_kept(task, keep), task[1])
        return
    # Big parents first, so that the last worker does not start the biggest.
    queue = iter(np.argsort(-shapely.area(parents), kind="stable").tolist())
    context = multiprocessing.get_context("forkserver")
    with ProcessPoolExecutor(workers, mp_context=context) as pool:
        running: dict[Future[ParentCut], tuple[int, IntArray]] = {}
        more = True
        while more or running:
            while more and len(running) < 2 * workers:
                following = next(queue, None)
                if following is None:
                    more = False
                    break
                row = int(following)
                task = _task(parents[row], ground, recipe)
                running[pool.submit(_kept, task, keep)] = row, task[1]
            done, _ = wait(running, return_when=FIRST_COMPLETED)
            for future in done:
                row, rows = running.pop(future)
                yield row, _with_rows(future.result(), rows)


_Task = tuple[shapely.Geometry, IntArray, Ground, Recipe]


def _task(parent: shapely.Geometry, ground: Ground, recipe: Recipe) -> _Task:
    """Return what one parent needs and no more; its seams are numbered anew."""
    near, rows = ground.near(parent, np.zeros(2))
    return parent, rows, near, recipe


def _kept(task: _Task, keep: Path | None) -> ParentCut:
    parent, _, near, recipe = task
    if keep is None:
        return cut_parent(parent, near, recipe)
    file = keep / f"{_digest(parent, near, recipe)}.cut"
    known = _read_kept(file)
    if known is not None:
        return known
    cut = cut_parent(parent, near, recipe)
    packed = pickle.dumps(cut, protocol=5)
    part = file.with_suffix(f".{os.getpid()}.part")
    part.write_bytes(hashlib.sha256(packed).digest() + packed)
    part.replace(file)
    return cut


def _read_kept(file: Path) -> ParentCut | None:
    """Return a kept parent; None if there is none, or if its file was not written to the end."""
    try:
        content = file.read_bytes()
    except FileNotFoundError:
        return None
    if hashlib.sha256(content[32:]).digest() != content[:32]:
        return None
    cut: ParentCut = pickle.loads(content[32:])
    return cut


def _digest(parent: shapely.Geometry, near: Ground, recipe: Recipe) -> str:
    seams, areas = near.seams, near.areas
    digest = hashlib.sha256(f"{__version__} {recipe}".encode())
    for shapes in ([parent], seams.lines, near.buildings, areas.polygons):
        for wkb in shapely.to_wkb(np.asarray(shapes, object), byte_order=1):
            digest.update(wkb)
    for column in (seams.worth, seams.hard, seams.kind, areas.least_m2):
        digest.update(np.ascontiguousarray(column).tobytes())
    for words in (seams.layer, seams.classes, seams.names, areas.rule, areas.kinds, areas.names):
        digest.update("\0".join(map(str, words)).encode())
    return digest.hexdigest()


def _with_rows(cut: ParentCut, rows: IntArray) -> ParentCut:
    """Return the cut with its seams numbered as in the whole ground."""
    source = np.where(cut.source >= 0, rows[np.maximum(cut.source, 0)] if len(rows) else -1, -1)
    return ParentCut(
        cut.polygons, cut.kinds, cut.names, cut.flags, cut.start, cut.end, cut.left, cut.right, cut.reason, source
    )  # fmt: skip
