"""A saved page in a real browser: no request, coloured pixels, names, tooltips."""

from __future__ import annotations

import dataclasses
from collections import Counter
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import shapely
from PIL import Image

from geogrid.maps import MapGround, draw_map
from geogrid.maps.colours import distinct_colours
from geogrid.partition.division import Division
from geogrid.testing import toy_city

pytestmark = pytest.mark.browser

_PAINTED = "document.querySelectorAll('.leaflet-tile-loaded').length > 0 && !document.querySelector('.leaflet-tile:not(.leaflet-tile-loaded)')"


class Shown:
    """A page in the browser, with everything it asked for and complained of."""

    def __init__(self, browser: Any, file: Path) -> None:
        self.requests: list[str] = []
        self.complaints: list[str] = []
        self.page = browser.new_page(viewport={"width": 1000, "height": 700})
        self.page.on("request", lambda request: self.requests.append(request.url))
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("console", lambda line: self.complaints.append(line.text) if line.type == "error" else None)
        self.page.goto(file.as_uri())
        self.page.wait_for_function(_PAINTED)
        self.page.wait_for_function(
            "[...document.querySelectorAll('.leaflet-tile')].every((t) => t.style.opacity === '1')"
        )

    def colours(self) -> Counter[tuple[int, ...]]:
        image = Image.open(BytesIO(self.page.screenshot())).convert("RGB")
        pixels, counts = np.unique(np.asarray(image).reshape(-1, 3), axis=0, return_counts=True)
        return Counter({tuple(pixel): int(count) for pixel, count in zip(pixels.tolist(), counts, strict=True)})


def test_46_000_cells_are_one_small_page_that_asks_for_nothing(
    chromium: Any, big_city: Division, tmp_path: Path
) -> None:
    file = tmp_path / "map.html"
    draw_map(big_city, language="zh-CN", columns={"person": ["王小明"] * len(big_city.base)}).save(str(file))
    assert file.stat().st_size < 5_000_000
    shown = Shown(chromium, file)
    assert shown.requests == [file.as_uri()]
    assert shown.complaints == []
    seen, counts = (np.array(list(part)) for part in zip(*shown.colours().items(), strict=True))
    for colour in distinct_colours(12):
        # The layer lies at 82 % over the background of the page.
        own = np.array([int(colour[at : at + 2], 16) for at in (1, 3, 5)]) * 0.82 + np.array([244, 244, 241]) * 0.18
        assert counts[np.abs(seen - own).max(axis=1) < 6].sum() > 10_000, colour
    labels = shown.page.locator(".geogrid-label span").all_inner_texts()
    assert sorted(labels) == sorted(big_city.layer("station").names)
    assert shown.page.locator(".geogrid-entry").count() == 12
    assert shown.page.evaluate("document.documentElement.lang") == "zh-CN"


def test_chinese_names_are_drawn_as_letters_and_not_as_boxes(chromium: Any, big_city: Division, tmp_path: Path) -> None:
    file = tmp_path / "map.html"
    draw_map(big_city).save(str(file))
    page = Shown(chromium, file).page
    pictures = [page.locator(".geogrid-label span").nth(row).screenshot() for row in range(3)]
    assert len(set(pictures)) == 3
    # A font without the letter draws the same box for every letter.
    widths = page.evaluate(
        """() => { const pen = document.createElement('canvas').getContext('2d');
        pen.canvas.width = 60; pen.font = '30px ' + getComputedStyle(document.querySelector('.leaflet-container')).fontFamily;
        return ['网', '格', '\\u{10FFFD}'].map((letter) => { pen.clearRect(0, 0, 60, 60); pen.fillText(letter, 5, 40);
        return pen.getImageData(0, 0, 60, 60).data.join(); }); }"""
    )
    assert len(set(widths)) == 3


def test_hovering_and_clicking_tell_code_area_and_person_as_plain_text(chromium: Any, tmp_path: Path) -> None:
    file = tmp_path / "map.html"
    people = ["<b>王</b> & Co"] * 16
    draw_map(
        toy_city(), columns={"person": people}, seams=[shapely.LineString([(121.25, 31.38), (121.254, 31.384)])]
    ).save(str(file))
    shown = Shown(chromium, file)
    page = shown.page
    page.mouse.move(500, 350)
    page.mouse.move(505, 345)
    page.wait_for_selector(".geogrid-tip")
    told = page.locator(".geogrid-tip").inner_text()
    assert "990100002002001" in told  # just north-east of the middle
    assert "North-east (990100002002)" in told
    assert "<b>王</b> & Co" in told
    page.mouse.click(505, 345)
    page.wait_for_selector(".leaflet-popup-content")
    assert "10,54" in page.locator(".leaflet-popup-content").inner_text()
    assert page.locator(".leaflet-popup-content b").count() == 0
    assert shown.complaints == []


def test_each_layer_can_be_switched_off(chromium: Any, tmp_path: Path) -> None:
    file = tmp_path / "map.html"
    draw_map(toy_city(), layer="responsibility", colour_by="code").save(str(file))
    shown = Shown(chromium, file)
    assert shown.page.locator(".leaflet-control-scale-line").count() == 2
    boxes = shown.page.locator(".leaflet-control-layers-selector")
    before = shown.colours()
    for row in range(boxes.count()):
        if boxes.nth(row).is_checked():
            boxes.nth(row).uncheck()
    after = shown.colours()
    painted = [colour for colour, count in before.items() if count > 5_000 and max(colour) - min(colour) > 20]
    assert len(painted) == 4
    assert all(after[colour] < 500 for colour in painted)


def test_a_flagged_cell_tells_why_and_its_hatch_can_be_switched_off(chromium: Any, tmp_path: Path) -> None:
    file = tmp_path / "map.html"
    city = toy_city()
    flags = np.array(["confined by hard seams, 3,200 m²"] * 16, dtype=object)
    cells = dataclasses.replace(city.base, attributes={"flag": flags})
    house = np.array([shapely.box(121.2505, 31.3805, 121.2515, 31.3815)], dtype=object)
    draw_map(
        dataclasses.replace(city, layers=(cells, *city.layers[1:])), colour_by="area", ground=MapGround(buildings=house)
    ).save(str(file))
    shown = Shown(chromium, file)
    page = shown.page
    page.mouse.move(500, 350)
    page.mouse.move(505, 345)
    page.wait_for_selector(".geogrid-tip")
    assert "confined by hard seams, 3,200 m²" in page.locator(".geogrid-tip").inner_text()
    assert page.locator(".geogrid-entry .geogrid-hatch").count() == 1
    magenta = (0xD6, 0x00, 0x6C)
    before = shown.colours()[magenta]
    page.get_by_label("flagged cells").uncheck()
    page.mouse.move(5, 600)
    assert before > 2_000
    assert shown.colours()[magenta] < before / 10
    brown = shown.colours().most_common(8)
    page.get_by_label("buildings").uncheck()
    assert shown.colours().most_common(8) != brown
    assert shown.complaints == []
