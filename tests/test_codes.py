"""Codes: written, read, checked and explained by schemes that are data."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from geogrid.codes import (
    Template,
    bundled_register,
    check_codes,
    explain_code,
    find_scheme,
    numbering_scheme,
    read_register,
    read_schemes,
    scheme,
    schemes,
)
from geogrid.codes.bundle import read_source_toml, read_verified
from geogrid.errors import ChecksumError, CodeError, FormatError, NotFoundError


def test_the_schemes_have_the_lengths_of_their_standards() -> None:
    lengths = {name: tuple(part.digits for part in one.parts) for name, one in schemes().items()}
    assert lengths["unit-grid"] == (6, 3, 3, 3)
    assert lengths["community-service-grid"] == (6, 6, 3, 3, 2)
    assert lengths["component-6-2-2-6"] == (6, 2, 2, 6)
    assert lengths["component-6-2-3-5"] == (6, 2, 3, 5)


@given(st.integers(1, 999), st.integers(1, 999), st.integers(1, 999))
def test_what_is_written_is_read_again(street: int, community: int, number: int) -> None:
    unit_grid = scheme("unit-grid")
    code = unit_grid.format(area=f"310114{street:03d}{community:03d}", sequence=number)
    assert len(code) == 15
    parts = unit_grid.parse(code)
    assert (int(parts["street"]), int(parts["community"]), int(parts["sequence"])) == (street, community, number)
    assert unit_grid.format(**parts) == code


def test_the_thousandth_cell_is_refused_and_the_community_named() -> None:
    unit_grid = scheme("unit-grid")
    assert unit_grid.format(area="310114001001", sequence=999) == "310114001001999"
    with pytest.raises(
        CodeError, match=r"310114001001 has no number left.*999 in each community.*mend: divide community"
    ):
        unit_grid.format(area="310114001001", sequence=1000)
    with pytest.raises(CodeError, match="given: 0"):
        unit_grid.format(area="310114001001", sequence=0)


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("31011400100102", "15 digits .*14 characters"),
        ("31011400100102X", "digits 0 to 9"),
        ("３１０１１４００１００１０２３", "digits 0 to 9"),
        ("310114001001000", r"sequence .* out of range; given: 000 .*digits 13 to 15"),
        ("010114001001001", "district .* out of range"),
    ],
)
def test_a_bad_code_says_what_is_wrong_and_where(code: str, words: str) -> None:
    with pytest.raises(CodeError, match=words):
        scheme("unit-grid").parse(code)


def test_a_code_is_explained_by_the_register() -> None:
    found = explain_code("310114001001023")
    assert [part.meaning for part in found.parts[:3]] == ["嘉定区", "新成路街道", "迎园社区居委会"]
    assert (found.scheme, found.area, found.known) == ("unit-grid", "310114001001", True)


def test_an_area_the_register_should_know_is_told_apart_from_one_it_cannot_know() -> None:
    assert not explain_code("310114999001001").known
    elsewhere = explain_code("440305001001001")
    assert elsewhere.known
    assert elsewhere.parts[0].meaning == ""


def test_sixteen_digits_are_never_guessed() -> None:
    with pytest.raises(CodeError, match=r"more than one way.*component-6-2-2-6.*component-6-2-3-5.*never guessed"):
        explain_code("3101140101000001")
    two = explain_code("3101140101000001", scheme="component-6-2-2-6").parts
    three = explain_code("3101140101000001", scheme="component-6-2-3-5").parts
    assert [part.digits for part in two] == ["310114", "01", "01", "000001"]
    assert [part.digits for part in three] == ["310114", "01", "010", "00001"]


def test_a_merged_community_and_an_undivided_one_are_said_so() -> None:
    found = explain_code("02000031011400160100")
    assert "merged" in found.parts[3].meaning
    assert "not divided" in found.parts[4].meaning
    assert found.known, "merged communities are not in the register"
    assert explain_code("02000031011400100103").parts[3].meaning == "迎园社区居委会"


def test_a_length_no_scheme_has_lists_the_lengths_there_are() -> None:
    with pytest.raises(CodeError, match=r"no scheme.*6 \(district code\).*15 \(unit grid code\)"):
        find_scheme("1234567")
    with pytest.raises(NotFoundError, match="unit-grid"):
        scheme("unitgrid")


def test_parts_that_are_missing_or_strange_are_named() -> None:
    with pytest.raises(CodeError, match="not the parts"):
        scheme("component-6-2-2-6").format(area="310114", sequence=1, major="01")
    with pytest.raises(CodeError, match=r"12 digits.*template"):
        scheme("unit-grid").format(area="Canton", sequence=1)


@given(st.text(min_size=1, max_size=12), st.integers(1, 99_999))
def test_a_template_reads_what_it_writes_whatever_the_area_is_called(area: str, number: int) -> None:
    template = Template("{area}-{seq:05d}")
    code = template.format(area=area, sequence=number)
    assert template.parse(code) == {"area": area, "sequence": f"{number:05d}"}


@pytest.mark.parametrize(
    "text",
    [
        "{seq:05d}",
        "{area}-{seq}",
        "{area}{seq:05d}{seq:05d}",
        "{area!r}-{seq:05d}",
        "{area}-{seq:05d}}",
        "{area.__class__}-{seq:05d}",
    ],
)
def test_a_template_that_would_not_do_is_refused(text: str) -> None:
    with pytest.raises(CodeError, match="not a template"):
        Template(text)


def test_a_full_area_of_a_template_is_named() -> None:
    template = numbering_scheme("{area}/{seq:02d}")
    with pytest.raises(CodeError, match=r"Canton has no such number.*1 to 99.*seq:03d"):
        template.format(area="Canton", sequence=100)


def test_many_codes_are_checked_at_once() -> None:
    codes = ["310114001001001", "310114001001001", "31011400100100", "310114999001001", "440305001001001"]
    found = check_codes(codes, scheme="unit-grid", register=bundled_register())
    assert [(finding.rule, finding.subjects[0]) for finding in found] == [
        ("unique_code", "310114001001001"),
        ("follows_scheme", "31011400100100"),
        ("in_register", "310114999001001"),
        ("in_register", "440305001001001"),
    ]


def test_a_place_may_bring_schemes_of_its_own(tmp_path: Path) -> None:
    path = tmp_path / "schemes.toml"
    path.write_text(
        '[[scheme]]\nname = "beat"\narea = ["ward"]\nsequence = "beat"\n'
        'parts = [{name = "ward", digits = 2, least = 1, most = 50}, {name = "beat", digits = 2, least = 11}]\n'
    )
    beat = read_schemes(path)["beat"]
    assert beat.format(area="07", sequence=11) == "0711"
    with pytest.raises(CodeError, match="01 to 50"):
        beat.parse("5111")
    path.write_text('[[scheme]]\nname = "beat"\n')
    with pytest.raises(FormatError, match="parts"):
        read_schemes(path)


def test_the_register_has_the_streets_and_committees_of_six_districts() -> None:
    register = bundled_register()
    assert [len(register.level(level)) for level in ("district", "street", "community")] == [6, 82, 2350]
    assert len(register.children("310114")) == 12
    assert all(register[code].parent in register for code in register if len(code) > 6)


def test_the_register_is_the_one_of_the_acceptance_data(acceptance_data: Path) -> None:
    register = bundled_register()
    theirs = read_register(acceptance_data / "register_communities_6districts.csv")
    assert {entry.code: entry.name for entry in theirs.level("community")} == {
        entry.code: entry.name for entry in register.level("community")
    }
    streets = read_register(acceptance_data / "register_streets_shanghai_beijing.csv")
    assert all(streets.name(entry.code) == entry.name for entry in register.level("street"))


def test_a_code_that_is_not_in_the_register_names_its_neighbours() -> None:
    with pytest.raises(NotFoundError, match="310114001 新成路街道"):
        bundled_register()["310114999"]
    assert bundled_register().find("310114999") is None


def test_a_changed_file_is_refused_by_name(tmp_path: Path) -> None:
    (tmp_path / "streets.csv").write_bytes(b"code,name\n")
    (tmp_path / "source.toml").write_text(f'[sha256]\n"streets.csv" = "{hashlib.sha256(b"code").hexdigest()}"\n')
    with pytest.raises(ChecksumError, match=r"in: .*streets\.csv"):
        read_verified(tmp_path, "streets.csv")


def test_a_source_without_digests_is_refused(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match=r"no source\.toml"):
        read_source_toml(tmp_path)
    (tmp_path / "source.toml").write_text("publisher = 'x'\n")
    with pytest.raises(FormatError, match="sha256"):
        read_source_toml(tmp_path)
    (tmp_path / "source.toml").write_text("publisher = \n")
    with pytest.raises(FormatError, match="TOML"):
        read_source_toml(tmp_path)


def test_a_register_with_other_columns_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "register.csv"
    path.write_text("代码,名称\n", encoding="utf-8")
    with pytest.raises(FormatError, match="columns code and name"):
        read_register(path)
    path.write_bytes("code,name\n310114,嘉定区\n".encode("gbk"))
    with pytest.raises(FormatError, match="UTF-8"):
        read_register(path)
    path.write_text("code,name\n31011,x\n")
    with pytest.raises(FormatError, match="row 2"):
        read_register(path)
