"""Compile the kernels in a process of their own: the compiler's memory goes with it."""

from __future__ import annotations

import os
import subprocess
import sys

import numpy as np
import shapely

from geogrid.partition.blocks.arrangement import build_mesh
from geogrid.partition.blocks.chords import face_chords, is_clear, read_ring
from geogrid.partition.blocks.compiled import is_cached
from geogrid.partition.blocks.divide import cells_for, divide_atoms
from geogrid.partition.blocks.ground import Ground, Seams
from geogrid.partition.blocks.islands import connect_islands
from geogrid.partition.blocks.mesh import components, prune, trace_faces
from geogrid.partition.blocks.parent import Recipe, cut_parent

__all__ = ["compile_all", "warm_kernels"]

_CALLED = (divide_atoms, cells_for, connect_islands, components, prune, trace_faces, face_chords, is_clear, read_ring)


def warm_kernels() -> bool:
    """Compile what is not in numba's cache yet, in another process; return whether there was anything to do.

    Compiling takes about a minute and some 300 MB, once after an update. If the other process cannot
    be had, kernels are compiled where they are used.
    """
    if is_cached(*_CALLED) or not sys.executable:
        return False
    code = f"from {__name__} import compile_all; compile_all()"
    where = os.pathsep.join(path for path in sys.path if path)
    subprocess.run([sys.executable, "-c", code], check=False, env={**os.environ, "PYTHONPATH": where})
    return True


def compile_all() -> None:
    """Cut a small place that needs every kernel: seams, an island of them, buildings, chords."""
    parent = shapely.box(0, 0, 400, 400)
    streets = [shapely.LineString([(0, 150.0), (400, 150)]), shapely.LineString([(210, 0), (210, 400)])]
    island = shapely.box(250, 250, 300, 300).exterior
    houses = [shapely.box(x, y, x + 28, y + 60) for x in range(4, 380, 32) for y in (20, 200, 300)]
    ground = Ground(Seams.of(np.array([*streets, island], dtype=object)), np.array(houses, dtype=object))
    for place in (ground, Ground()):
        cut_parent(parent, place, Recipe(10_000.0))
    # Where an atom cannot be halved depends on the buildings: what looks for it is called for certain.
    _touch_chords(parent)


def _touch_chords(parent: shapely.Geometry) -> None:
    from geogrid.partition.blocks.arrangement import node_lines
    from geogrid.partition.blocks.buildings import no_obstacles

    seams = Seams.of(np.array([shapely.LineString([(200, 0), (200, 400)])], dtype=object))
    edges = node_lines(parent, seams.lines, seams.kind, seams.worth, seams.hard, np.zeros(len(seams), np.int32))
    mesh, _ = build_mesh(parent, edges, 8)
    face_chords(mesh, 0, read_ring(mesh, 0), no_obstacles(), 6.0, 250.0)
    is_clear(no_obstacles(), mesh.x[0], mesh.y[0], mesh.x[1], mesh.y[1])
