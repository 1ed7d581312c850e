"""Rosters read row by row, checked as a whole, applied in one go or not at all."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from pathlib import Path

import numpy as np
import openpyxl
import pytest

from geogrid.assign.desk import Atlas
from geogrid.assign.hours import Hours
from geogrid.assign.roster import Contact, Department, Duty, Leave, Person, Roster, Served, Station
from geogrid.assign.roster_files import read_roster, write_roster
from geogrid.assign.rulebook import Category, Route, Rulebook
from geogrid.assign.workdays import WorkCalendar
from geogrid.coverage import cover
from geogrid.errors import InputError, RowsError, StorageError
from geogrid.testing import toy_city

ANN, BO = Person("p1", "Ann"), Person("p2", "Bo")


def full_roster() -> Roster:
    return Roster(
        (Department("D1", "绿化所"), Department("D2", "二所", "D1")),
        (Person("p1", "安安", "D1", ("登高证", "电工证"), dt.date(2026, 1, 1)), BO),
        (
            Station("S1", "一站", "station", "C", "D1", 121.25, 31.38, Hours.parse("daily 08:00-20:00")),
            Station("C", "中心", "centre"),
        ),
        (Served("responsibility", "G01", "S1"),),
        (
            Duty(
                "p1",
                "grid_head",
                "responsibility",
                "G01",
                Hours.parse("workdays 08:30-17:30"),
                "event",
                1,
                None,
                dt.date(2027, 1, 1),
            ),
            Duty("p2", "station_head", "station", "S1"),
        ),
        (Leave("p1", dt.datetime(2026, 5, 1), dt.datetime(2026, 5, 3, 12, 30), "p2"),),
        calendar=WorkCalendar(holidays=frozenset({dt.date(2026, 3, 3)}), make_up_days=frozenset({dt.date(2026, 3, 7)})),
        contacts=(Contact("p1", "13800000000"),),
    )


@pytest.fixture
def atlas(tmp_path: Path) -> Atlas:
    made = Atlas.create(tmp_path / "toy.gpkg")
    made.publish(toy_city(), valid_from="2026-01-01")
    return made


def problems(error: pytest.ExceptionInfo[RowsError]) -> list[tuple[int, str]]:
    return [(problem.row, problem.column) for problem in error.value.problems]


def write_csv(folder: Path, **tables: str) -> Path:
    folder.mkdir(exist_ok=True)
    for name, text in tables.items():
        (folder / f"{name}.csv").write_text(text, encoding="utf-8")
    return folder


@pytest.mark.parametrize("name", ["roster.xlsx", "roster"])
def test_a_written_roster_reads_back_the_same(tmp_path: Path, name: str) -> None:
    assert read_roster(write_roster(full_roster(), tmp_path / name)) == full_roster()


def test_a_template_holds_every_sheet_and_the_seven_fixed_roles(tmp_path: Path) -> None:
    path = write_roster(Roster(), tmp_path / "template.xlsx")
    book = openpyxl.load_workbook(path)
    assert book.sheetnames[:3] == ["departments", "persons", "contacts"]
    assert sum(row[5].value == "yes" for row in book["roles"].iter_rows(min_row=2)) == 7


def test_the_roster_is_kept_in_the_atlas_and_contacts_apart(atlas: Atlas) -> None:
    atlas.replace_roster(full_roster())
    assert atlas.roster() == full_roster().without_contacts()
    assert atlas.roster(contacts=True).contacts == (Contact("p1", "13800000000"),)
    answer = atlas.answer(lon=121.2505, lat=31.3805, datum="wgs84", at=dt.datetime(2026, 11, 23, 12))
    assert answer.person.name == "安安"
    assert "13800000000" not in str(answer.to_dict())


def test_a_dry_run_lists_the_changes_and_changes_nothing(atlas: Atlas, tmp_path: Path) -> None:
    atlas.replace_roster(full_roster())
    path = write_csv(tmp_path / "new", persons="id,name,department\np1,安安,D1\np2,Bob,\n")
    changes = atlas.import_roster(path, dry_run=True)
    assert [(change.kind, change.key) for change in changes] == [("changed", "p1"), ("changed", "p2")]
    assert atlas.roster() == full_roster().without_contacts()
    assert atlas.import_roster(path) == changes
    assert atlas.roster().person("p2").name == "Bob"
    assert atlas.roster().stations == full_roster().stations


def test_every_bad_row_is_reported_with_row_column_value_and_reason_and_nothing_is_taken(
    atlas: Atlas, tmp_path: Path
) -> None:
    atlas.replace_roster(full_roster())
    path = write_csv(
        tmp_path / "bad",
        persons="id,name,valid_from,valid_to\np1,Ann,2026-13-01,\n\np2,,,\n",
        duties="person,role,layer,code,hours,order\np1,grid_head,responsibility,G01,08:00-08:00,1\np1,grid_head,responsibility,G01,24h,x\n",
    )
    with pytest.raises(RowsError) as error:
        atlas.import_roster(path)
    assert problems(error) == [(2, "persons.valid_from"), (4, "persons.name"), (2, "duties.hours"), (3, "duties.order")]
    assert "zero length" in error.value.problems[2].reason
    assert error.value.problems[2].value == "08:00-08:00"
    assert atlas.roster() == full_roster().without_contacts()


def test_row_numbers_are_those_of_the_file_even_after_blank_rows(tmp_path: Path) -> None:
    path = write_csv(
        tmp_path / "f",
        persons="id,name\np1,Ann\n",
        duties="person,role,layer,code\np1,grid_head,responsibility,G01\n\n\nghost,grid_head,responsibility,G02\n",
    )
    with pytest.raises(RowsError) as error:
        read_roster(path)
    assert problems(error) == [(5, "duties.person")]


@pytest.mark.parametrize(
    ("changes", "column", "words"),
    [
        ({"duties": (Duty("p1", "grid_head", "cell", "1"), Duty("p1", "grid_head", "cell", "1", Hours.parse("Mon 08:00-09:00")))},
         "duties.hours", "overlaps the same person's duty in row 2"),
        ({"duties": (Duty("p1", "grid_head", "cell", "1", valid_from=dt.date(2026, 1, 1), valid_to=dt.date(2026, 1, 1)),)},
         "duties.valid_to", "zero-length"),
        ({"duties": (Duty("p1", "grid_head", "cell", "1", valid_from=dt.date(2026, 2, 1), valid_to=dt.date(2026, 1, 1)),)},
         "duties.valid_to", "ends before it starts"),
        ({"leaves": (Leave("p1", dt.datetime(2026, 1, 2), dt.datetime(2026, 1, 1)),)}, "leaves.end", "does not come after"),
        ({"persons": (BO,)}, "duties.person", "still named here after being deleted"),
        ({"stations": (Station("A", "A", parent="B"), Station("B", "B", parent="A"))}, "stations.parent", "cyclic tiers: A → B → A"),
        ({"departments": (Department("A", "A", "A"),)}, "departments.parent", "cyclic"),
        ({"duties": (Duty("p1", "emperor", "cell", "1"),)}, "duties.role", "no such role"),
        ({"persons": (ANN, ANN)}, "persons.id", "already used in row 2"),
        ({"serves": (Served("cell", "1", "S1"), Served("cell", "1", "S2")), "stations": (Station("S1", "1"), Station("S2", "2"))},
         "serves.station", "served by S1 (row 2) already"),
    ],
)  # fmt: skip
def test_contradictions_are_found_together_and_say_what_to_mend(changes: dict, column: str, words: str) -> None:
    tables = {"persons": (ANN, BO), "duties": (Duty("p1", "grid_head", "cell", "1"),)} | changes
    with pytest.raises(RowsError) as error:
        Roster(**tables)
    assert any(problem.column == column and words in problem.reason for problem in error.value.problems)


def test_excel_dates_as_text_day_numbers_and_full_width_digits_are_understood(tmp_path: Path) -> None:
    path = write_csv(
        tmp_path / "f",
        persons="编号,姓名,生效日期,失效日期\nＰ１,安安,2026年1月5日,２０２６/２/１\nP2,Bo,46027,20260201\n",
    )
    one, two = read_roster(path).persons
    assert (one.id, one.valid_from, one.valid_to) == ("P1", dt.date(2026, 1, 5), dt.date(2026, 2, 1))
    assert (two.valid_from, two.valid_to) == (dt.date(2026, 1, 5), dt.date(2026, 2, 1))


def test_merged_cells_mean_their_value_in_every_row(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    page = book.active
    page.title = "人员"
    for row in (("id", "name", "department"), ("p1", "Ann", ""), ("p2", "Bo", "")):
        page.append(row)
    page["C2"] = "D1"
    page.merge_cells("C2:C3")
    other = book.create_sheet("departments")
    other.append(("code", "name"))
    other.append(("D1", "Office"))
    book.save(tmp_path / "merged.xlsx")
    assert [person.department for person in read_roster(tmp_path / "merged.xlsx").persons] == ["D1", "D1"]


def test_a_gbk_file_is_read_and_a_broken_workbook_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "persons.csv"
    path.write_bytes("id,name\np1,安安\n".encode("gb18030"))
    assert read_roster(path).person("p1").name == "安安"
    (tmp_path / "broken.xlsx").write_bytes(b"not a zip")
    with pytest.raises(StorageError, match="not a workbook"):
        read_roster(tmp_path / "broken.xlsx")
    (tmp_path / "strange.csv").write_text("a,b\n1,2\n")
    with pytest.raises(InputError, match="no table of a known kind"):
        read_roster(tmp_path / "strange.csv")


def test_a_roster_that_names_a_cell_or_layer_that_does_not_exist_is_refused(atlas: Atlas) -> None:
    wrong = Roster(persons=(ANN,), duties=(Duty("p1", "grid_head", "responsibility", "G99"),))
    with pytest.raises(RowsError, match="no such code in layer responsibility"):
        atlas.replace_roster(wrong)
    with pytest.raises(RowsError, match="no such layer or level; known: district, street, community, cell"):
        atlas.replace_roster(Roster(persons=(ANN,), duties=(Duty("p1", "grid_head", "ward", "G01"),)))


def test_a_rule_naming_an_unknown_role_or_category_is_refused_and_so_is_a_roster_that_breaks_a_rule(
    atlas: Atlas,
) -> None:
    atlas.replace_roster(full_roster())
    tree = Category("0401", "tree")
    for route, words in (
        (Route("R", "role:emperor", category="0401"), "no such role in the roster"),
        (Route("R", "department:D1", category="9999"), "no category matches"),
        (Route("R", "department:D1", place="responsibility=G77"), "no such code in layer responsibility"),
    ):
        with pytest.raises(RowsError, match=words):
            atlas.replace_rulebook(Rulebook((tree,), (route,)))
    atlas.replace_rulebook(Rulebook((tree,), (Route("R", "person:p2"),)))
    assert atlas.rulebook().routes[0].lead == "person:p2"
    with pytest.raises(RowsError, match="no such person"):
        atlas.replace_roster(Roster(persons=(ANN,), duties=(Duty("p1", "grid_head", "responsibility", "G01"),)))
    with pytest.raises(RowsError, match="role:…, department:… or person"):
        Rulebook(routes=(Route("R", "emperor"),))


def test_a_table_of_holidays_that_ends_before_the_period_is_an_error_and_unannounced_days_a_notice() -> None:
    from geogrid.assign.answering import Desk

    roster = Roster(
        persons=(ANN,),
        duties=(Duty("p1", "grid_head", "responsibility", "G01", Hours.parse("workdays 08:00-17:00")),),
        calendar=WorkCalendar(country="", until=dt.date(2026, 7, 1)),
    )
    with pytest.raises(InputError, match="holidays ends before the period"):
        cover(Desk(toy_city(), roster), first=dt.date(2026, 6, 1), last=dt.date(2026, 8, 1))
    report = cover(Desk(toy_city(), Roster()), first=dt.date(2027, 1, 1), last=dt.date(2027, 2, 1))
    assert [notice.message for notice in report.notices] == ["the make-up working days of 2027 are not announced yet"]


def test_a_roster_of_200_000_rows_is_read_whole(tmp_path: Path) -> None:
    lines = "".join(f"p{i},Name {i}\n" for i in range(200_000))
    path = write_csv(tmp_path / "big", persons=f"id,name\n{lines}")
    assert len(read_roster(path).persons) == 200_000


def test_a_grid_code_of_an_older_edition_is_refused_with_the_code_that_took_its_place(atlas: Atlas) -> None:
    city = toy_city()
    grids = city.layer("responsibility")
    halves = replace(
        grids,
        codes=np.array(["W1", "E1"], dtype=object),
        names=np.array(["West", "East"], dtype=object),
        areas=np.array(["", ""], dtype=object),
        membership=np.asarray(grids.membership // 2, np.int32),
    )
    layers = tuple(halves if layer.name == "responsibility" else layer for layer in city.layers)
    atlas.publish(replace(city, layers=layers), valid_from="2026-06-01")
    old = Roster(persons=(ANN,), duties=(Duty("p1", "grid_head", "responsibility", "G01"),))
    with pytest.raises(RowsError, match="it became W1"):
        atlas.replace_roster(old)
    assert atlas.roster() == Roster()
    atlas.replace_roster(Roster(persons=(ANN,), duties=(Duty("p1", "grid_head", "responsibility", "W1"),)))
