"""Each reader's pages, in both languages, on a phone and on a desk: no policy broken, nothing
inaccessible, nothing cut off.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

from tests.functional.browser.reader import Reader
from tests.functional.browser.world import World

pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db(databases=["default", "vault"]),
    pytest.mark.xdist_group("browser"),
]

MakeReader = Callable[..., Reader]
LANGUAGES = ("en", "zh-hans")
WIDTHS = (360, 1440)
BENCHMARK = "/benchmarks/cement/cn/dry-process/2025/v1/"


@pytest.fixture(
    params=[(language, width) for language in LANGUAGES for width in WIDTHS],
    ids=lambda p: f"{p[0]}-{p[1]}",
)
def screen(request: pytest.FixtureRequest) -> tuple[str, int]:
    chosen: tuple[str, int] = request.param
    return chosen


def test_the_public_finds_a_benchmark_and_reads_how_it_was_obtained(
    reader: MakeReader, screen: tuple[str, int]
) -> None:
    visitor = reader(*screen)
    visitor.open("/")
    visitor.look("benchmarks")
    visitor.page.click(f"#data a[href='{BENCHMARK}']")
    assert visitor.page.url.endswith(BENCHMARK)
    visitor.look("benchmark")
    visitor.open("/benchmarks/cement/cn/dry-process/2025/v1/?against=1")
    visitor.look("compare")
    visitor.open("/about/")
    visitor.look("about")
    visitor.open("/about/api/")
    visitor.look("api")
    visitor.open("/sectors/cement/cn/dry-process/")
    visitor.look("sector")
    visitor.page.click(".sl-finding tbody th a >> nth=0")
    visitor.look("step")
    visitor.open("/status/")
    visitor.look("status")
    visitor.open("/sign-in/")
    visitor.look("sign-in")
    visitor.open("/benchmarks/cement/cn/dry-process/2031/v1/")
    visitor.look("not-found", expected_status=404)


def test_a_chart_is_shown_on_anybodys_page_and_saved_as_png(
    reader: MakeReader, tmp_path: Path
) -> None:
    visitor = reader("zh-hans", 360)
    page = visitor.page
    visitor.open(BENCHMARK)
    for chart in ("ladder", "spread"):
        with page.expect_download() as download:
            page.press(f"[data-png^={chart}]", "Enter")
        assert (
            download.value.suggested_filename
            == f"steplabel-cement-cn-dry-process-2025-v1-{chart}.png"
        )
        download.value.save_as(tmp_path / "chart.png")
        head = (tmp_path / "chart.png").read_bytes()[:24]
        assert head[:8] == b"\x89PNG\r\n\x1a\n"
        assert int.from_bytes(head[16:20], "big") == 2 * 1080
    snippet = page.locator("code", has_text="ladder.svg").text_content()
    address = f"{visitor.base}{BENCHMARK}"
    framed = "".join(
        f"<iframe src='{address}{name}'></iframe>" for name in ("ladder.svg", "spread.svg", "")
    )
    (tmp_path / "index.html").write_text(
        f"{snippet}<object data='{address}spread.svg'></object>{framed}", "utf-8"
    )
    with ThreadingHTTPServer(
        ("127.0.0.1", 0), partial(SimpleHTTPRequestHandler, directory=tmp_path)
    ) as stranger:
        Thread(target=stranger.serve_forever, daemon=True).start()
        page.goto(
            f"http://127.0.0.1:{stranger.server_port}/"
        )  # the portal is at localhost: another origin
        stranger.shutdown()
    page.wait_for_function("document.images[0].naturalWidth === 1080")
    shown = [frame.locator("svg title").count() for frame in page.frames]
    assert sorted(shown) == [0, 0, 1, 1, 1], "the pictures, and not the portal's own page"


WEIGHT = """
() => [...performance.getEntriesByType('navigation'), ...performance.getEntriesByType('resource')]
  .reduce((sum, one) => sum + one.transferSize, 0)
"""
FIRST_KB, AFTER_KB = 400, 60


def test_anybody_reads_the_log_and_looks_an_entry_up_by_keyboard(
    reader: MakeReader, screen: tuple[str, int]
) -> None:
    visitor = reader(*screen)
    visitor.open("/verify/")
    visitor.look("log")
    visitor.page.focus("input[name=code]")
    visitor.page.keyboard.type("3")
    with visitor.page.expect_navigation():
        visitor.page.keyboard.press("Enter")
    visitor.look("log-entry")
    assert "/api/v1/log/inclusion/?index=3" in visitor.page.content()
    visitor.page.fill("input[name=code]", "999999999")
    with visitor.page.expect_navigation():
        visitor.page.keyboard.press("Enter")
    visitor.look("log-not-found", expected_status=404)


FOLDED = (
    "() => [...document.querySelectorAll('main .govuk-details__text')].map(one => "
    "one.checkVisibility())"
)


def test_quotation_marks_of_english_pages_are_no_wider_than_latin_ones(reader: MakeReader) -> None:
    visitor = reader("en", 1440)
    visitor.open("/")
    widths = visitor.page.evaluate(
        """async () => {
          await document.fonts.ready;
          const line = document.querySelector("p").appendChild(document.createElement("span"));
          const width = (text) => { line.textContent = text; return line.getBoundingClientRect().width; };
          width("‘’“”·…");
          await new Promise((done) => setTimeout(done, 200));
          const em = parseFloat(getComputedStyle(line).fontSize);
          return [..."‘’“”·"].map((mark) => width(`n${mark}n`) - width("nn")).map((wide) => wide / em);
        }"""
    )
    assert max(widths) < 0.7, "drawn by a Chinese font each is a whole em wide"


def test_what_is_folded_is_printed(reader: MakeReader) -> None:
    visitor = reader("en", 1440)
    visitor.open(BENCHMARK)
    assert set(visitor.page.evaluate(FOLDED)) == {False}
    visitor.page.emulate_media(media="print")
    assert set(visitor.page.evaluate(FOLDED)) == {True}


def test_public_pages_are_light(reader: MakeReader) -> None:
    """What goes over the wire: the first page with style and script, and every page after it, which
    finds these kept.
    """
    visitor = reader("en", 1440)
    weights = {}
    for page in (
        BENCHMARK,
        "/",
        "/benchmarks/cement/cn/dry-process/2025/v1/?against=1",
        "/about/",
        "/status/",
        "/verify/?code=1",
    ):
        answer = visitor.page.goto(visitor.base + page)
        assert answer is not None
        assert answer.ok, page
        weights[page] = visitor.page.evaluate(WEIGHT) / 1000
        print(f"{page}: {weights[page]:.0f} kB")
    first, *after = weights.values()
    assert 0 < first < FIRST_KB
    assert 0 < max(after) < AFTER_KB, weights


def test_an_enterprise_sees_its_reports_its_rank_and_its_agents(
    reader: MakeReader, screen: tuple[str, int], world: World
) -> None:
    owner = reader(*screen, world.owner.email)
    owner.look("our-plant")
    owner.open("/submissions/")
    owner.look("submissions")
    owner.page.click("main table a")
    owner.look("submission")
    owner.open("/sites/")
    owner.look("sites")
    owner.page.click("main h2 a")
    owner.look("site-record-own")
    owner.page.click("text=/^(All sites of the firm|该企业的全部生产厂区)/")
    owner.look("firm-record")
    owner.open("/submissions/hand-in/")
    owner.look("hand-in")
    owner.open("/periods/")
    owner.look("forbidden", expected_status=403)


def test_a_regulator_sees_who_took_part_and_what_the_gate_found(
    reader: MakeReader, screen: tuple[str, int], world: World
) -> None:
    officer = reader(*screen, world.cast.drafter.email)
    officer.look("home-regulator")
    officer.open("/periods/")
    officer.look("periods")
    officer.open("/assignments/several/")
    officer.look("assign-several")
    officer.open("/audit-trail/?subject=benchmark")
    officer.look("audit-trail")
    officer.open(f"/periods/{world.cast.group.pk}/2025/standings/?metric=total")
    officer.look("standings")
    officer.page.click("main a[href*='as=matrix']")
    officer.look("standings-matrix")
    assert officer.page.locator("main td .sl-i").count() >= 20, (
        "sites by steps, each with its ranks"
    )
    assert officer.page.locator("main thead th").nth(1).text_content() in (
        "Crushing and prehomogenisation",
        "破碎与预均化",
    ), "the first step"
    officer.open(f"/periods/{world.cast.group.pk}/2016/standings/")
    officer.look("standings-none")
    officer.open("/periods/")
    officer.page.click("text=/^(Open a period|开放报告期)/")
    officer.look("open-period")
    officer.open("/periods/?stage=closed")
    officer.look("periods-none")
    officer.open("/sites/works-1/")
    officer.look("site-record")
    officer.page.fill("#note", "Kiln shell repaired.")
    officer.page.click("main form button")
    assert "Kiln shell repaired." in officer.text()
    officer.page.fill("#find", "works-1")
    officer.page.press("#find", "Enter")
    officer.page.wait_for_url("**/search/**")
    officer.look("search")
    officer.open("/periods/")
    officer.page.click("main tbody a")
    officer.look("participation")
    for tab in ("deadlines", "results", "draft"):
        officer.page.click(f".sl-tabs a[href$='/{tab}/']")
        officer.look(f"period-{tab}")
    assert officer.page.locator("#decide").count() == 1, "of the newest version"


def test_a_certification_body_sees_what_it_is_assigned(
    reader: MakeReader, screen: tuple[str, int], world: World
) -> None:
    auditor = reader(*screen, world.cast.auditor.email)
    auditor.look("home-body")
    auditor.open("/assigned/")
    auditor.look("assigned")
    auditor.page.click("main table a")
    auditor.look("engagement")
    with auditor.page.expect_navigation():
        auditor.page.click("main table a")
    auditor.look("assigned-submission")
    assert "kgce" not in auditor.text()
    of_the_report = auditor.page.url.rstrip("/").rpartition("/")[2]
    owner = reader(*screen, world.owner.email)
    owner.open(f"/submissions/{of_the_report}/")
    assert "kgce" in owner.text(), (
        "whose report it is reads its values on the page of the same name"
    )


def test_who_has_nothing_yet_is_told_what_to_do(
    reader: MakeReader, screen: tuple[str, int], world: World
) -> None:
    newcomer = reader(*screen, world.newcomer.email)
    newcomer.look("our-plant-empty")
    newcomer.open("/submissions/")
    newcomer.look("submissions-empty")
