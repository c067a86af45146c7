"""What is refused is refused in Chinese to who reads Chinese: by a service, of a file, to the
slower of two, and on record.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from django.db.models import QuerySet

from benchmarks import catalogue
from portal.assurance.models import Assignment
from portal.catalogue.models import Reminder
from portal.intake.models import Submission, SubmissionState
from tests.functional.browser.reader import Reader, in_a_worker
from tests.functional.browser.world import PERIOD, World

pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db(databases=["default", "vault"]),
    pytest.mark.xdist_group("browser"),
]

MakeReader = Callable[..., Reader]
Provoked = Callable[[MakeReader, tuple[str, int], World, Path], str]
SCREENS = pytest.mark.parametrize(
    "screen", [("zh-hans", 1440), ("zh-hans", 360)], ids=["zh-hans-1440", "zh-hans-360"]
)
NAMES = ("Steplabel", "CBOR", "docs/wire-format.md")
"""Which are the same in every language."""


def english_in(text: str) -> list[str]:
    """What is left of a Chinese text that a reader of Chinese alone would stumble over."""
    for name in NAMES:
        text = text.replace(name, "")
    return re.findall("[A-Za-z]{3,}", text)


def from_a_service(reader: MakeReader, screen: tuple[str, int], world: World, _folder: Path) -> str:
    """Who acts for the firm already is invited once more: the refusal names both."""
    manager, email = reader(*screen, world.newcomer.email), world.newcomer.email
    manager.open("/people/")
    manager.page.fill("#id_email", email)
    manager.page.press("#id_email", "Enter")
    manager.page.wait_for_selector(".govuk-error-message")
    message = manager.page.inner_text(".govuk-error-message")
    manager.look("people-already-there", expected_status=400)
    firm = str(in_a_worker(lambda: world.cast.plants[-2].site.organisation.name))
    assert email in message
    assert firm in message
    return message.replace(email, "").replace(firm, "")


def of_a_file(reader: MakeReader, screen: tuple[str, int], world: World, folder: Path) -> str:
    """Noise is handed in for a signed promise: the core says what it is not."""
    assignment = in_a_worker(
        lambda: Assignment.objects.filter(body=world.cast.body).earliest("pk").pk
    )
    (folder / "promise.cbor").write_bytes(b"\xff" * 40)
    auditor = reader(*screen, world.cast.auditor.email)
    auditor.open(f"/assigned/{assignment}/sample/")
    auditor.page.set_input_files("#id_signed", folder / "promise.cbor")
    auditor.page.click("main form button")
    auditor.page.wait_for_selector(".govuk-error-message")
    message = auditor.page.inner_text(".govuk-error-message")
    auditor.look("sample-of-noise", expected_status=400)
    return message


def of_a_conflict(reader: MakeReader, screen: tuple[str, int], world: World, _folder: Path) -> str:
    """Two officers remind the same firms: for the second, nobody is left."""
    in_a_worker(
        lambda: QuerySet(Reminder)._raw_delete("default")
    )  # as if nobody had been reminded within the day
    first, second = (reader(*screen, world.cast.approver.email) for _ in range(2))
    for officer in (first, second):
        officer.open(f"/periods/{world.cast.group.pk}/{PERIOD}/deadlines/")
    for officer in (first, second):
        with officer.page.expect_navigation():
            officer.page.click("form[action$='/remind/'] button")
    second.look("nobody-late", expected_status=409)
    assert "nobody-late" in second.text(), "the code stays, to be quoted to whoever helps"
    return "".join(
        second.page.locator("main p.govuk-body").nth(index).inner_text() for index in range(2)
    )


def of_a_report_on_record(
    reader: MakeReader, screen: tuple[str, int], world: World, _folder: Path
) -> str:
    """The worker refused a report; its owner reads why on its page."""
    row = in_a_worker(lambda: Submission.objects.get(state=SubmissionState.REFUSED))
    assert row.reason.startswith("The report was made with pack cement"), "the record is English"
    plant = next(plant for plant in world.cast.plants if plant.site.pk == row.site_id)
    owner = reader(*screen, plant.owner.email)
    owner.open(f"/submissions/{row.digest}/")
    message = owner.page.inner_text("main .sl-lead")
    owner.look("submission-refused")
    assert len(re.findall("[0-9a-f]{16}", message)) == 2
    return re.sub("[0-9a-f]{16}|cement", "", message)


PROVOKED: tuple[Provoked, ...] = (from_a_service, of_a_file, of_a_conflict, of_a_report_on_record)


@SCREENS
def test_no_english_is_left_in_what_is_refused(
    reader: MakeReader, screen: tuple[str, int], world: World, tmp_path: Path
) -> None:
    for provoked in PROVOKED:
        message = provoked(reader, screen, world, tmp_path)
        assert re.search(r"[\u4e00-\u9fff]{4}", message), provoked.__name__
        assert english_in(message) == [], provoked.__name__


def test_with_the_translation_off_english_is_found(
    reader: MakeReader, world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(catalogue, "in_language", lambda sentence, *_: str(sentence))
    for provoked in PROVOKED:
        assert english_in(provoked(reader, ("zh-hans", 1440), world, tmp_path)), provoked.__name__
