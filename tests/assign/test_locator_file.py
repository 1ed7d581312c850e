"""A locator file is mapped, checked in every byte, and rebuilt when it cannot be trusted."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from geogrid.assign import locator_batch, locator_file
from geogrid.assign.locator import Locator
from geogrid.assign.locator_file import open_locator, open_or_build, save_locator
from geogrid.errors import ChecksumError, FormatError, NotFoundError
from geogrid.lattice import LatticePolygons
from geogrid.testing import toy_city

LON = np.linspace(121.2495, 121.2545, 2_000)
LAT = np.linspace(31.3795, 31.3845, 2_000)[::-1]


@pytest.fixture
def kept(tmp_path: Path) -> Path:
    path = tmp_path / "toy.locator"
    save_locator(Locator.of(toy_city()), path, key="edition-1")
    return path


def test_a_saved_locator_opens_with_the_same_answers(kept: Path) -> None:
    built, opened = Locator.of(toy_city()), open_locator(kept, key="edition-1")
    assert opened.layer_names == built.layer_names
    one, two = (locator.locate_all(LON, LAT, datum="wgs84") for locator in (built, opened))
    for name in one:
        np.testing.assert_array_equal(one[name], two[name])
    assert opened.at(lon=121.2505, lat=31.3805, datum="wgs84") == built.at(lon=121.2505, lat=31.3805, datum="wgs84")
    assert not opened.base.table.flags.writeable
    rows, _ = opened.nearest([121.2499], [31.3805], datum="wgs84", limit_m=50)
    assert rows.tolist() == [0]


def test_saving_what_was_opened_gives_the_same_bytes(kept: Path, tmp_path: Path) -> None:
    again = tmp_path / "again.locator"
    save_locator(open_locator(kept), again, key="edition-1")
    assert again.read_bytes() == kept.read_bytes()


@pytest.mark.parametrize("part", [0.0, 0.005, 0.02, 0.5, 0.999])
def test_one_flipped_bit_anywhere_is_noticed_and_rebuilt(kept: Path, part: float) -> None:
    whole = kept.read_bytes()
    damaged = bytearray(whole)
    damaged[int(part * len(whole))] ^= 4
    kept.write_bytes(damaged)
    with pytest.raises((ChecksumError, FormatError)):
        open_locator(kept)
    opened = open_or_build(kept, lambda: Locator.of(toy_city()), key="edition-1")
    assert opened.cell_at(lon=121.2505, lat=31.3805, datum="wgs84") == 0
    assert kept.read_bytes() == whole


@pytest.mark.parametrize("length", [0, 10, 60, 500, -1])
def test_a_shortened_file_is_refused(kept: Path, length: int) -> None:
    kept.write_bytes(kept.read_bytes()[:length])
    with pytest.raises((ChecksumError, FormatError)):
        open_locator(kept)


def test_a_stale_file_is_refused_and_rebuilt(kept: Path) -> None:
    with pytest.raises(FormatError, match="stale; given: edition-1; allowed: edition-2"):
        open_locator(kept, key="edition-2")
    open_or_build(kept, lambda: Locator.of(toy_city()), key="edition-2")
    assert len(open_locator(kept, key="edition-2")) == 16


def test_a_file_of_another_kind_or_version_is_named_as_such(kept: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.write_bytes(b"PK\3\4" * 100)
    with pytest.raises(FormatError, match="not a locator file"):
        open_locator(other)
    newer = bytearray(kept.read_bytes())
    newer[16] = 99
    other.write_bytes(newer)
    with pytest.raises(FormatError, match="another version; given: 99"):
        open_locator(other)
    with pytest.raises(NotFoundError):
        open_locator(tmp_path / "nowhere")


def test_a_file_cut_short_while_open_gives_an_error_and_not_a_crash(kept: Path) -> None:
    opened = open_locator(kept)
    os.truncate(kept, 100)
    with pytest.raises(ChecksumError, match="cut short while it was open"):
        opened.locate([121.2505], [31.3805], datum="wgs84")
    with pytest.raises(ChecksumError, match="cut short"):
        opened.at(lon=121.2505, lat=31.3805, datum="wgs84")
    with pytest.raises(ChecksumError, match="cut short"):
        opened.locate_lattice(np.array([[1, 2]], np.int32))


def test_a_file_replaced_while_open_changes_nothing_for_who_has_it_open(kept: Path) -> None:
    opened = open_locator(kept)
    save_locator(opened, kept, key="edition-2")
    assert opened.cell_at(lon=121.2505, lat=31.3805, datum="wgs84") == 0
    assert open_locator(kept, key="edition-2").cell_at(lon=121.2505, lat=31.3805, datum="wgs84") == 0


def test_where_nothing_can_be_written_the_locator_is_kept_in_memory(tmp_path: Path) -> None:
    locator = open_or_build(tmp_path / "no-such-folder" / "x", lambda: Locator.of(toy_city()), key="k")
    assert locator.cell_at(lon=121.2505, lat=31.3805, datum="wgs84") == 0


def test_a_long_batch_lets_go_of_the_pages_it_touched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(locator_file, "_LARGE", 0)
    count = 300 * 300
    x, y = np.arange(count) % 300, np.arange(count) // 300
    rings = np.stack([x, y], axis=1)[:, None] * 10_000 + np.array([(0, 0), (1, 0), (1, 1), (0, 1), (0, 0)]) * 10_000
    each = np.arange(count + 1, dtype=np.int64)
    shapes = LatticePolygons(
        (rings.reshape(-1, 2) + (1_200_000_000, 300_000_000)).astype(np.int32), each * 5, each, each
    )
    path = tmp_path / "large.locator"
    save_locator(Locator.build(shapes), path, key="k")

    def mapped_kb() -> int:
        lines = Path("/proc/self/smaps").read_text().splitlines()
        first = next(i for i, line in enumerate(lines) if line.endswith(str(path)))
        return next(int(line.split()[1]) for line in lines[first:] if line.startswith("Rss:"))

    opened = open_locator(path)
    rng = np.random.default_rng(1)
    lon, lat = rng.uniform([[120.0], [30.0]], [[120.3], [30.3]], (2, 2 * locator_batch.MANY))
    few = slice(0, locator_batch.MANY - 1)
    owners = opened.locate(lon[few], lat[few], datum="wgs84")
    touched = mapped_kb()
    assert touched > 1_000
    np.testing.assert_array_equal(opened.locate(lon, lat, datum="wgs84")[few], owners)
    assert mapped_kb() < touched // 10
