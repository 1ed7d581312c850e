"""Past reports against a division: load, mix, families, rows that cannot be judged."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geogrid.assign.answering import Desk
from geogrid.assign.roster import Department, Duty, Person, Roster, Served, Station
from geogrid.coverage.fit import Fit, fit_reports
from geogrid.coverage.load import gini, gini_by_chance
from geogrid.coverage.mixture import chance_bits, shared_bits
from geogrid.coverage.nearness import connected
from geogrid.coverage.past import past_reports
from geogrid.coverage.thresholds import Thresholds
from geogrid.errors import DatumError, InputError
from geogrid.testing import toy_city

STEP = 0.001
WEST, SOUTH = 121.25, 31.38


def a_roster() -> Roster:
    """Four heads, one per grid; the two western ones belong to D1, the eastern to D2."""
    return Roster(
        departments=(Department("D1", "West squad"), Department("D2", "East squad")),
        persons=tuple(Person(f"p{i}", f"Person {i}", "D1" if i in (1, 2) else "D2") for i in range(1, 5)),
        stations=(Station("S1", "West", department="D1"), Station("S2", "East", department="D2")),
        serves=(Served("street", "990100001", "S1"), Served("street", "990100002", "S2")),
        duties=tuple(Duty(f"p{i}", "grid_head", "responsibility", f"G0{i}") for i in range(1, 5)),
    )


def a_row(column: float, row: float, **changes: object) -> dict[str, object]:
    """One report at so many squares east and north of the south-west corner."""
    told: dict[str, object] = {
        "lon": WEST + column * STEP, "lat": SOUTH + row * STEP, "category": "litter", "at": "2026-01-05T10:00",
    }  # fmt: skip
    return told | changes


def a_fit(rows: list[dict[str, object]], roster: Roster | None = None, **thresholds: object) -> Fit:
    desk = Desk(toy_city(), a_roster() if roster is None else roster)
    past = past_reports(pd.DataFrame(rows), calendar=desk.roster.calendar, datum="wgs84")
    return fit_reports(desk, past, thresholds=Thresholds.model_validate(thresholds))


def rules(fit: Fit) -> set[str]:
    return {finding.rule for finding in fit.findings}


def squad_rows() -> list[dict[str, object]]:
    squads = ["squad 3"] * 133 + ["squad 1"] * 21 + ["squad 2"] * 20
    solved = ["yes"] * 23 + ["no"] * 110 + ["yes"] * 41
    return [
        a_row(0.1 + 3.8 * (i / 174), 0.5 + (i % 4), department=squad, solved=done, at=f"2026-01-{1 + i % 28:02d}T10:00")
        for i, (squad, done) in enumerate(zip(squads, solved, strict=True))
    ]


def test_the_squad_with_133_of_174_tickets_that_solves_17_percent_is_flagged() -> None:
    fit = a_fit(squad_rows())
    load = fit.load("department")
    assert (load.holders[0].code, load.holders[0].reports, load.reports, load.basis) == ("squad 3", 133, 174, "file")
    shared = [finding for finding in fit.findings if finding.rule == "load_is_shared"]
    assert [finding.message for finding in shared] == [
        "department squad 3 has 133 of 174 reports (76.4%) among 3 and solved 23 of them (17.3%)"
    ]
    unsolved = [
        finding
        for finding in fit.findings
        if finding.rule == "reports_are_solved" and finding.subjects[0] == "department"
    ]
    assert [(f.subjects, round(f.amount, 3)) for f in unsolved] == [(("department", "squad 3"), 0.173)]


def test_thresholds_decide_what_is_flagged() -> None:
    lenient = {"top_share": 0.8, "solved_share": 0.1}
    assert not rules(a_fit(squad_rows(), load=lenient)) & {"load_is_shared", "reports_are_solved"}
    assert not rules(a_fit(squad_rows()[:20])) & {"load_is_shared", "reports_are_solved"}


def test_without_a_column_of_handlers_load_counts_by_who_answers() -> None:
    fit = a_fit([a_row(0.5, 0.5, category=f"c{i}") for i in range(3)] + [a_row(2.5, 2.5), a_row(9, 9)])
    by_kind = {load.of: load for load in fit.loads}
    assert [(h.code, h.reports) for h in by_kind["person"].holders] == [("p1", 3), ("p4", 1), ("p2", 0), ("p3", 0)]
    assert [(h.code, h.reports) for h in by_kind["station"].holders] == [("S1", 3), ("S2", 1)]
    assert [(h.code, h.reports) for h in by_kind["department"].holders] == [("D1", 3), ("D2", 1)]
    assert [(h.code, h.reports) for h in by_kind["responsibility"].holders][:2] == [("G01", 3), ("G04", 1)]
    assert {load.basis for load in fit.loads} == {"place", "answer"}
    assert by_kind["person"].without == 1
    assert (fit.figures["outside"], by_kind["person"].holders[0].solved) == (1, None)


def test_handlers_may_be_named_by_code_or_by_name() -> None:
    rows = [a_row(0.5, 0.5, department=label) for label in ("D1", "West squad", "Fire brigade", "")]
    load = a_fit(rows).load("department")
    assert [(h.code, h.reports) for h in load.holders] == [("D1", 2), ("Fire brigade", 1), ("D2", 0)]
    assert load.without == 1


def test_a_closed_report_is_solved_and_an_open_one_is_not() -> None:
    rows = [a_row(0.5, 0.5, closed="2026-01-06 10:00"), a_row(0.5, 0.5, closed="")]
    assert a_fit(rows).load("responsibility").holders[0].solved == 1


def test_the_gini_coefficient_is_that_of_the_textbook() -> None:
    counts = np.array([3, 0, 7, 1, 1])
    textbook = np.abs(counts[:, None] - counts[None, :]).sum() / (2 * len(counts) ** 2 * counts.mean())
    assert gini(counts) == pytest.approx(textbook)


def test_the_gini_of_chance_is_what_blind_throws_give() -> None:
    random = np.random.default_rng(7)
    for reports, holders in ((50, 200), (1000, 100), (40_000, 50)):
        thrown = [gini(np.bincount(random.integers(0, holders, reports), minlength=holders)) for _ in range(60)]
        assert gini_by_chance(reports, holders) == pytest.approx(np.mean(thrown), abs=0.01)


def test_few_reports_on_many_grids_are_not_called_uneven() -> None:
    random = np.random.default_rng(3)
    rows = [a_row(*random.uniform(0.01, 3.99, 2)) for _ in range(40)]
    assert "load_is_even" not in rules(a_fit(rows, load={"gini": 0.01, "at_least": 1}))
    crowded = [a_row(0.5, 0.5)] * 40
    assert "load_is_even" in rules(a_fit(crowded))


def test_a_division_whose_grids_look_alike_but_hide_differences_is_flagged() -> None:
    # Every grid is two squares wide: all litter in its western half, all noise in its eastern one.
    rows = [
        a_row(column + 0.5, row + 0.5, category="litter" if column % 2 == 0 else "noise", at=f"2026-{month:02d}-01")
        for column in range(4) for row in range(4) for month in range(1, 9)
    ]  # fmt: skip
    fit = a_fit(rows, mix={"patch_m": 90.0, "at_least": 20})
    mix = fit.mixture("responsibility")
    assert [(grid.reports, grid.entropy_bits) for grid in mix.grids] == [(32, 1.0)] * 4
    assert mix.shown_bits < 0.01
    assert mix.hidden_bits > 0.9
    assert {"division_shows_differences", "grid_is_of_one_kind"} <= rules(fit)


def test_a_division_that_follows_the_differences_hides_nothing() -> None:
    rows = [
        a_row(column + 0.5, row + 0.5, category=f"c{(column // 2) + 2 * (row // 2)}", at=f"2026-{month:02d}-01")
        for column in range(4) for row in range(4) for month in range(1, 9)
    ]  # fmt: skip
    mix = a_fit(rows, mix={"patch_m": 90.0}).mixture("responsibility")
    assert mix.shown_bits == pytest.approx(2.0, abs=0.1)
    assert (mix.hidden_bits, mix.grids[0].entropy_bits, mix.grids[0].top_share) == (0.0, 0.0, 1.0)


def test_what_chance_shows_is_the_mean_over_all_pairings() -> None:
    random = np.random.default_rng(1)
    one, other = np.repeat([0, 1, 2], [5, 3, 2]), np.repeat([0, 1], [6, 4])
    shuffled = np.mean([shared_bits(one, random.permutation(other)) for _ in range(4000)])
    assert chance_bits([5, 3, 2], [6, 4]) == pytest.approx(shuffled, abs=0.01)


def test_reports_of_one_thing_across_a_border_are_a_family_with_one_owner() -> None:
    # The border between G01 and G03 runs at two squares east; 0.05 squares are about 5 m.
    rows = [
        a_row(2.05, 0.5, id="second", at="2026-01-05T11:00"),
        a_row(1.95, 0.5, id="first", at="2026-01-05T10:00"),
        a_row(1.95, 0.5, id="other kind", category="noise"),
        a_row(1.95, 0.5, id="next week", at="2026-01-12T10:00"),
        a_row(3.0, 0.5, id="far away"),
    ]
    fit = a_fit(rows)
    (family,) = fit.families.families
    assert family.reports == ("first", "second")
    assert family.grids == ("G01", "G03")
    assert (family.owner, family.station, family.department) == ("p1", "S1", "D1")
    assert family.would_go_to == ("p1", "p3")
    assert family.span_m == pytest.approx(9.5, abs=0.1)
    (found,) = [finding for finding in fit.findings if finding.rule == "family_has_one_owner"]
    assert found.message == (
        "2 reports of litter within 10 m across 2 grids (G01, G03) go to 2 people (p1, p3); p1 owns all"
    )


def test_nearness_counts_metres_on_the_ground_and_includes_its_limit() -> None:
    # 30 m are 0.000271° north but 0.000315° east at this latitude.
    north = [a_row(0.5, 0.5), a_row(0.5, 0.5 + 0.300)]
    east = [a_row(0.5, 0.5), a_row(0.5 + 0.300, 0.5)]
    assert len(a_fit(north).families.families) == 0
    assert len(a_fit(east).families.families) == 1
    day_apart = [a_row(0.5, 0.5), a_row(0.5, 0.5, at="2026-01-06T10:00")]
    assert len(a_fit(day_apart).families.families) == 1
    assert len(a_fit([day_apart[0], day_apart[1] | {"at": "2026-01-06T10:00:01"}]).families.families) == 0


def test_a_family_whose_first_report_lies_outside_is_owned_where_somebody_answers() -> None:
    rows = [a_row(-0.05, 0.5, at="2026-01-05T09:00"), a_row(0.05, 0.5)]
    (family,) = a_fit(rows).families.families
    assert (family.owner, family.grids) == ("p1", ("G01",))


def test_where_nobody_answers_the_family_is_flagged_but_not_without_any_roster() -> None:
    rows = [a_row(0.5, 0.5), a_row(0.5, 0.5)]
    lonely = Roster(persons=(Person("p4", "Di"),), duties=(Duty("p4", "grid_head", "responsibility", "G04"),))
    assert "2 reports of litter within 0 m have nobody answerable" in [f.message for f in a_fit(rows, lonely).findings]
    assert a_fit(rows, Roster()).fits


@given(
    points=st.lists(
        st.tuples(st.integers(0, 8), st.integers(0, 8), st.integers(0, 30), st.integers(0, 1)), min_size=1, max_size=60
    ),
    near_m=st.sampled_from([1.0, 5.0, 7.1, 10.0, 15.0]),
    near_s=st.integers(1, 12),
)
def test_families_are_those_of_comparing_every_pair(
    points: list[tuple[int, int, int, int]], near_m: float, near_s: int
) -> None:
    table = np.array(points)
    metres, seconds, kind = table[:, :2] * 5.0, table[:, 2].astype(np.int64), table[:, 3].astype(np.int64)
    root = list(range(len(points)))

    def top(point: int) -> int:
        return point if root[point] == point else top(root[point])

    for one in range(len(points)):
        for other in range(one):
            apart = np.hypot(*(metres[one] - metres[other]))
            if kind[one] == kind[other] and abs(seconds[one] - seconds[other]) <= near_s and apart <= near_m:
                first, second = sorted((top(one), top(other)))
                root[second] = first
    assert connected(metres, seconds, kind, near_m=near_m, near_s=near_s).tolist() == [top(i) for i in range(len(root))]


@settings(max_examples=8)
@given(order=st.permutations(range(30)))
def test_the_order_of_rows_changes_nothing(order: list[int]) -> None:
    rows = [
        a_row(
            0.5 + 0.2 * (i % 12), 1.9 + 0.1 * (i % 3), id=f"r{i:02d}", category=f"c{i % 2}", at=f"2026-01-0{1 + i % 3}"
        )
        for i in range(30)
    ]
    straight, shuffled = a_fit(rows), a_fit([rows[i] for i in order])
    assert shuffled.families.families == straight.families.families
    assert [load.holders for load in shuffled.loads] == [load.holders for load in straight.loads]
    assert [m.hidden_bits for m in shuffled.mixtures] == pytest.approx([m.hidden_bits for m in straight.mixtures])
    assert {f.message for f in shuffled.findings} == {f.message for f in straight.findings}


def test_rows_that_cannot_be_judged_are_listed_with_row_column_value_and_reason() -> None:
    rows = [
        a_row(0.5, 0.5, id="a"),
        a_row(0.5, 0.5, id="a"),
        a_row(0.5, 0.5, id="b", lon=float("nan")),
        a_row(0.5, 0.5, id="c", at=""),
        a_row(0.5, 0.5, id="d", at="05/01/2026"),
        a_row(0.5, 0.5, id="e", lon=31.4, lat=121.2),
        a_row(0.5, 0.5, id="f", category=None),
        a_row(0.5, 0.5, id="g", closed="2025-12-31"),
        a_row(0.5, 0.5, id="h", closed="soon"),
        a_row(0.5, 0.5, id=""),
    ]
    fit = a_fit(rows)
    assert [(p.row, p.column, p.value, p.reason) for p in fit.placed.past.refused] == [
        (3, "id", "a", "already used in row 2"),
        (4, "lon", "", "no coordinate"),
        (5, "at", "", "no time"),
        (6, "at", "05/01/2026", "the time is not understood: ISO 8601 is expected"),
        (7, "lon", "31.4", "the coordinate is out of range: longitude comes first, in degrees"),
        (8, "category", "", "no category"),
        (9, "closed", "2025-12-31", "closed before it was filed"),
        (10, "closed", "soon", "the time is not understood: ISO 8601 is expected"),
        (11, "id", "", "no id"),
    ]
    assert (fit.figures["rows"], fit.figures["rows_refused"], fit.figures["reports"]) == (10, 9, 1)
    assert "row_can_be_judged" in rules(fit)


def test_an_empty_file_an_unknown_column_and_a_missing_datum_are_refused() -> None:
    calendar = Roster().calendar
    frame = pd.DataFrame([a_row(0.5, 0.5)])
    with pytest.raises(InputError, match="no reports"):
        past_reports(frame[:0], calendar=calendar, datum="wgs84")
    with pytest.raises(InputError, match="no such column for category; given: Kind; allowed: at, category, lat, lon"):
        past_reports(frame, calendar=calendar, datum="wgs84", columns={"category": "Kind"})
    with pytest.raises(InputError, match="no column for at"):
        past_reports(frame.drop(columns="at"), calendar=calendar, datum="wgs84")
    with pytest.raises(InputError, match="no such meaning"):
        past_reports(frame, calendar=calendar, datum="wgs84", columns={"colour": "lon"})
    with pytest.raises(InputError, match="no datum"):
        past_reports(frame, calendar=calendar)
    with pytest.raises(DatumError):
        past_reports(frame, calendar=calendar, datum="mars")
    with pytest.raises(InputError, match="none of 1 reports can be judged: row 2, at"):
        past_reports(frame.assign(at=""), calendar=calendar, datum="wgs84")


def test_times_without_a_zone_are_the_citys_own_clock() -> None:
    desk = Desk(toy_city(), a_roster())
    rows = pd.DataFrame([a_row(0.5, 0.5, at="2026-01-05T10:00"), a_row(0.5, 0.5, at="2026-01-05T02:00Z")])
    filed = past_reports(rows, calendar=desk.roster.calendar, datum="wgs84").filed
    assert filed.tolist() == [int(dt.datetime(2026, 1, 5, 2, tzinfo=dt.UTC).timestamp())] * 2


def test_a_fit_is_written_as_geopackage_and_as_tables(tmp_path: Path) -> None:
    import geopandas
    import pyogrio

    rows = [a_row(1.95, 0.5, id="1"), a_row(2.05, 0.5, id="2"), a_row(0.5, 0.5, id="2")]
    fit = a_fit(rows)
    target = fit.write(tmp_path / "fit.gpkg")
    layers = dict(pyogrio.list_layers(target))
    assert layers == {
        "grid_responsibility": "MultiPolygon", "grid_police": "MultiPolygon", "family": "Point", "member": "Point",
        "finding": "Point", "load": None, "mix": None, "refused": None,
    }  # fmt: skip
    grids = geopandas.read_file(target, layer="grid_responsibility")
    assert dict(zip(grids["code"], grids["reports"], strict=True)) == {"G01": 1, "G02": 0, "G03": 1, "G04": 0}
    folder = fit.write(tmp_path / "tables")
    assert pd.read_csv(folder / "family.csv")["owner"].tolist() == ["p1"]
    assert pd.read_csv(folder / "refused.csv")["reason"].tolist() == ["already used in row 3"]
    a_fit([a_row(0.5, 0.5)]).write(tmp_path / "tables")
    assert not (folder / "refused.csv").exists()
    with pytest.raises(InputError, match="cannot write to this kind"):
        fit.write(tmp_path / "fit.xlsx")


def test_thresholds_say_which_key_is_wrong(tmp_path: Path) -> None:
    path = tmp_path / "limits.toml"
    path.write_text(
        "[load]\ntop_share = 1.5\n[family]\nnearly_m = 3\n[colours.red]\nmissing = 1\n[colours.blue]\nmissing = 2\n"
    )
    with pytest.raises(InputError, match=r"3 unacceptable.*load\.top_share.*family\.nearly_m.*turn red at 1"):
        Thresholds.read(path)
    with pytest.raises(InputError, match="hours not understood"):
        Thresholds.parse('[[expected]]\nhours = "sometimes"')
    with pytest.raises(InputError, match="not TOML"):
        Thresholds.parse("[load")
    with pytest.raises(LookupError):
        Thresholds.read(tmp_path / "none.toml")
    assert Thresholds.parse("[family]\nnear_m = 10").family.near_m == 10.0


def test_the_guide_shows_the_thresholds_as_they_are() -> None:
    guide = (Path(__file__).resolve().parents[2] / "docs" / "guide" / "fit.md").read_text(encoding="utf-8")
    shown = Thresholds.parse(guide.partition("```toml\n")[2].partition("```")[0])
    assert shown.model_copy(update={"expected": Thresholds().expected}) == Thresholds()
    assert shown.expected[0] == Thresholds().expected[0]
