"""The pictures of how it grows."""

import re
from pathlib import Path
from xml.etree import ElementTree

import pytest

from boardpulse_tools.bench.performance import command, page

PICTURES = ["performance-cost.svg", "performance-memory.svg", "performance-scrape.svg", "performance-start.svg"]
SVG = "{http://www.w3.org/2000/svg}"


def test_links_and_pictures_of_the_page_are_there(whole: Path) -> None:
    links = re.findall(r"\]\(([^)#:]+)\)", (whole / command.PAGE).read_text())
    assert {f"images/{name}" for name in PICTURES} <= set(links)
    assert [link for link in links if not (whole / link).exists()] == []


def test_the_same_numbers_make_the_same_page_and_pictures(whole: Path, tmp_path: Path) -> None:
    command.take(whole / page.REPORTS, tmp_path)
    command.write(tmp_path)
    assert pictures(tmp_path) == pictures(whole)
    assert (tmp_path / command.PAGE).read_text() == (whole / command.PAGE).read_text()
    assert "dc:date" not in "".join(pictures(whole).values())


def pictures(out: Path) -> dict[str, str]:
    """SVG by the file's name."""
    return {path.name: path.read_text() for path in sorted((out / page.IMAGES).iterdir())}


def test_pictures_show_every_size_and_name_every_line(whole: Path) -> None:
    drawn = {name: texts(svg) for name, svg in pictures(whole).items()}
    assert list(drawn) == PICTURES
    for found in drawn.values():
        assert {"100", "1,000", "10,000", "devices, each with 12 series"} <= found
    assert {"prometheus_client", "mqtt-exporter", "mqtt2prometheus"} <= drawn["performance-scrape.svg"]
    assert any("limit" in text for text in drawn["performance-cost.svg"])


def texts(svg: str) -> set[str]:
    """The texts of a picture."""
    return {(element.text or "").strip() for element in ElementTree.fromstring(svg).iter(f"{SVG}text")}


@pytest.mark.parametrize("background", ["#ffffff", "#0d1117"])
def test_pictures_can_be_seen_on_light_and_on_dark(whole: Path, background: str) -> None:
    """A contrast of 3 is what graphics need, 4 what the text has: more than that on both sides there is not."""
    for name, svg in pictures(whole).items():
        assert {one for one in set(re.findall(r"#[0-9a-f]{6}", svg)) if contrast(one, background) < 3} == set(), name
        for element in ElementTree.fromstring(svg).iter(f"{SVG}text"):
            (colour,) = re.findall(r"fill: (#[0-9a-f]{6})", element.get("style", ""))
            assert contrast(colour, background) > 4


def contrast(one: str, other: str) -> float:
    """As WCAG 2 defines it, from 1 to 21."""
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def luminance(colour: str) -> float:
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return sum(share * part for share, part in zip((0.2126, 0.7152, 0.0722), linear, strict=True))
