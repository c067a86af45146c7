"""A whole audit with nothing left out: two people at browsers, the agent at the plant and on the
auditor's machine, a running portal.

Everything that any of them sends passes a relay, and is searched in the end for what the opening
showed.
"""

from __future__ import annotations

import os
import shlex
import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from django.utils import timezone
from playwright.sync_api import Browser, sync_playwright

from benchmarks.audit import openings
from benchmarks.audit.sample_file import OF_A_SAMPLE, ON_SITE
from benchmarks.wire import attestations, canonical
from portal.assurance.models import Sample
from portal.intake.models import Submission, SubmissionState
from reporting_agent.audit.openings.statements import AuditorKeys
from reporting_agent.sending.enrolment import SEED_FILE
from reporting_agent.state import StateDirectory
from tests.functional.audit.plants import PERIOD
from tests.functional.browser.conftest import ARGUMENTS
from tests.functional.browser.reader import Reader, in_a_worker
from tests.functional.whole_system.audited_plant import Audited, agent, registered
from tests.functional.whole_system.opened_facts import facts_of_opening, found_of, secrets_of
from tests.functional.whole_system.relay import Relay

pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db(transaction=True, databases=["default", "vault"]),
    pytest.mark.xdist_group("whole-system"),
]

PASSWORD = b"of the auditor"
UNLOCKED = ("--password-file", "password")
PART = 40  # leaves of the opening, for what is sent by mistake
MakeReader = Callable[..., Reader]


@pytest.fixture
def chromium(portal_relay: Relay) -> Iterator[Browser]:
    """Closed before the portal's databases are emptied: Playwright's loop runs in this thread."""
    program = os.environ.get("CHROMIUM") or shutil.which("chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture
def reader(chromium: Browser, portal_relay: Relay) -> Iterator[MakeReader]:
    """People at browsers that know the portal by the relay's address."""
    yield from Reader.made_for(chromium, portal_relay.address, None)


@pytest.fixture
def office(tmp_path: Path) -> Path:
    """The auditor's own machine."""
    folder = tmp_path / "office"
    folder.mkdir()
    (folder / "password").write_bytes(PASSWORD)
    return folder


@pytest.mark.timeout(600)
def test_an_audit_from_enrolment_to_the_certificate_and_nothing_of_the_opening_reaches_the_portal(
    reader: MakeReader,
    portal_relay: Relay,
    worker_sweeps: Callable[[], object],
    office: Path,
    tmp_path: Path,
) -> None:
    audited = in_a_worker(lambda: registered(tmp_path))
    state = ("--state", tmp_path / "state")
    of_site = ("--site", audited.site_toml, *state)
    agent(
        audited.works, "enrol", "--portal", portal_relay.address, "--token", audited.token, *state
    )
    agent(audited.works, "submit", *of_site, "--period", PERIOD)
    in_a_worker(worker_sweeps)
    assert in_a_worker(lambda: Submission.objects.get().state) == SubmissionState.ACCEPTED

    auditor, plant = reader("en", 1440, audited.auditor), reader("zh-hans", 360, audited.owner)
    reply = agent(office, "audit", "works", *UNLOCKED)
    public_key = reply["public_key"]
    _declare_and_register(auditor, audited, public_key, reply["fingerprint"])
    _draw(auditor, audited, office)

    plant.open("/audits/")
    plant.look("audits-with-a-draw")
    _download(plant, "a[href^='/draws/']", audited.works / "draw")
    assert (audited.works / "draw").read_bytes() == (office / "draw").read_bytes()
    opened = agent(audited.works, "open", "draw", *of_site, "--out", tmp_path / "opening", "--yes")
    assert opened["sealed"]
    assert opened["different"] == []
    agent(
        audited.works, "submit", *of_site, "--period", PERIOD
    )  # in touch with the portal again, after the opening
    agent(audited.works, "status", *state)
    shutil.copy(tmp_path / "opening", office)  # handed over, past the portal

    _verify(auditor, audited, office)
    _found_answered_and_closed(auditor, plant, audited)
    code = _concluded(auditor, audited, office, public_key)
    _seen_by_the_public(reader("en", 1440), code, public_key)

    keys = AuditorKeys.from_pem((office / "auditor.pem").read_bytes(), PASSWORD)
    opening = openings.read(openings.unseal((office / "opening").read_bytes(), keys.sealing))
    seed = StateDirectory(tmp_path / "state").read_secret(SEED_FILE)
    facts, secrets = facts_of_opening(opening), secrets_of(opening, seed)
    assert len(facts.names) > 20
    assert len(facts.numbers) > 50
    assert len(secrets) > 100
    sent = portal_relay.everything
    assert opening.contents.site.encode() in sent  # the search sees what was sent
    assert found_of(facts, secrets, sent) == []

    part = replace(opening, leaves=opening.leaves[:PART], extract=opening.extract[:1000])
    _part_of_it_is_handed_in_by_mistake(auditor, audited, office, canonical.encode(part.content))
    facts, secrets = facts_of_opening(part), secrets_of(part, seed)
    assert len(facts.names) > 5
    matches = found_of(facts, secrets, portal_relay.everything)
    assert {f"batch id: {name}" for name in facts.names} | {
        f"{name}, as it is" for name in secrets if name != "seed"
    } <= set(matches)
    assert "seed, as it is" not in matches, "an opening has the key of its report alone"
    assert any("moment of" in fact for fact in matches)
    assert any("value of" in fact for fact in matches)


def _declare_and_register(
    auditor: Reader, audited: Audited, public_key: str, fingerprint: str
) -> None:
    page = auditor.page
    auditor.open("/assigned/")
    page.click(f"a[href='/assigned/{audited.assignment}/']")
    page.click(f"a.govuk-button[href='/assigned/{audited.assignment}/interest/']")
    page.select_option("#id_interest", "none")
    page.click("main form button")
    page.wait_for_url(f"**/assigned/{audited.assignment}/")
    auditor.look("declared")
    auditor.open("/auditor-keys/")
    page.fill("#id_public_key", public_key)
    page.click("main form button")
    page.wait_for_selector(f"text={fingerprint[:16]}")


def _draw(auditor: Reader, audited: Audited, office: Path) -> None:
    """Promised and logged, with an entry of the portal's own behind it; drawn at once, with the
    head that follows from both.
    """
    page = auditor.page
    auditor.open(f"/assigned/{audited.assignment}/sample/")
    command = _as_shown(auditor)
    folder = command[1]
    agent(office, *command, *UNLOCKED)
    _hand_in(auditor, "#id_signed", office / folder / "promise")
    auditor.look("promised")
    name = _download(auditor, "a[href$='/evidence.json']", office / "evidence")
    shutil.copy(office / "evidence", office / name)
    drawn = agent(office, *_as_shown(auditor), *UNLOCKED)
    assert drawn["head"] > 0
    shutil.copy(drawn_file := office / folder / "draw", office / "draw")
    _hand_in(auditor, "#id_signed", drawn_file)
    page.wait_for_selector("#id_summary")
    auditor.look("drawn")


def _as_shown(auditor: Reader) -> list[str]:
    """The agent's command that stands on the page, word by word."""
    program, *words = shlex.split(auditor.page.inner_text("main section p.sl-mono"))
    assert program == "steplabel-agent"
    return words


def _verify(auditor: Reader, audited: Audited, office: Path) -> None:
    """By the command that the page shows, at the plant so that the whole label is made again as
    well; only counts go to the portal.
    """
    auditor.open(f"/assigned/{audited.assignment}/sample/")
    command = _as_shown(auditor)
    assert command[command.index("--fingerprint") + 1] == audited.fingerprint
    verdict = agent(office, *command, *UNLOCKED, "--site", audited.site_toml)
    assert (verdict["held"], verdict["binding"]) == (True, "bound")
    assert [
        check for check in verdict["checks"] if check["asked"] and check["state"] != "held"
    ] == []
    checks = {check["code"] for check in verdict["checks"]}
    assert {*OF_A_SAMPLE, ON_SITE} <= checks
    assert {answer["state"] for answer in verdict["answers"]} == {"held"}
    summary = office / command[1] / "summary.json"
    _hand_in(auditor, "#id_summary", summary)
    assert "There is a problem" not in auditor.text(), (auditor.text()[:3000], summary.read_text())
    auditor.page.wait_for_selector("#id_signed")  # the next promise
    assert f"{verdict['sentence']} If 1 %" in auditor.text()
    auditor.look("verified")


def _found_answered_and_closed(auditor: Reader, plant: Reader, audited: Audited) -> None:
    page = auditor.page
    auditor.open(f"/assigned/{audited.assignment}/findings/new/")
    page.select_option("#id_grade", "major")
    page.fill("#id_text", "The coal scale is out of calibration.")
    page.fill("#id_due", (timezone.localdate() + timedelta(days=14)).isoformat())
    page.click("main form button")
    page.wait_for_url(f"**/assigned/{audited.assignment}/")

    plant.open("/audits/")
    plant.page.click("main table a")
    plant.page.fill("#id_text", "Calibrated; the certificate lies with the scale.")
    plant.page.click("main form button")
    plant.page.wait_for_selector(".sl-thread")
    plant.look("answered")

    auditor.open(f"/assigned/{audited.assignment}/findings/1/")
    assert "the certificate lies with the scale" in auditor.text()
    page.fill("#id_text", "Seen on site.")
    page.click("button[value=close]")
    page.wait_for_selector(".sl-thread li:nth-child(2)")


def _concluded(auditor: Reader, audited: Audited, office: Path, public_key: str) -> str:
    """The statement drawn up, signed on the auditor's machine, handed in; its code."""
    page, today = auditor.page, timezone.localdate()
    auditor.open(f"/assigned/{audited.assignment}/opinion/")
    page.select_option("#id_opinion", "unqualified")
    page.select_option("#id_assurance", "reasonable")
    for box in page.locator("input[name=steps]").all():
        box.check()
    page.fill("#id_boundary", "From the coal scale to the clinker silo.")
    page.fill(
        "#id_checked",
        "The sample against the works' own log and readings, and the whole label again.",
    )
    page.fill("#id_not_checked", "The power plant beside the kiln.")
    page.fill("#id_valid_until", (today + timedelta(days=365)).isoformat())
    page.click("main form button.govuk-button")
    page.wait_for_url("**/attestations/*/")
    _download(auditor, "a[href$='/to-sign.cbor']", office / "statement")
    signed = agent(office, "audit", ".", "statement", *UNLOCKED)
    assert attestations.read((office / "signed").read_bytes()).public_key.hex() == public_key
    assert signed["file"] == "signed"
    _hand_in(auditor, "#id_signed", office / "signed")
    page.wait_for_selector("a[href^='/verify/A-']")
    auditor.look("issued")
    return str(page.get_attribute("a[href^='/verify/A-']", "href")).split("/")[2]


def _seen_by_the_public(public: Reader, code: str, public_key: str) -> None:
    public.open("/verify/")
    public.page.fill("#id_code", code)
    public.page.press("#id_code", "Enter")
    public.page.wait_for_url(f"**/verify/{code}/")
    public.look("seen-by-the-public")
    assert "From the coal scale to the clinker silo." in public.text()
    statement = public.page.request.get(f"{public.base}/verify/{code}/statement.cbor").body()
    assert attestations.read(statement).public_key.hex() == public_key
    certificate = public.page.request.get(f"{public.base}/verify/{code}/certificate.pdf")
    assert certificate.headers["content-type"] == "application/pdf"
    assert certificate.body().startswith(b"%PDF-")


def _part_of_it_is_handed_in_by_mistake(
    auditor: Reader, audited: Audited, office: Path, part: bytes
) -> None:
    """Where the promise belongs: refused and not kept, yet sent, which the search has to see. The
    whole would be cut off as too large.
    """
    (office / "part").write_bytes(part)
    before = in_a_worker(Sample.objects.count)
    auditor.open(f"/assigned/{audited.assignment}/sample/")
    auditor.page.set_input_files("#id_signed", office / "part")
    auditor.page.click("main form button")
    auditor.page.wait_for_selector(".govuk-error-message")
    auditor.look("opening-refused", expected_status=400)
    assert in_a_worker(Sample.objects.count) == before


def _hand_in(who: Reader, field: str, file: Path) -> None:
    who.page.set_input_files(field, file)
    with who.page.expect_navigation():
        who.page.click("main form button")


def _download(who: Reader, link: str, to: Path) -> str:
    """Gives back the name that the portal gives the file."""
    with who.page.expect_download() as download:
        who.page.click(link)
    download.value.save_as(to)
    return download.value.suggested_filename
