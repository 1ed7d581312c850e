"""The form of cells: what a planner would have drawn, on blocks a person can check with a pencil."""

import itertools

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from geogrid.partition.blocks import Ground, Seams, cut_ground
from geogrid.partition.blocks.arrangement import build_mesh, node_lines
from geogrid.partition.blocks.buildings import no_obstacles, obstacles_of
from geogrid.partition.blocks.deadends import carry_on
from geogrid.partition.blocks.mesh import CUT, LEGAL, LINK, SEAM, TESSELLATION
from geogrid.partition.blocks.region import region_cost
from geogrid.partition.blocks.regroup import redivide_window

from .sketch import assert_divides, frame_of, here, line, section


def street_grid(width, height, step):
    across = [line((0, y), (width, y)) for y in range(step, height, step)]
    return across + [line((x, 0), (x, height)) for x in range(step, width, step)]


def fullness(polygons):
    return shapely.area(polygons) / shapely.area(shapely.convex_hull(polygons))


def cut_lengths(done, reason):
    return done.stretches.length_m[done.stretches.reason == reason].sum()


def test_a_chord_stands_square_on_the_long_side_and_cuts_no_corner():
    slanted = shapely.Polygon([(0, 0), (230, 0), (170, 100), (0, 100)])
    done = cut_ground(frame_of(slanted), Ground(), section())
    assert_divides(frame_of(slanted), done.cut)
    ours = done.stretches.reason == CUT
    way = np.abs(done.stretches.end - done.stretches.start)[ours]
    assert way[:, 0].max() < 0.01
    assert way[:, 1].sum() == pytest.approx(100)


def test_a_seam_that_fits_within_the_tolerance_is_preferred_to_a_chord_that_fits_exactly():
    seams = Seams.of([line((92, 0), (92, 100)), line((201, 0), (201, 100))])
    done = cut_ground(frame_of(shapely.box(0, 0, 300, 100)), Ground(seams), section())
    assert sorted(np.round(shapely.area(done.cut.polygons))) == [9_200, 9_900, 10_900]
    assert cut_lengths(done, CUT) == 0


def test_quarters_of_blocks_become_squares_not_ls_along_the_alleys():
    done = cut_ground(frame_of(shapely.box(0, 0, 400, 200)), Ground(Seams.of(street_grid(400, 200, 50))), section())
    assert fullness(done.cut.polygons).min() > 0.999
    assert np.allclose(shapely.area(done.cut.polygons), 10_000)


def test_atoms_that_touch_by_a_few_metres_only_do_not_make_a_dumbbell():
    # Bricks: the left lower one and the right upper one touch along four metres, and fit in size.
    seams = Seams.of(
        [line((0, 70), (140, 70)), line((74, 0), (74, 70)), line((70, 70), (70, 140))], worth=[0.1, 0.9, 0.9]
    )
    done = cut_ground(frame_of(shapely.box(0, 0, 140, 140)), Ground(seams), section())
    assert set(shapely.get_type_id(shapely.buffer(done.cut.polygons, -4.0))) == {3}


def test_a_blind_end_is_carried_on_to_the_next_border():
    seams = Seams.of([line((95, 0), (95, 70))], layer="roads")
    frame = frame_of(shapely.box(0, 0, 190, 100))
    done = cut_ground(frame, Ground(seams), section())
    assert_divides(frame, done.cut)
    assert cut_lengths(done, SEAM) == pytest.approx(70)
    assert cut_lengths(done, CUT) == pytest.approx(30)


def test_a_blind_end_runs_square_to_a_near_border_rather_than_far_straight_on():
    # 10 m to the side against 80 m ahead.
    parent = shapely.box(0, 0, 200, 150)
    xy, kind, ends = blind_ends(parent, [shapely.LineString([(20, 100), (20, 20), (60, 20), (85, 10)])])
    links = xy[ends[kind == LINK]]
    assert [sorted(map(tuple, link.tolist())) for link in links if (85, 10) in map(tuple, link.tolist())] == [
        [(85, 0), (85, 10)]
    ]


def test_a_blind_end_whose_way_is_built_up_stays_blind():
    parent = shapely.box(0, 0, 190, 100)
    lane = [shapely.LineString([(95, 0), (95, 40)])]
    house = np.array([shapely.box(80, 60, 110, 80)], dtype=object)
    assert (blind_ends(parent, lane)[1] == LINK).sum() == 1
    assert (blind_ends(parent, lane, obstacles_of(house, parent.bounds))[1] == LINK).sum() == 0


def test_a_path_that_ends_at_a_front_door_does_not_go_on_through_the_house():
    parent = shapely.box(0, 0, 190, 100)
    path = [shapely.LineString([(95, 0), (95, 60.05)]), shapely.LineString([(0, 62), (190, 62)])]
    house = np.array([shapely.box(80, 60, 110, 80)], dtype=object)
    assert (blind_ends(parent, path, obstacles_of(house, parent.bounds))[1] == LINK).sum() == 0


def test_two_blind_ends_that_face_each_other_are_linked_once():
    lanes = [shapely.LineString([(95, 0), (95, 40)]), shapely.LineString([(95, 100), (95, 60)])]
    xy, kind, ends = blind_ends(shapely.box(0, 0, 190, 100), lanes)
    assert [sorted(map(tuple, link.tolist())) for link in xy[ends[kind == LINK]]] == [[(95, 40), (95, 60)]]


@settings(max_examples=100, deadline=None)
@given(st.lists(st.tuples(*[st.integers(-20, 320)] * 4), min_size=1, max_size=14))
def test_links_of_blind_ends_cross_nothing(corners):
    lines = [shapely.LineString([(a, b), (c, d)]) for a, b, c, d in corners if (a, b) != (c, d)]
    if not lines:
        return
    xy, kind, ends = blind_ends(shapely.box(0, 0, 300, 200), lines)
    pieces = shapely.linestrings(xy[ends])
    one, two = shapely.STRtree(pieces).query(pieces[kind == LINK], predicate="intersects")
    for link, other in zip(np.flatnonzero(kind == LINK)[one], two, strict=True):
        shared = set(ends[link]) & set(ends[other])
        met = shapely.intersection(pieces[link], pieces[other])
        assert link == other or (len(shared) == 1 and met.length < 1e-3)


def test_a_driveway_is_no_blind_end():
    assert (blind_ends(shapely.box(0, 0, 190, 100), [shapely.LineString([(95, 0), (95, 15)])])[1] == LINK).sum() == 0


def noded(parent, lines):
    count = len(lines)
    return node_lines(
        parent, np.array(lines, dtype=object), np.full(count, SEAM, np.int8), np.full(count, 0.5),
        np.zeros(count, bool), np.arange(count, dtype=np.int32),
    )  # fmt: skip


def blind_ends(parent, lines, obstacles=None):
    edges = carry_on(noded(parent, lines), obstacles or no_obstacles())
    return edges.xy, edges.kind, edges.ends


def in_cells(mesh, cell, cells):
    """Return heads and chains of cells, as windows want them."""
    heads, chain = np.full(cells, -1, np.int32), np.full(len(mesh.area), -1, np.int32)
    for face in range(len(cell) - 1, -1, -1):
        chain[face] = heads[cell[face]]
        heads[cell[face]] = face
    return heads, chain


def price(mesh, cell, cells):
    label = np.full(len(mesh.area), -1, np.int32)
    label[: len(cell)] = cell
    return sum(
        region_cost(mesh, np.flatnonzero(cell == c).astype(np.int32), label, 10_000.0, 0.1) for c in range(cells)
    )


def is_connected(near, members):
    seen, stack = {members[0]}, [members[0]]
    while stack:
        for other in near[stack.pop()] & set(members) - seen:
            seen.add(other)
            stack.append(other)
    return len(seen) == len(members)


@settings(max_examples=20, deadline=None)
@given(st.lists(st.integers(48, 62), min_size=3, max_size=3), st.lists(st.integers(80, 100), min_size=2, max_size=2))
def test_a_window_finds_what_trying_all_divisions_finds(widths, heights):
    x, y = np.cumsum([0, *widths]), np.cumsum([0, *heights])
    parent = shapely.box(0, 0, float(x[-1]), float(y[-1]))
    lines = [shapely.LineString([(v, 0), (v, y[-1])]) for v in x[1:-1]] + [
        shapely.LineString([(0, y[1]), (x[-1], y[1])])
    ]
    mesh, _ = build_mesh(parent, noded(parent, lines), 4)
    count = int(mesh.used[2])
    face = mesh.face[: 2 * mesh.used[1]].reshape(-1, 2)
    near = {f: set() for f in range(count)}
    for a, b in face[(face >= 0).all(axis=1)].tolist():
        near[a].add(b)
        near[b].add(a)
    # Start from something poor: one atom, one atom, all others, if that hangs together.
    start = np.full(count, 2, np.int32)
    start[0], start[1] = 0, 1
    cell = np.full(len(mesh.area), -1, np.int32)
    cell[:count] = start
    heads, chain = in_cells(mesh, start, 3)
    cost = np.array(
        [region_cost(mesh, np.flatnonzero(start == c).astype(np.int32), cell, 10_000.0, 0.1) for c in range(3)]
    )
    loc = np.full(len(mesh.area), -1, np.int32)
    redivide_window(mesh, np.arange(3), heads, chain, cell, cost, 10_000.0, 0.1, loc)
    found = cell[:count]
    assert cost.sum() == pytest.approx(price(mesh, found, 3))
    area = mesh.area[:count]
    best = price(mesh, start, 3)
    for labels in itertools.product(range(3), repeat=count):
        trial = np.array(labels, np.int32)
        groups = [np.flatnonzero(trial == c).tolist() for c in range(3)]
        fits = [g and (abs(area[g].sum() / 10_000 - 1) <= 0.12 or g in [[0], [1], list(range(2, count))])
                for g in groups]  # fmt: skip
        if all(fits) and all(is_connected(near, g) for g in groups):
            best = min(best, price(mesh, trial, 3))
    assert cost.sum() <= best + 0.5
    assert (loc == -1).all()


def test_a_seam_through_one_of_three_houses_that_overlap_goes_round_all_of_them():
    houses = np.array([here(shapely.box(x, y, x + 25, y + 18)) for x, y in ((5, 65), (11, 31), (7, 48))], dtype=object)
    lines = [line((120, 320), (0, 55)), line((0, 0), (0, 200))]
    done = cut_ground(frame_of(shapely.box(0, 0, 300, 200)), Ground(Seams.of(lines), houses), section())
    ours = done.stretches.reason != LEGAL
    borders = shapely.linestrings(np.stack([done.stretches.start[ours], done.stretches.end[ours]], axis=1))
    assert len(shapely.STRtree(shapely.buffer(houses, -0.05)).query(borders, predicate="intersects")[0]) == 0


@settings(max_examples=12, deadline=None)
@given(
    st.lists(st.tuples(*[st.integers(-20, 320)] * 4), max_size=10),
    st.lists(st.tuples(st.integers(5, 260), st.integers(5, 160)), max_size=12),
)
def test_whatever_seams_and_buildings_no_building_is_nicked_and_a_second_run_is_the_same(ends, corners):
    lines = [line((a, b), (c, d)) for a, b, c, d in ends if (a, b) != (c, d)]
    houses = np.array([here(shapely.box(x, y, x + 25, y + 18)) for x, y in corners], dtype=object)
    ground = Ground(Seams.of(lines) if lines else Seams(), houses)
    frame = frame_of(shapely.box(0, 0, 300, 200))
    done = cut_ground(frame, ground, section())
    assert_divides(frame, done.cut)
    ours = done.stretches.reason != LEGAL
    borders = shapely.linestrings(np.stack([done.stretches.start[ours], done.stretches.end[ours]], axis=1))
    inner = shapely.buffer(houses, -0.05) if len(houses) else houses
    assert len(shapely.STRtree(inner).query(borders, predicate="intersects")[0]) == 0
    again = cut_ground(frame, ground, section())
    assert [p.wkb for p in done.cut.polygons] == [p.wkb for p in again.cut.polygons]


def test_a_closed_row_of_houses_is_parted_along_its_party_walls():
    row = np.array([here(shapely.box(x, 10, x + 30, 142)) for x in range(10, 190, 30)], dtype=object)
    frame = frame_of(shapely.box(0, 0, 200, 152))
    done = cut_ground(frame, Ground(buildings=row), section())
    assert_divides(frame, done.cut)
    assert np.abs(shapely.area(done.cut.polygons) / 10_000 - 1).max() <= 0.10
    inside = shapely.area(shapely.intersection(done.cut.polygons[:, None], row[None, :]))
    assert np.allclose(np.round(inside / 3_960), inside / 3_960, atol=0.001)
    assert cut_lengths(done, TESSELLATION) >= 2 * 132
