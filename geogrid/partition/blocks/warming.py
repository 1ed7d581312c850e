"""Compile the kernels in a process of their own: the compiler's memory goes with it."""

from __future__ import annotations

import os
import subprocess
import sys

import numpy as np
import shapely
from numba.core.event import Event, Listener, register

from geogrid.compiled import can_be_kept, is_cached
from geogrid.partition.blocks.arrangement import build_mesh
from geogrid.partition.blocks.chords import face_chords, is_clear, read_ring
from geogrid.partition.blocks.divide import cells_for, divide_atoms
from geogrid.partition.blocks.ground import Ground, Seams
from geogrid.partition.blocks.islands import connect_islands
from geogrid.partition.blocks.mesh import components, prune, trace_faces
from geogrid.partition.blocks.parent import Recipe, cut_parent

__all__ = ["ENOUGH_MB", "compile_all", "warm_kernels"]

ENOUGH_MB = 450
"""A compiling process does not begin another kernel when it has taken so much."""

_FULL = 75
_TURNS = 12

_CALLED = (divide_atoms, cells_for, connect_islands, components, prune, trace_faces, face_chords, is_clear, read_ring)


def warm_kernels() -> bool:
    """Compile what is not in numba's cache yet, in other processes; return whether there was anything to do.

    Compiling takes about a minute, once after an update. A process that has grown beyond `ENOUGH_MB` makes room for the
    next, which goes on where it was, as every finished kernel is on disk. If no process can be had, or
    nothing can be kept on disk, kernels are compiled where they are used.
    """
    if not sys.executable or not can_be_kept(cells_for) or is_cached(*_CALLED):
        return False
    where = os.pathsep.join(path for path in sys.path if path)
    for turn in range(_TURNS):
        limit = ENOUGH_MB if turn + 1 < _TURNS else None
        code = f"from {__name__} import compile_all; compile_all({limit})"
        done = subprocess.run([sys.executable, "-c", code], check=False, env={**os.environ, "PYTHONPATH": where})
        if done.returncode != _FULL:
            break
    return True


def compile_all(enough_mb: int | None = None) -> None:
    """Cut a small place that needs every kernel: seams, an island of them, buildings, chords.

    Parameters
    ----------
    enough_mb : int, optional
        End the process before the next kernel when it has taken so much memory.
    """
    if enough_mb is not None:
        register("numba:compile", _Ending(enough_mb))  # type: ignore[no-untyped-call]  # numba has no types
    parent = shapely.box(0, 0, 400, 400)
    streets = [shapely.LineString([(0, 150.0), (400, 150)]), shapely.LineString([(210, 0), (210, 400)])]
    island = shapely.box(250, 250, 300, 300).exterior
    houses = [shapely.box(x, y, x + 28, y + 60) for x in range(4, 380, 32) for y in (20, 200, 300)]
    ground = Ground(Seams.of(np.array([*streets, island], dtype=object)), np.array(houses, dtype=object))
    for place in (ground, Ground()):
        cut_parent(parent, place, Recipe(10_000.0))
    # Where an atom cannot be halved depends on the buildings: what looks for it is called for certain.
    _touch_chords(parent)


class _Ending(Listener):
    """Ends the process, between two kernels, when it has taken enough memory."""

    def __init__(self, enough_mb: int) -> None:
        self.enough_mb = enough_mb

    def on_start(self, event: Event) -> None:
        if _peak_mb() > self.enough_mb:
            os._exit(_FULL)

    def on_end(self, event: Event) -> None:
        """Nothing: the kernel is not on disk yet."""


def _peak_mb() -> float:
    try:
        import resource
    except ImportError:  # not on Windows
        return 0.0
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (2**20 if sys.platform == "darwin" else 1024)


def _touch_chords(parent: shapely.Geometry) -> None:
    from geogrid.partition.blocks.arrangement import node_lines
    from geogrid.partition.blocks.buildings import no_obstacles

    seams = Seams.of(np.array([shapely.LineString([(200, 0), (200, 400)])], dtype=object))
    edges = node_lines(parent, seams.lines, seams.kind, seams.worth, seams.hard, np.zeros(len(seams), np.int32))
    mesh, _ = build_mesh(parent, edges, 8)
    face_chords(mesh, 0, read_ring(mesh, 0), no_obstacles(), 6.0, 250.0)
    is_clear(no_obstacles(), mesh.x[0], mesh.y[0], mesh.x[1], mesh.y[1])
