"""Drafts: an edition edited step by step, with undo, and published."""

from __future__ import annotations

import numpy as np
import pytest

from geogrid.atlas import Atlas
from geogrid.errors import ConflictError, InputError, NotFoundError
from geogrid.testing import toy_city

SOUTH_WEST = "990100001001001"


@pytest.fixture
def published(atlas):
    atlas.publish(toy_city(), valid_from="2026-01-01")
    return atlas


def grid_of(division, cell: str) -> str:
    grids = division.layer("responsibility")
    return grids.codes[grids.membership[division.base.codes.tolist().index(cell)]]


def test_cells_move_and_the_draft_survives_being_closed(published):
    published.start_draft("spring").move([SOUTH_WEST], layer="responsibility", to="G04")
    draft = Atlas.open(published.path).draft("spring")
    assert grid_of(draft.division(), SOUTH_WEST) == "G04"
    assert grid_of(published.edition(1).division, SOUTH_WEST) == "G01"


def test_steps_are_taken_back_and_done_again(published):
    draft = published.start_draft("spring")
    assert not draft.undo()
    draft.move([SOUTH_WEST], layer="responsibility", to="G04").rename("G04", layer="responsibility", name="Harbour")
    assert draft.undo()
    assert draft.undo()
    assert draft.steps() == ()
    assert draft.redo()
    assert [step["do"] for step in draft.steps()] == ["move"]
    draft.rename("G01", layer="responsibility", name="Old town")
    assert not draft.redo()
    assert draft.division().layer("responsibility").names.tolist()[0] == "Old town"


def test_a_new_grid_gets_a_code_of_its_own_and_a_merged_one_goes(published):
    draft = published.start_draft("spring")
    cells = ["990100001001001", "990100001001002"]
    draft.add(cells, layer="responsibility", name="New estate").merge("G03", layer="responsibility", into="G04")
    grids = draft.division().layer("responsibility")
    assert grids.codes.tolist() == ["G01", "G02", "G04", "990100001001-responsibility-001"]
    assert grids.names.tolist()[-1] == "New estate"
    assert np.bincount(grids.membership).tolist() == [2, 4, 8, 2]


def test_a_published_draft_is_an_edition_with_its_lineage(published):
    draft = published.start_draft("spring")
    draft.merge("G03", layer="responsibility", into="G04")
    edition = draft.publish(valid_from="2026-06-01")
    assert (edition.number, edition.note, edition.based_on) == (2, "spring", 1)
    assert published.successors("G03", layer="responsibility") == {"G04": 1.0}
    assert published.draft("spring").published_as == 2
    with pytest.raises(ConflictError, match="was published"):
        draft.undo()


def test_a_draft_of_an_older_edition_is_not_published_over_a_newer_one(published):
    draft = published.start_draft("spring")
    published.publish(toy_city(), valid_from="2026-02-01")
    with pytest.raises(ConflictError, match="another edition was published meanwhile"):
        draft.publish(valid_from="2026-03-01")
    assert published.draft("spring").published_as is None


def test_a_step_that_cannot_be_done_is_refused_and_not_kept(published):
    draft = published.start_draft("spring")
    all_of_g1 = [f"990100001001{n:03d}" for n in (1, 2, 3, 4)]
    with pytest.raises(InputError, match="left without cells; given: G01"):
        draft.move(all_of_g1, layer="responsibility", to="G02")
    with pytest.raises(NotFoundError, match="no such code in layer cell; given: 7"):
        draft.move(["7"], layer="responsibility", to="G02")
    with pytest.raises(NotFoundError, match="no such code in layer responsibility"):
        draft.merge("G9", layer="responsibility", into="G01")
    with pytest.raises(InputError, match=r"police \(overlay\)"):
        draft.move(["x"], layer="police", to="P1")
    with pytest.raises(InputError, match="the code is in use"):
        draft.add([SOUTH_WEST], layer="responsibility", name="", code="G02")
    with pytest.raises(InputError, match="into itself"):
        draft.merge("G01", layer="responsibility", into="G01")
    assert draft.steps() == ()


def test_drafts_are_listed_and_dropped_by_name(published):
    published.start_draft("spring")
    published.start_draft("autumn", based_on=1)
    assert [draft.name for draft in published.drafts()] == ["spring", "autumn"]
    with pytest.raises(ConflictError, match="draft of this name"):
        published.start_draft("spring")
    published.draft("spring").rename("G01", layer="responsibility", name="x").atlas.draft("spring").drop()
    with pytest.raises(NotFoundError, match="allowed: autumn"):
        published.draft("spring")


def test_an_empty_atlas_has_nothing_to_draft_from(atlas):
    with pytest.raises(NotFoundError, match="publish one first"):
        atlas.start_draft("spring")
