"""The reports of `verify` and `reconcile` opened from a file in a real Chromium, in both languages:
sound on a screen and on paper.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from benchmarks.audit import checks
from benchmarks.audit.evidence import Evidence, failed, not_checkable
from benchmarks.declared import Words
from reporting_agent.audit.openings import telling
from reporting_agent.audit.openings.assembling import assemble
from reporting_agent.audit.openings.examining import AuditorFiles, examine
from reporting_agent.audit.openings.verdict import PAPERS, AuditVerdict
from tests.functional.audit.plants import (
    PORTAL,
    drawn_by_auditor,
    honest,
    public_of,
    write_works,
)
from tests.functional.browser.reader import Reader
from tests.functional.browser.test_local_report import A4_WIDTH_PX, LANGUAGES, alone, opened

__all__ = ["alone"]  # the browser with no portal beside it

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

MADE = datetime(2026, 2, 5, 8, 12, tzinfo=UTC)
CHINESE = re.compile(r"[\u4e00-\u9fff]")
Write = Callable[[str, str], Path]


@pytest.fixture(scope="module")
def verdicts(tmp_path_factory: pytest.TempPathFactory) -> dict[str, AuditVerdict]:
    """An audit where all holds, one where a record was exchanged, and a working paper with a bill
    that does not agree.
    """
    works = tmp_path_factory.mktemp("works")
    write_works(works, "cement", seed=1, days=60, rate=0)
    plant = honest(works)
    draw, promise = drawn_by_auditor(plant)
    opening = assemble(draw, plant.tree, plant.site, plant.pack, plant.answered).opening
    handed = AuditorFiles(draw, public_of(plant, promise), {PORTAL.key_id: PORTAL.public})
    sound = examine(opening, handed, plant.site.folder)
    last = opening.leaves[-1]
    changed = replace(opening, leaves=(*opening.leaves[:-1], replace(last, salt=bytes(16))))
    broken = examine(changed, handed, plant.site.folder)
    say, ask = Words(en="The meters say more.", zh="表计更多。"), Words(en="Ask.", zh="请询问。")
    papers = not_checkable("calibration", say, ask), failed("bill-and-meters", say, ask)
    return {"held": _of(sound), "failed": _of(broken), "papers": AuditVerdict(papers, of=PAPERS)}


def _of(evidence: Evidence) -> AuditVerdict:
    return AuditVerdict(checks.run(evidence), evidence)


@pytest.fixture
def write(verdicts: dict[str, AuditVerdict], tmp_path: Path) -> Write:
    def page(kind: str, lang: str) -> Path:
        path = tmp_path / f"{kind}-{lang}.html"
        path.write_bytes(telling.report(verdicts[kind], path, lang, MADE))
        return path

    return page


@pytest.mark.parametrize(("lang", "width"), [("en", 1440), ("zh", 360)])
@pytest.mark.parametrize("kind", ["held", "failed", "papers"])
def test_the_report_is_sound(
    alone: Browser,
    write: Write,
    verdicts: dict[str, AuditVerdict],
    kind: str,
    lang: str,
    width: int,
) -> None:
    path = write(kind, lang)
    page, asked = opened(alone, path, width)
    reader = Reader(page, "", LANGUAGES[lang], width, None)
    page.on("console", reader._console)
    page.on("pageerror", lambda error: reader.complaints.append(f"script: {error}"))
    page.goto(path.as_uri())
    reader.look(f"verdict-{kind}")
    assert [address for address in asked if not address.startswith("data:")] == [path.as_uri()]
    assert page.locator("[data-check]").count() == len(verdicts[kind].findings)
    assert telling.lead(verdicts[kind], lang) in reader.text()
    failing = [
        finding
        for finding in verdicts[kind].findings
        if finding.to_do is not None and finding.state == "failed"
    ]
    assert bool(failing) == (kind != "held") == (page.locator("#failures").count() == 1)
    for failure in failing:
        for text in (failure.words, failure.to_do, *failure.places):
            assert text is not None
            assert text.said_in(lang) in reader.text()
    page.context.close()


@pytest.mark.parametrize("lang", list(LANGUAGES))
def test_nothing_is_cut_off_on_paper(
    alone: Browser, write: Write, lang: str, tmp_path: Path
) -> None:
    page, _ = opened(alone, path := write("failed", lang), A4_WIDTH_PX)
    page.emulate_media(media="print")
    page.goto(path.as_uri())
    assert (
        page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        <= 0
    )
    assert (
        page.evaluate("getComputedStyle(document.querySelector('thead')).display")
        == "table-header-group"
    )
    printed = page.pdf(path=tmp_path / "report.pdf", prefer_css_page_size=True)
    assert 1 <= len(re.findall(rb"/Type\s*/Page\b", printed)) <= 8
    page.context.close()


def test_the_chinese_report_says_everything_in_chinese(verdicts: dict[str, AuditVerdict]) -> None:
    for verdict in verdicts.values():
        text = telling.markdown(verdict, "zh")
        for finding in verdict.findings:
            assert CHINESE.search(finding.words.said_in("zh"))
            assert finding.words.said_in("zh") in text
            assert finding.words.en not in text
        assert "checks" not in text
