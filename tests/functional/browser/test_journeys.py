"""What people do here, from beginning to end: enrol, hand in, compose, publish, withdraw; filter; with a keyboard, without scripts."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from django.db import connections
from django.utils import timezone

from portal import keys
from portal.opening import services as opening
from tests.functional.browser.reader import Reader
from tests.functional.browser.world import World

pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db(databases=["default", "vault"]),
    pytest.mark.xdist_group("browser"),
]

MakeReader = Callable[..., Reader]


def test_an_enterprise_enrols_an_agent_and_hands_in_a_file(reader: MakeReader, world: World, tmp_path: Path) -> None:
    carrier = reader("en", 1440, world.carrier.email)
    page = carrier.page
    carrier.open("/sites/")
    page.click("main form button")
    carrier.look("token")
    assert page.inner_text("#token").startswith("sl1.")
    carrier.open("/sites/")
    assert "1 token is waiting" in carrier.text()
    assert "sl1." not in page.content()

    carrier.open("/submissions/hand-in/")
    page.click("main form button")
    carrier.look("hand-in-nothing", expected_status=400)
    assert "Choose the sealed file first." in carrier.text()
    hand_in(carrier, world.altered_file, tmp_path)
    carrier.look("hand-in-altered", expected_status=400)
    assert "altered" in carrier.text()
    hand_in(carrier, b"x" * 300_000, tmp_path)
    carrier.look("hand-in-too-large", expected_status=400)
    assert "larger than any sealed report" in carrier.text()
    hand_in(carrier, b"x" * 600_000, tmp_path)
    carrier.look("hand-in-not-read", expected_status=413)

    carrier.open("/submissions/hand-in/")
    hand_in(carrier, world.sealed_file, tmp_path)
    assert "The sealed file is in." in carrier.text()
    assert "Waiting to be opened" in carrier.text()
    carrier.look("handed-in")
    carrier.open("/submissions/hand-in/")
    hand_in(carrier, world.sealed_file, tmp_path)
    assert "This file was handed in before" in carrier.text()
    with page.expect_download() as receipt:
        page.click("text=Download the signed receipt")
    assert Path(receipt.value.path()).stat().st_size > 100

    carrier.open("/submissions/")
    assert "Waiting to be opened" in carrier.text()
    in_a_worker(open_what_waits)
    page.wait_for_selector("#reports .st--ok", timeout=10_000)  # the page asks again by itself

    carrier.open("/sites/")
    page.click("main table a")
    carrier.look("revoke")
    page.click("main form button")
    assert "The agent is revoked." in carrier.text()
    carrier.look("sites-revoked")


def test_one_person_drafts_another_publishes_and_withdraws(reader: MakeReader, world: World) -> None:
    drafter = reader("zh-hans", 360, world.cast.drafter.email)
    drafter.page.click("main table a")
    drafter.page.fill("#what_changed", "新增两家企业")
    drafter.page.click("main form button >> nth=0")
    drafter.look("draft-own")
    draft = drafter.page.url.removeprefix(drafter.base)
    assert "须由另一人决定" in drafter.text()
    assert drafter.page.locator("#decide button").count() == 0

    approver = reader("en", 1440, world.cast.approver.email)
    approver.open(draft)
    approver.look("draft-of-another")
    approver.page.click("#decide button")
    assert "is published" in approver.text()

    visitor = reader("en", 1440)
    visitor.open("/b/cement/2025/")
    visitor.look("benchmark-second-version")
    assert visitor.page.url.endswith("/b/cement/2025/v2/")

    approver.page.click("text=Withdraw it with a reason")
    approver.page.click("main form button")
    approver.look("withdraw-without-reason", expected_status=400)
    approver.page.fill("#id_reason", "One line had counted recovered power twice.")
    approver.page.click("main form button")
    assert "is withdrawn" in approver.text()

    visitor.open("/b/cement/2025/v2/")
    assert "One line had counted recovered power twice." in visitor.text()
    visitor.look("benchmark-withdrawn")
    visitor.page.click("text=Go to the version in force")
    assert visitor.page.url.endswith("/v1/")


@pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without scripts"])
def test_the_filter_of_participants_works_with_and_without_scripts(reader: MakeReader, world: World, scripts: bool) -> None:
    officer = reader("en", 1440, world.cast.drafter.email, scripts=scripts)
    officer.page.click("main table a")
    if scripts:
        officer.page.evaluate("window.__stayed = true")
    officer.page.fill("#q", "firm 23")
    if not scripts:
        officer.page.click("form[role=search] button")
    officer.page.wait_for_selector("#firms tbody tr:only-child")
    assert "Refused" in officer.page.inner_text("#firms")
    if scripts:
        assert officer.page.evaluate("window.__stayed") is True, "the whole page was loaded again"
    officer.page.fill("#q", "nobody of this name")
    if not scripts:
        officer.page.click("form[role=search] button")
    officer.page.wait_for_selector("#firms .sl-empty")


def test_the_language_is_switched_on_the_page_and_stays(reader: MakeReader) -> None:
    visitor = reader("en", 360)
    visitor.open("/b/cement/2025/v1/?unit=MJ")
    visitor.page.click("text=简体中文")
    visitor.language = "zh-hans"
    assert visitor.page.url.endswith("?unit=MJ")
    visitor.look("benchmark-switched")
    visitor.open("/")
    visitor.look("benchmarks-switched")


def test_the_first_key_leads_past_the_navigation(reader: MakeReader) -> None:
    visitor = reader("en", 1440)
    visitor.open("/")
    visitor.page.keyboard.press("Tab")
    assert visitor.page.evaluate("document.activeElement.textContent") == "Skip to main content"
    visitor.page.keyboard.press("Enter")
    assert visitor.page.evaluate("document.activeElement.id") == "main"


def hand_in(reader: Reader, content: bytes, folder: Path) -> None:
    file = folder / "report.sealed"
    file.write_bytes(content)
    if not reader.page.locator("#id_sealed").count():
        reader.open("/submissions/hand-in/")
    reader.page.set_input_files("#id_sealed", file)
    reader.page.click("main form button")


def open_what_waits() -> None:
    opening.sweep(keys.processing_key(), timezone.now)


def in_a_worker(work: Callable[[], None]) -> None:
    """In a thread of its own, as the worker is a process of its own: Playwright's loop runs in this one."""

    def run() -> None:
        try:
            work()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(1) as pool:
        pool.submit(run).result()
