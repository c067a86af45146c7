"""What people do here, from beginning to end: enrol, hand in, compose, publish, withdraw; filter;
with a keyboard, without scripts.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from django.utils import timezone

from portal import keys
from portal.opening import unsealing as opening
from tests.functional.browser.reader import Reader, in_a_worker
from tests.functional.browser.world import World

pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db(databases=["default", "vault"]),
    pytest.mark.xdist_group("browser"),
]

MakeReader = Callable[..., Reader]


def test_an_enterprise_enrols_an_agent_and_hands_in_a_file(
    reader: MakeReader, world: World, tmp_path: Path
) -> None:
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
    assert "was changed after it was signed" in carrier.text()
    hand_in(carrier, b"x" * 300_000, tmp_path)
    carrier.look("hand-in-too-large", expected_status=400)
    assert "larger than any sealed report" in carrier.text()
    hand_in(carrier, b"x" * 4_000_000, tmp_path)
    carrier.look("hand-in-not-read", expected_status=413)

    carrier.open("/submissions/hand-in/")
    hand_in(carrier, world.sealed_file, tmp_path)
    assert "The sealed file has been received." in carrier.text()
    assert "Waiting to be opened" in carrier.text()
    carrier.look("handed-in")
    carrier.open("/submissions/hand-in/")
    hand_in(carrier, world.sealed_file, tmp_path)
    assert "This file was submitted before" in carrier.text()
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


def test_one_person_drafts_another_publishes_and_withdraws(
    reader: MakeReader, world: World
) -> None:
    drafter = reader("zh-hans", 360, world.cast.drafter.email)
    drafter.open("/periods/")
    drafter.page.click("main tbody a")
    drafter.page.click(".sl-tabs a[href$='/draft/']")
    drafter.page.click("form[action$='/compose/'] button")
    drafter.look("draft-without-reason", expected_status=400)
    assert "请说明变化及其原因" in drafter.text()
    drafter.page.fill("#what_changed", "新增三家企业")
    drafter.page.click("form[action$='/compose/'] button")
    drafter.look("draft-own")
    draft = drafter.page.url.removeprefix(drafter.base)
    assert "须由另一人决定" in drafter.text()
    assert drafter.page.locator("#decide button").count() == 0

    drafter.page.click("#decide a[href$='/discard/']")
    drafter.page.click("main form button")
    drafter.look("discard-without-reason", expected_status=400)
    assert "请用一句话说明为何不需要此草稿" in drafter.text()
    drafter.page.fill("#id_reason", "写错了变化的原因")
    drafter.page.click("main form button")
    assert "第 2 版已作废" in drafter.text()
    drafter.open(draft)
    drafter.look("draft-discarded")
    assert "写错了变化的原因" in drafter.text()
    assert drafter.page.locator("#decide a, #decide button").count() == 0
    drafter.page.fill("#what_changed", "新增三家企业")
    drafter.page.click("form[action$='/compose/'] button")
    draft = drafter.page.url.removeprefix(drafter.base)
    assert "第 3 版" in drafter.text()

    approver = reader("en", 1440, world.cast.approver.email)
    approver.open(draft)
    approver.look("draft-of-another")
    approver.page.click("#comments button")
    approver.look("draft-comment-empty", expected_status=400)
    approver.page.fill("#id_text", "Which three firms came in?")
    approver.page.click("#comments button")
    assert "Which three firms came in?" in approver.text()
    approver.page.click("button[value=later]")
    approver.look("draft-time-missing", expected_status=400)
    assert "Set the day and time first." in approver.text()
    assert "Confirm that you have read the draft" in approver.text()
    approver.page.check("#id_read")
    tomorrow = (timezone.localtime() + timedelta(days=1)).strftime("%Y-%m-%dT%H:%M")
    approver.page.fill("#id_at", tomorrow)
    approver.page.fill("#id_note", "After the announcement")
    approver.page.click("button[value=later]")
    assert "is approved and will be published on" in approver.text()
    approver.look("draft-scheduled")
    drafter.open(draft)
    drafter.look("draft-scheduled-own")
    approver.page.click("text=Cancel this release")
    assert "is a draft again" in approver.text()
    approver.page.click("#decide button")
    assert "Confirm that you have read the draft" in approver.text(), "one click publishes nothing"
    approver.page.check("#id_read")
    approver.page.click("#decide button")
    assert "is published" in approver.text()

    visitor = reader("en", 1440)
    visitor.open("/benchmarks/cement/cn/dry-process/2025/")
    visitor.look("benchmark-second-version")
    assert visitor.page.url.endswith("/benchmarks/cement/cn/dry-process/2025/v3/")
    visitor.page.click("text=Compare with version 1")
    assert visitor.page.url.endswith(
        "/benchmarks/cement/cn/dry-process/2025/v3/?against=1#compared"
    )
    visitor.look("compare-versions")

    approver.page.click("text=Withdraw it with a reason")
    approver.page.click("main form button")
    approver.look("withdraw-without-reason", expected_status=400)
    approver.page.fill("#id_reason", "One line had counted recovered power twice.")
    approver.page.click("main form button")
    assert "is withdrawn" in approver.text()

    visitor.open("/benchmarks/cement/cn/dry-process/2025/v3/")
    assert "One line had counted recovered power twice." in visitor.text()
    visitor.look("benchmark-withdrawn")
    visitor.page.click("text=Go to the version in force")
    assert visitor.page.url.endswith("/v1/")


def test_a_late_site_gets_more_time_or_a_reminder_that_its_people_read(
    reader: MakeReader, world: World
) -> None:
    officer = reader("en", 360, world.cast.drafter.email)
    officer.open(f"/periods/{world.cast.group.pk}/2016/deadlines/")
    officer.look("deadlines")
    for box in officer.page.locator("#id_site input").all():
        box.set_checked(box.get_attribute("value") == "works-1")
    officer.page.fill("#id_until", "2016-02-01")
    officer.page.fill("#id_reason", "The kiln was rebuilt.")
    officer.page.click("text=Give more time")
    officer.look("deadlines-too-early", expected_status=400)
    assert "not later than the present one" in officer.text()
    officer.page.fill("#id_until", (timezone.localdate() + timedelta(days=9)).isoformat())
    officer.page.click("text=Give more time")
    assert "1 site has more time." in officer.text()
    officer.page.click("main form button")
    assert "24 sites are reminded: " in officer.text()
    officer.look("deadlines-reminded")
    officer.page.set_viewport_size({"width": 1440, "height": 900})
    officer.width = 1440
    officer.look("deadlines-reminded")
    late = reader("zh-hans", 1440, world.newcomer.email)
    late.open("/submissions/")
    late.look("submissions-reminded")
    assert "逾期" in late.text()


def test_a_list_of_the_obliged_is_looked_at_applied_and_undone(
    reader: MakeReader, world: World, tmp_path: Path
) -> None:
    officer = reader("en", 360, world.cast.drafter.email)
    page, group = officer.page, world.cast.group.pk
    officer.open(f"/periods/groups/{group}/obliged/")
    officer.look("obliged")
    upload(officer, "site,cohort\nworks-1,hundred\nnowhere,\nworks-1,\n", tmp_path)
    officer.look("obliged-faults", expected_status=400)
    assert "Line 3: “nowhere” is not a site" in page.inner_text("main")
    upload(officer, "site,cohort\nworks-1,hundred\nworks-2,thousand\n", tmp_path)
    officer.look("obliged-difference")
    assert "No longer obliged; can continue voluntarily: 23" in officer.text()
    page.click("text=Apply this list")
    assert "2 sites are obliged to report." in officer.text()
    page.set_viewport_size({"width": 1440, "height": 900})
    officer.width = 1440
    officer.look("obliged-cohorts")
    page.click("text=/^Undo list/")
    assert "25 sites are obliged to report." in officer.text()


@pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without scripts"])
def test_the_filter_of_participants_works_with_and_without_scripts(
    reader: MakeReader, world: World, scripts: bool
) -> None:
    officer = reader("en", 1440, world.cast.drafter.email, scripts=scripts)
    officer.open("/periods/")
    officer.page.click("main tbody a")
    if scripts:
        officer.page.evaluate("window.__stayed = true")
    officer.page.fill("#q", "firm 23")
    if not scripts:
        officer.page.click("main form[role=search] button")
    officer.page.wait_for_selector("#firms tbody tr:only-child")
    assert "Refused" in officer.page.inner_text("#firms")
    if scripts:
        assert officer.page.evaluate("window.__stayed") is True, "the whole page was loaded again"
    officer.page.fill("#q", "nobody of this name")
    if not scripts:
        officer.page.click("main form[role=search] button")
    officer.page.wait_for_selector("#firms .sl-empty")


def test_the_language_is_switched_on_the_page_and_stays(reader: MakeReader) -> None:
    visitor = reader("en", 360)
    visitor.open("/benchmarks/cement/cn/dry-process/2025/v1/?unit=MJ")
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


def upload(reader: Reader, content: str, folder: Path) -> None:
    file = folder / "obliged.csv"
    file.write_text(content, encoding="utf-8")
    reader.page.set_input_files("#id_listed", file)
    reader.page.click("text=Show what it would change")


def hand_in(reader: Reader, content: bytes, folder: Path) -> None:
    file = folder / "report.sealed"
    file.write_bytes(content)
    if not reader.page.locator("#id_sealed").count():
        reader.open("/submissions/hand-in/")
    reader.page.set_input_files("#id_sealed", file)
    reader.page.click("main form button")


def open_what_waits() -> None:
    opening.sweep(keys.processing_key(), timezone.now)
