"""An audit: an auditor finds, a plant answers, the auditor signs elsewhere and hands in; the public
checks the code.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from urllib.parse import unquote_to_bytes

import pytest
from django.http import HttpRequest
from django.utils import timezone
from playwright.sync_api import expect

from benchmarks.audit import signed_draws
from benchmarks.wire import attestations
from benchmarks.wire.signing import AuditorSigningKey
from portal.accounts.models import Site
from portal.assurance import attesting, auditors
from portal.assurance.assigning import assign
from portal.assurance.models import Assignment, Attestation, Sample
from reporting_agent.audit.openings.statements import AuditorKeys
from tests.functional.browser.reader import Reader, in_a_worker
from tests.functional.browser.world import NOW, PERIOD, World
from tests.integration.audited import draw_of, promise_of, summary_bytes, terms

pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db(databases=["default", "vault"]),
    pytest.mark.xdist_group("browser"),
]

MakeReader = Callable[..., Reader]
SCREENS = [("en", 1440), ("zh-hans", 360), ("en", 360), ("zh-hans", 1440)]
ON_SCREENS = pytest.mark.parametrize(
    "screen", SCREENS, ids=[f"{language}-{width}" for language, width in SCREENS]
)


@ON_SCREENS
def test_a_report_is_audited_attested_checked_and_taken_back(
    reader: MakeReader, screen: tuple[str, int], world: World, tmp_path: Path
) -> None:
    plant = world.cast.plants[5 + SCREENS.index(screen)]
    assignment = in_a_worker(
        lambda: assign(world.cast.body, plant.site, PERIOD, world.cast.approver, NOW).pk
    )
    key, today = AuditorSigningKey.generate(), timezone.localdate()
    auditor = reader(*screen, world.cast.auditor.email)
    page = auditor.page

    auditor.open(f"/assigned/{assignment}/")
    page.click("a.govuk-button")
    page.focus("#id_interest")
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.wait_for_selector(".govuk-error-message")
    auditor.look("interest-nothing", expected_status=400)
    page.select_option("#id_interest", "none")
    page.focus("#id_interest")
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/assigned/{assignment}/")
    auditor.look("engagement-declared")

    auditor.open(f"/assigned/{assignment}/findings/new/")
    page.click("main form button")
    auditor.look("finding-nothing", expected_status=400)
    page.select_option("#id_grade", "major")
    page.fill("#id_text", "The coal scale is out of calibration.")
    page.fill("#id_evidence", "Calibration record 7, with the plant")
    page.fill("#id_due", (today + timedelta(days=14)).isoformat())
    page.press("#id_due", "Enter")
    page.wait_for_url(f"**/assigned/{assignment}/")

    firm = reader(*screen, plant.owner.email)
    firm.open("/audits/")
    firm.look("audits")
    firm.page.click("main table a")
    firm.look("finding-of-the-plant")
    firm.page.fill("#id_text", "Calibrated again; the July figures are corrected.")
    firm.page.click("main form button")
    firm.page.wait_for_selector(".sl-thread")
    firm.look("finding-answered")

    auditor.open(f"/assigned/{assignment}/findings/1/")
    page.fill("#id_text", "Seen on site.")
    page.click("button[value=close]")
    page.wait_for_selector(".sl-thread li:nth-child(2)")
    auditor.look("finding-closed")

    auditor.open("/auditor-keys/")
    page.fill("#id_public_key", "abc")
    page.press("#id_public_key", "Enter")
    page.wait_for_selector(".govuk-error-message")
    auditor.look("auditor-keys-wrong", expected_status=400)
    page.fill("#id_public_key", key.public.hex)
    page.press("#id_public_key", "Enter")
    page.wait_for_selector(f"text={key.key_id[:16]}")
    auditor.look("auditor-keys")
    _opinion(auditor, assignment, "reasonable")
    page.wait_for_selector(".govuk-error-summary")
    auditor.look("opinion-without-a-sample", expected_status=400)
    _sample(auditor, assignment, key, screen, tmp_path)
    _opinion(auditor, assignment, "limited")
    page.wait_for_selector("#id_reason_error")  # a check of the opening failed
    auditor.look("opinion-without-a-reason", expected_status=400)
    page.fill("#id_reason", "The two records were corrected, and seen on site.")
    page.press("#id_valid_until", "Enter")
    page.wait_for_url("**/attestations/*/")
    auditor.look("attestation-to-sign")
    _sign_and_hand_in(auditor, key, tmp_path / "attestation.cbor")
    page.wait_for_selector("a[href^='/verify/']")
    auditor.look("attestation-issued")
    code = str(page.get_attribute("a[href^='/verify/A-']", "href")).split("/")[2]

    public = reader(*screen)
    public.open("/verify/")
    public.look("verify-ask")
    public.page.fill("#id_code", "A-0000")
    public.page.press("#id_code", "Enter")
    public.page.wait_for_selector(".govuk-error-message")
    public.look("verify-unknown", expected_status=404)
    public.page.fill("#id_code", code.lower())
    public.page.press("#id_code", "Enter")
    public.page.wait_for_url(f"**/verify/{code}/")
    public.look("verify-valid")
    assert (
        public.page.request.get(f"{public.base}/verify/{code}/certificate.pdf")
        .body()
        .startswith(b"%PDF")
    )
    signed = public.page.request.get(f"{public.base}/verify/{code}/statement.cbor").body()
    assert attestations.read(signed).public_key == key.public_bytes

    page.click("a[href$='/withdraw/']")
    page.fill("#id_reason", "The record was of another scale.")
    page.click("main form button")
    page.wait_for_url("**/attestations/*/")
    _sign_and_hand_in(auditor, key, tmp_path / "withdrawal.cbor")
    page.wait_for_selector(".sl-rule")
    auditor.look("attestation-withdrawn")
    public.open(f"/verify/{code}/")
    public.look("verify-withdrawn")
    assert "The record was of another scale." in public.text()


def _opinion(auditor: Reader, assignment: int, assurance: str) -> None:
    page = auditor.page
    auditor.open(f"/assigned/{assignment}/opinion/")
    page.click("main form button.govuk-button")
    auditor.look("opinion-nothing", expected_status=400)
    page.select_option("#id_opinion", "unqualified")
    page.select_option("#id_assurance", assurance)
    assert page.locator("input[name=steps]:checked").count() == 0, (
        "what was audited is for the auditor to say"
    )
    page.check("input[name=steps] >> nth=0")
    page.fill("#id_boundary", "Kiln 1, from the coal scale to the clinker silo.")
    page.fill("#id_checked", "60 records against the plant's own log.")
    page.fill("#id_not_checked", "The power plant beside the kiln.")
    page.fill("#id_valid_until", (timezone.localdate() + timedelta(days=365)).isoformat())
    page.press("#id_valid_until", "Enter")


def _sample(
    auditor: Reader, assignment: int, key: AuditorSigningKey, screen: tuple[str, int], folder: Path
) -> None:
    """Promised, waited, drawn, noted."""
    page, file, now = auditor.page, folder / "sample.cbor", timezone.now()
    row = in_a_worker(lambda: Assignment.objects.select_related("site").get(pk=assignment))
    auditor.open(f"/assigned/{assignment}/sample/")
    page.click("main form button")
    page.wait_for_selector(".govuk-error-message")
    auditor.look("sample-nothing", expected_status=400)
    file.write_bytes(promise_of(row, key, now))
    page.set_input_files("#id_signed", file)
    page.click("main form button")
    page.wait_for_selector(".govuk-notification-banner")
    auditor.look("sample-draw")
    file.write_bytes(in_a_worker(lambda: draw_of(_sample_of(assignment), key)))
    page.set_input_files("#id_signed", file)
    page.click("main form button")
    page.wait_for_selector("#id_summary")
    auditor.look("sample-drawn")
    file.write_bytes(
        in_a_worker(lambda: summary_bytes(_sample_of(assignment), {"records-recomputed": 2}))
    )
    page.set_input_files("#id_summary", file)
    page.click("main form button")
    page.wait_for_selector("text=records-recomputed")
    auditor.look("sample-noted")


def _sample_of(assignment: int) -> Sample:
    return Sample.objects.select_related("submission", "assignment__site").get(
        assignment=assignment
    )


def _sign_and_hand_in(auditor: Reader, key: AuditorSigningKey, file: Path) -> None:
    with auditor.page.expect_download() as download:
        auditor.page.click("a[href$='/to-sign.cbor']")
    file.write_bytes(attestations.sign(download.value.path().read_bytes(), key))
    auditor.page.set_input_files("#id_signed", file)
    with auditor.page.expect_navigation():
        auditor.page.click("main form button")


PASSWORD = "a password of their own, 密码"  # noqa: S105 - of keys made in the test


@ON_SCREENS
def test_an_auditor_draws_and_signs_in_the_browser_and_neither_key_nor_password_is_sent(
    reader: MakeReader,
    screen: tuple[str, int],
    world: World,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    plant, keys = world.cast.plants[9 + SCREENS.index(screen)], AuditorKeys.generate()
    file, other = tmp_path / "auditor.pem", tmp_path / "other.pem"
    file.write_bytes(keys.to_pem(PASSWORD.encode()))
    other.write_bytes(AuditorKeys.generate().to_pem(PASSWORD.encode()))
    assignment = in_a_worker(lambda: _engaged(world, plant.site, keys.signing))
    auditor = reader(*screen, world.cast.auditor.email)
    page = auditor.page
    came: list[bytes] = []
    read = HttpRequest.read

    def recorded_read(request: HttpRequest, *size: int) -> bytes:
        """At the portal: a browser shows its program no file that it sends."""
        content: bytes = read(request, *size)
        came.append(content)
        return content

    monkeypatch.setattr(HttpRequest, "read", recorded_read)

    auditor.open(f"/assigned/{assignment}/sample/")
    for chosen, password, reason in (
        (None, "", "key"),
        (file, "wrong", "password"),
        (other, PASSWORD, "other"),
    ):
        if chosen:
            page.set_input_files("#sign-key", chosen)
        page.fill("#sign-password", password)
        page.click("#sign-button")
        wanted = page.get_attribute("#sign-told", f"data-{reason}")
        assert wanted
        expect(page.locator("#sign-told")).to_have_text(wanted)
    auditor.look("sign-here-other-key")

    _sign_here(auditor, file)  # the promise
    auditor.look("sign-here-draw")
    _sign_here(auditor, file)  # the draw, with the number that the same key gives again
    page.wait_for_selector("#id_summary")
    drawn = in_a_worker(lambda: _sample_of(assignment))
    draw, promise = (
        signed_draws.read(bytes(drawn.draw or b"")),
        signed_draws.read_promise(bytes(drawn.promise)),
    )
    signed_draws.require_promised(draw, promise)
    assert draw.auditor == keys.signing.public

    now = timezone.now()
    digest = in_a_worker(
        lambda: (
            attesting.draw_up(
                Assignment.objects.get(pk=assignment), terms(now), world.cast.auditor, now
            ).digest
        )
    )
    auditor.open(f"/attestations/{digest}/")
    auditor.look("sign-here-attestation")
    _sign_here(auditor, file)
    page.wait_for_selector("main a[href^='/verify/A-']")
    assert (
        in_a_worker(lambda: Attestation.objects.get(digest=digest).state)
        == Attestation.State.ISSUED
    )
    assert b'name="signature"' in b"".join(came), "what the portal was sent is searched"
    assert secrets_in(came) == set()
    for how in ("FormData", "URLSearchParams"):  # a careless script, which sends a form with both
        came.clear()
        page.evaluate(CARELESS, [how, file.read_text("ascii"), PASSWORD])
        assert secrets_in(came) == {"key", "password"}, how


CARELESS = """
([how, key, password]) => {
  const form = how === 'FormData' ? new FormData() : new URLSearchParams();
  form.append('key', how === 'FormData' ? new Blob([key]) : key);
  form.append('password', password);
  return fetch(location.href, {method: 'POST', body: form}).then(answer => answer.text());
}
"""


def secrets_in(came: list[bytes]) -> set[str]:
    """Which of both stand in what came to the portal, as they are or as a form's field is
    written.
    """
    raw = b"".join(came)
    plain = raw + unquote_to_bytes(raw.replace(b"+", b" "))
    return {
        name
        for name, secret in (("key", b"PRIVATE KEY"), ("password", PASSWORD.encode()))
        if secret in plain
    }


def _engaged(world: World, site: Site, key: AuditorSigningKey) -> int:
    assignment = assign(world.cast.body, site, PERIOD, world.cast.approver, NOW)
    auditors.declare(assignment, world.cast.auditor, False, "", NOW)
    auditors.register(assignment.body, key.public.hex, world.cast.auditor, NOW)
    return int(assignment.pk)


def _sign_here(auditor: Reader, file: Path) -> None:
    auditor.page.set_input_files("#sign-key", file)
    auditor.page.fill("#sign-password", PASSWORD)
    with auditor.page.expect_navigation():
        auditor.page.click("#sign-button")
