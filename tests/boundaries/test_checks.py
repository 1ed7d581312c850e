"""What is wrong with outlines is found, located, measured and reported together."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from geogrid.boundaries import RULES, LevelFile, bundled, check_boundaries, check_levels, read_boundaries
from geogrid.boundaries.levels import RawLevel
from geogrid.errors import BoundaryError, InputError
from geogrid.types import Finding
from tests.boundaries.conftest import SOUTH, SQUARE_M2, STEP, WEST, Draw, box, polygon


def rules(findings: tuple[Finding, ...]) -> list[str]:
    return [finding.rule for finding in findings]


def one(findings: tuple[Finding, ...], rule: str) -> Finding:
    (found,) = [finding for finding in findings if finding.rule == rule]
    return found


def squares_of(finding: Finding) -> tuple[float, float]:
    """Return where a finding lies, in squares from the south-west corner."""
    assert finding.lon is not None
    assert finding.lat is not None
    return (finding.lon - WEST) / STEP, (finding.lat - SOUTH) / STEP


def test_sound_outlines_have_no_findings(district: Path, streets: Path) -> None:
    place = read_boundaries({"district": district, "street": streets})
    assert place.findings == ()
    assert place.changes == ()
    assert (place.code, place.name, place.finest.level) == ("D", "District", "street")
    assert place.finest.parents.tolist() == ["D", "D"]
    assert place.source.files == (str(district), str(streets))
    assert len(place.source.sha256) == 64


def test_an_overlap_of_siblings_is_found_with_both_names(draw: Draw) -> None:
    path = draw(
        "s",
        [{"code": "a", "name": "A", "shape": box(0, 0, 3, 4)}, {"code": "b", "name": "B", "shape": box(2, 0, 2, 4)}],
    )
    found = one(check_boundaries(path), "no_overlap")
    assert found.subjects == ("a", "b")
    assert found.amount == pytest.approx(4 * SQUARE_M2, rel=1e-3)
    x, y = squares_of(found)
    assert 2 <= x <= 3
    assert 0 <= y <= 4


def test_an_area_within_another_is_an_overlap_too(draw: Draw) -> None:
    path = draw(
        "s",
        [{"code": "a", "name": "A", "shape": box(0, 0, 4, 4)}, {"code": "b", "name": "B", "shape": box(1, 1, 1, 1)}],
    )
    assert one(check_boundaries(path), "no_overlap").amount == pytest.approx(SQUARE_M2, rel=1e-3)


def test_a_gap_is_found_against_the_parent_and_without_one(draw: Draw, district: Path) -> None:
    ring = box(0, 0, 4, 4).difference(box(1, 1, 1, 1)).difference(box(2.5, 0, 1.5, 4))
    path = draw("s", [{"code": "a", "name": "A", "shape": ring}, {"code": "b", "name": "B", "shape": box(3, 0, 1, 4)}])
    with_parent = [f for f in check_boundaries({"district": district, "street": path}) if f.rule == "no_gap"]
    assert [round(f.amount / SQUARE_M2, 2) for f in with_parent] == [2.0, 1.0]
    assert squares_of(with_parent[1]) == pytest.approx((1.5, 1.5), abs=0.51)
    assert with_parent[0].subjects[0] == "D"
    alone = one(check_boundaries(path), "no_gap")
    assert alone.amount == pytest.approx(SQUARE_M2, rel=1e-3)


def test_a_community_that_sticks_out_of_its_street_is_found(draw: Draw, district: Path, streets: Path) -> None:
    path = draw(
        "c",
        [
            {"code": "D11", "name": "In", "parent": "D1", "shape": box(0, 0, 2, 2)},
            {"code": "D12", "name": "Out", "parent": "D1", "shape": box(0, 2, 2.5, 2)},
            {
                "code": "D21",
                "name": "Rest",
                "parent": "D2",
                "shape": polygon((2, 0), (4, 0), (4, 4), (2.5, 4), (2.5, 2), (2, 2)),
            },
        ],
    )
    found = check_boundaries({"district": district, "street": streets, "community": path})
    out = one(found, "inside_parent")
    assert out.subjects == ("D12",)
    assert out.amount == pytest.approx(SQUARE_M2, rel=1e-3)
    assert squares_of(out) == pytest.approx((2.25, 3), abs=1)
    assert "street D1 West" in out.message


def test_self_intersection_is_found_where_it_is(draw: Draw) -> None:
    bow = polygon((0, 0), (2, 2), (2, 0), (0, 2))
    found = one(check_boundaries(draw("s", [{"code": "a", "name": "Bow", "shape": bow}])), "is_simple")
    assert squares_of(found) == pytest.approx((1, 1), abs=1e-6)
    assert "a Bow" in found.message


def test_repeated_codes_are_found_with_all_their_places(draw: Draw) -> None:
    rows = [{"code": "a", "name": name, "shape": box(x, 0, 1, 1)} for x, name in enumerate("XYZ")]
    found = one(check_boundaries(draw("s", rows)), "unique_code")
    assert found.amount == 3
    assert all(f"row {row} {name}" in found.message for row, name in ((1, "X"), (2, "Y"), (3, "Z")))


def test_missing_geometry_codes_and_wrong_kinds_are_found(draw: Draw) -> None:
    rows = [
        {"code": "a", "name": "None", "shape": None},
        {"code": "b", "name": "Line", "shape": shapely.LineString([(121, 31), (122, 31)])},
        {"code": None, "name": "Nameless", "shape": box(0, 0, 1, 1)},
    ]
    found = check_boundaries(draw("s", rows))
    assert rules(found) == ["not_empty", "is_polygon", "has_code"]
    assert one(found, "not_empty").subjects == ("a",)
    assert one(found, "has_code").subjects == ("row 3",)


def test_a_parent_that_does_not_exist_is_found(draw: Draw, district: Path) -> None:
    rows = [{"code": "a", "name": "A", "parent": "X", "shape": box(0, 0, 4, 4)}]
    found = check_boundaries({"district": district, "street": draw("s", rows)})
    assert "names the parent X" in one(found, "has_parent").message


def test_without_a_parent_column_the_area_that_holds_most_is_the_parent(
    draw: Draw, district: Path, streets: Path
) -> None:
    rows = [
        {"code": "1", "name": "W", "shape": box(0, 0, 2.4, 4)},
        {"code": "2", "name": "E", "shape": box(2.4, 0, 1.6, 4)},
    ]
    files = {"district": district, "street": streets, "community": draw("c", rows)}
    place = read_boundaries(files, accept=("inside_parent", "no_gap"))
    assert place.finest.parents.tolist() == ["D1", "D2"]
    assert rules(place.findings) == ["inside_parent", "no_gap"]
    undecided = draw("u", [{"code": "1", "name": "H", "shape": box(1, 0, 2, 4)}])
    found = check_boundaries({"district": district, "street": streets, "community": undecided})
    assert "holds 50%" in one(found, "has_parent").message


def test_everything_wrong_in_a_file_is_reported_at_once(draw: Draw, district: Path) -> None:
    rows = [
        {"code": "a", "name": "Bow", "shape": polygon((0, 0), (1, 1), (1, 0), (0, 1))},
        {"code": "b", "name": "B", "shape": box(2, 0, 2, 2)},
        {"code": "b", "name": "B again", "shape": box(3, 0, 1.5, 2)},
        {"code": "c", "name": "Gone", "shape": None},
    ]
    path = draw("s", rows)
    found = check_boundaries({"district": district, "street": path})
    assert set(rules(found)) == {"not_empty", "is_simple", "unique_code", "inside_parent", "no_overlap", "no_gap"}
    assert rules(found) == sorted(rules(found), key=list(RULES).index)
    with pytest.raises(BoundaryError, match="mend: correct the file") as error:
        read_boundaries({"district": district, "street": path})
    assert error.value.findings == found


def test_a_missing_crs_and_a_missing_encoding_are_reported_with_the_rest(draw: Draw) -> None:
    rows = [
        {"code": "a", "name": "西", "shape": box(0, 0, 3, 4)},
        {"code": "b", "name": "东", "shape": box(2, 0, 2, 4)},
    ]
    path = draw("s", rows, crs=None, ending="shp")
    path.with_suffix(".cpg").unlink()
    table = path.with_suffix(".dbf")
    table.write_bytes(table.read_bytes()[:29] + b"\0" + table.read_bytes()[30:])
    found = check_boundaries(path)
    assert set(rules(found)) == {"encoding_declared", "crs_declared", "no_overlap"}


def test_swapped_axes_are_reported_with_the_rest(draw: Draw) -> None:
    rows = [{"code": "a", "name": "A", "shape": box(0, 0, 3, 4)}, {"code": "b", "name": "B", "shape": box(2, 0, 2, 4)}]
    swapped = [{**row, "shape": shapely.transform(row["shape"], lambda xy: xy[:, ::-1])} for row in rows]
    found = check_boundaries(draw("s", swapped))
    assert rules(found) == ["longitude_first", "no_overlap"]
    assert squares_of(found[1]) == pytest.approx((2.5, 2), abs=2)


def test_a_level_swapped_against_the_one_above_is_found_even_where_both_orders_could_be_places(draw: Draw) -> None:
    """Zurich's (8.5, 47.4) swapped is a place in the Gulf of Aden: only the other level tells."""
    canton = draw("canton", [{"code": "Z", "name": "Z", "shape": shapely.box(8.4, 47.2, 8.8, 47.6)}])
    town = draw("town", [{"code": "T", "name": "T", "shape": shapely.box(47.3, 8.5, 47.4, 8.6)}])
    found = check_boundaries({"canton": canton, "town": town})
    assert rules(found) == ["longitude_first"]
    assert (found[0].lon, found[0].lat) == pytest.approx((8.55, 47.35))


def test_rounding_to_the_lattice_is_no_finding(draw: Draw) -> None:
    """A T-junction off the lattice leaves a sliver thinner than a step on either side."""
    rows = [
        {"code": "a", "name": "A", "shape": polygon((0, 0), (2, 0), (2.3, 4), (0, 4))},
        {"code": "b", "name": "B", "shape": polygon((2, 0), (4, 0), (4, 2), (2.15, 2))},
        {"code": "c", "name": "C", "shape": polygon((2.15, 2), (4, 2), (4, 4), (2.3, 4))},
    ]
    assert check_boundaries(draw("s", rows)) == ()


def test_findings_of_a_hand_width_are_still_found(draw: Draw) -> None:
    hand = 0.001  # ten steps, 9.5 cm
    rows = [
        {"code": "a", "name": "A", "shape": box(0, 0, 2 + hand, 4)},
        {"code": "b", "name": "B", "shape": box(2, 0, 2, 4)},
    ]
    assert one(check_boundaries(draw("s", rows)), "no_overlap").amount == pytest.approx(0.004 * SQUARE_M2, rel=1e-3)


def test_levels_come_from_a_column_in_their_known_order(draw: Draw) -> None:
    rows = [
        {"code": "D1", "name": "W", "level": "street", "parent": "D", "shape": box(0, 0, 2, 4)},
        {"code": "D2", "name": "E", "level": "street", "parent": "D", "shape": box(2, 0, 2, 4)},
        {"code": "D", "name": "D", "level": "district", "parent": "", "shape": box(0, 0, 4, 4)},
    ]
    place = read_boundaries(draw("all", rows))
    assert [level.level for level in place.levels] == ["district", "street"]
    only = read_boundaries(draw("all", rows), levels=("street",), place_code="D", place_name="Only streets")
    assert (len(only.levels), only.code, only.name) == (1, "D", "Only streets")
    strange = [{**row, "level": {"street": "beat", "district": "precinct"}[row["level"]]} for row in rows]
    with pytest.raises(InputError, match=r"order of the levels is not known.*coarse to fine"):
        read_boundaries(draw("strange", strange))
    assert len(read_boundaries(draw("strange", strange), levels=("precinct", "beat")).levels) == 2


def test_columns_of_any_name_are_taken_when_told_and_listed_when_not(draw: Draw) -> None:
    path = draw("s", [{"JDDM": 310114001, "JDMC": "新成路街道", "shape": box(0, 0, 1, 1)}])
    place = read_boundaries({"street": LevelFile(path, code="JDDM", name="JDMC")})
    assert place.finest.codes.tolist() == ["310114001"]
    with pytest.raises(BoundaryError, match="no column for the code; given: code; allowed: JDDM, JDMC"):
        read_boundaries(path)


def test_a_rule_that_does_not_exist_cannot_be_accepted(district: Path) -> None:
    with pytest.raises(InputError, match="no such rule; given: no_gaps"):
        read_boundaries(district, accept=("no_gaps",))


def test_an_empty_file_is_an_error(draw: Draw) -> None:
    with pytest.raises(BoundaryError, match="no feature"):
        read_boundaries(draw("s", [{"code": "a", "name": "A", "shape": box(0, 0, 1, 1)}]), where="code = 'z'")


@settings(max_examples=25)
@given(st.permutations(range(6)))
def test_the_order_of_features_changes_no_finding(order: list[int]) -> None:
    shapes = np.array(
        [box(0, 0, 2, 2), box(1, 1, 2, 2), box(3, 0, 1, 1), box(3, 1, 1, 1.2), box(0, 3, 4, 1), box(0, 2, 1, 1.1)]
    )
    codes = np.array(list("abcdef"), dtype=object)

    def found(rows: list[int]) -> set[tuple[str, frozenset[str], float]]:
        level = RawLevel("street", codes[rows], codes[rows], None, shapes[rows], "drawn")
        return {(f.rule, frozenset(f.subjects), round(f.amount or 0, 3)) for f in check_levels([level])}

    assert found(order) == found(list(range(6)))


def test_the_bundled_outlines_are_sound() -> None:
    for code in ("310114", "310112", "310120", "310113", "310106", "110101"):
        assert check_boundaries(Path(bundled(code).source.files[0]).parent) == ()


def test_real_neighbourhoods_overlap_where_they_do(acceptance_data: Path) -> None:
    source = acceptance_data / "baltimore" / "neighborhoods.gpkg"
    found = check_boundaries(source, code="name")
    assert [(f.rule, f.subjects) for f in found if f.rule == "no_overlap"] == [
        ("no_overlap", ("Cheswolde", "Cross Country")),
        ("no_overlap", ("Cross Country", "Glen")),
    ]
    with pytest.raises(BoundaryError, match=r"80\.09 m² belong both"):
        read_boundaries(source, code="name")


def test_real_blocks_and_districts_are_sound(acceptance_data: Path) -> None:
    folder = acceptance_data / "baltimore"
    assert check_boundaries(folder / "blocks2020.gpkg", code="geoid20") == ()
    assert check_boundaries(folder / "council_districts.gpkg", code="id") == ()
    police = read_boundaries(folder / "police_districts.gpkg", code="number", levels=("police",))
    assert {finding.rule for finding in police.findings} == {"no_gap"}, "the harbour belongs to no police district"
    assert [change.code for change in police.changes] == ["4"]
