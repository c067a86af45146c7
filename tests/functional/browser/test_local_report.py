"""The local report opened from a file in a real Chromium: nothing fetched, nothing inaccessible,
nothing cut off, printed whole.
"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from benchmarks.measurements import Period
from fixtures.simulator import Sector
from reporting_agent import pipeline
from reporting_agent.config import load_site
from reporting_agent.report import html
from tests.analysed import analysed
from tests.functional.browser.conftest import ARGUMENTS
from tests.functional.browser.reader import NOTICE_VIOLATIONS, Reader

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

LANGUAGES = {"en": "en", "zh": "zh-hans"}
A4_WIDTH_PX = 703  # 210 mm less two margins of 12 mm, at 96 px an inch


@pytest.fixture(scope="module")
def reports(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A cement plant with meters and every fault, in both languages."""
    folder = tmp_path_factory.mktemp("report")
    Sector("cement", 1, 1).plants[0].write(folder, road="meters")
    site = load_site(folder / "site.toml")
    result = pipeline.label(site, Period.parse("2025", site.zone))
    analysis = analysed(site, result)
    moment = datetime(2026, 1, 5, 8, 12, tzinfo=UTC)
    paths = {lang: folder / f"report-{lang}.html" for lang in LANGUAGES}
    for lang, path in paths.items():
        path.write_text(html.render(site, result, analysis, lang, moment), encoding="utf-8")
    return paths


@pytest.fixture(scope="module")
def alone() -> Iterator[Browser]:
    """A browser with no portal beside it."""
    program = os.environ.get("CHROMIUM") or shutil.which("chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=ARGUMENTS)
        yield browser
        browser.close()


def opened(
    browser: Browser, path: Path, width: int, *, scripts: bool = True
) -> tuple[Page, list[str]]:
    """The page without any network, and every address it asked for."""
    context = browser.new_context(
        viewport={"width": width, "height": 900}, offline=True, java_script_enabled=scripts
    )
    asked: list[str] = []
    context.on("request", lambda request: asked.append(request.url))
    context.add_init_script(NOTICE_VIOLATIONS)
    return context.new_page(), asked


@pytest.mark.parametrize(
    ("lang", "width"),
    [
        ("zh", 360),
        *(
            pytest.param(*other, marks=pytest.mark.long)
            for other in [("en", 1440), ("en", 360), ("zh", 1440)]
        ),
    ],
)
def test_the_report_is_sound_with_every_detail_opened(
    alone: Browser, reports: dict[str, Path], lang: str, width: int
) -> None:
    named = os.environ.get("STEPLABEL_SCREENSHOTS")
    page, asked = opened(alone, reports[lang], width)
    reader = Reader(page, "", LANGUAGES[lang], width, None if named is None else Path(named))
    page.on("console", reader._console)
    page.on("pageerror", lambda error: reader.complaints.append(f"script: {error}"))
    page.goto(reports[lang].as_uri())
    reader.look("local-report")
    assert [address for address in asked if not address.startswith("data:")] == [
        reports[lang].as_uri()
    ]
    page.context.close()


def test_a_link_to_a_batch_opens_it_without_scripts(
    alone: Browser, reports: dict[str, Path]
) -> None:
    page, _ = opened(alone, reports["en"], 1440, scripts=False)
    page.goto(reports["en"].as_uri())
    page.click("#worst summary")
    first = page.locator("#worst tbody th a").first
    name = first.inner_text()
    target = str(first.get_attribute("href"))
    assert not page.locator(target).is_visible()
    first.click()
    page.wait_for_selector(target, state="visible")
    assert name in page.locator(f"details:has({target}) summary").inner_text()
    page.context.close()


@pytest.mark.parametrize("lang", list(LANGUAGES))
def test_nothing_is_cut_off_on_paper(
    alone: Browser, reports: dict[str, Path], lang: str, tmp_path: Path
) -> None:
    page, _ = opened(alone, reports[lang], A4_WIDTH_PX)
    page.emulate_media(media="print")
    page.goto(reports[lang].as_uri())
    assert (
        page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        <= 0
    )
    assert (
        page.evaluate("getComputedStyle(document.querySelector('thead')).display")
        == "table-header-group"
    )
    assert page.locator("nav.toc").is_hidden()
    printed = page.pdf(path=tmp_path / "report.pdf", prefer_css_page_size=True)
    pages = len(re.findall(rb"/Type\s*/Page\b", printed))
    assert 5 <= pages <= 40
    page.context.close()


def test_the_finding_and_where_to_look_first_stand_on_the_first_screen(
    alone: Browser, reports: dict[str, Path]
) -> None:
    page, _ = opened(alone, reports["en"], 1440)
    page.goto(reports["en"].as_uri())
    for part in (".lead b", ".figs", "#first-look h2", "#first-look p, #first-look li"):
        box = page.locator(part).first.bounding_box()
        assert box is not None
        assert box["y"] + box["height"] < 900, part
    page.context.close()
