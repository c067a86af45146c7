"""A firm shows its labels: certificates whose code says whether they hold, links for buyers that
can be taken back.
"""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from benchmarks.label_keys import LabelKey
from benchmarks.wire.attestations import Opinion
from extras.sharing import certificates, shares
from extras.sharing.certificates import Holding
from extras.sharing.labels import Labels
from extras.sharing.models import Action, Certificate, Share
from portal.accounts.models import Membership
from portal.assurance.assigning import assign
from portal.assurance.attestation_standing import code_of
from portal.assurance.models import Attestation
from portal.auditlog.models import Event
from portal.intake.models import Submission
from portal.problems import RefusedError
from portal.standings import computing as standings
from portal.standings.models import Standing
from tests.integration.audited import make_attestation
from tests.integration.portal_cast import NOW, PERIOD, Cast, deliver, make_cast, open_waiting

pytestmark = [
    pytest.mark.django_db(databases=["default", "vault"]),
    pytest.mark.usefixtures("portal_keys"),
]


def hand_in(cast: Cast, revision: int = 1) -> None:
    for index, plant in enumerate(cast.plants[: 9 if revision == 1 else 1]):
        raw = plant.envelope(cast.pack, revision, shift=index + revision)
        deliver(raw)
    open_waiting()


def build_scene() -> Cast:
    cast = make_cast(9)
    hand_in(cast)
    standings.compute(cast.period, "worker", NOW)
    return cast


@pytest.fixture
def report(cast: Cast) -> Submission:
    return Submission.objects.get(site=cast.plants[0].site)


@pytest.fixture
def owner(cast: Cast) -> Client:
    client = Client()
    client.force_login(cast.plants[0].owner)
    return client


def test_a_certificate_holds_until_it_is_revoked_or_a_later_revision_is_accepted(
    cast: Cast, report: Submission
) -> None:
    user = cast.plants[0].owner
    issued = certificates.issue(user, report.digest, NOW)
    assert certificates.issue(user, report.digest, NOW).code == issued.code, (
        "asked twice, the one that holds"
    )
    certificate = certificates.resolve(issued.code.lower().replace("-", " "))
    assert certificate is not None
    assert certificate.holding == Holding.VALID
    row = certificate.labels.rows[0]
    assert row.low is not None
    assert row.high is not None
    assert row.low < row.best < row.high
    assert (certificate.labels.digest, certificate.labels.log_index, certificate.labels.pack) == (
        report.digest,
        report.log_index,
        "cement",
    )
    assert "Still valid" in Client().get(f"/verify/{issued.code}/").content.decode(), (
        "anybody reads it"
    )
    certificates.revoke(user, report.digest, NOW)
    assert "Revoked by the firm" in Client().get(f"/verify/{issued.code}/").content.decode()
    revoked = certificates.resolve(issued.code)
    assert revoked is not None
    assert revoked.holding == Holding.REVOKED
    again = certificates.issue(user, report.digest, NOW)
    assert again.code != issued.code
    hand_in(cast, revision=2)
    fallen = certificates.resolve(again.code)
    assert fallen is not None
    assert fallen.holding == Holding.SUPERSEDED
    with pytest.raises(RefusedError) as refused:
        certificates.issue(user, report.digest, NOW)
    assert refused.value.code == "report-not-accepted"


def test_a_code_is_found_as_a_chinese_keyboard_writes_it(cast: Cast, report: Submission) -> None:
    code = certificates.issue(cast.plants[0].owner, report.digest, NOW).code
    typed = "".join(chr(ord(letter) + 0xFEE0) for letter in code)
    assert Client().get("/verify/", {"code": typed}).headers["Location"] == f"/verify/{code}/"
    assert Client().get(f"/verify/{typed}/").status_code == 200
    assert f"/verify/?code={code}" in Client().get("/search/", {"words": typed}).content.decode()


@pytest.mark.parametrize(
    "code", ["", "ABCDE", "L-ABCD-EFGH-JKMN-PQRS", "A-ABCD-EFGH-JKMN-PQRS", "<script>", "L" * 300]
)
def test_a_code_that_nobody_issued_resolves_to_nothing(cast: Cast, code: str) -> None:
    assert certificates.resolve(code) is None


def test_what_was_certified_stays_as_it_was_when_standings_are_computed_anew(
    cast: Cast, report: Submission
) -> None:
    issued = certificates.issue(cast.plants[0].owner, report.digest, NOW)
    report.standings.all().delete()
    certificate = certificates.resolve(issued.code)
    assert certificate is not None
    assert certificate.labels == issued.labels


@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_the_certificate_is_a_pdf_in_the_readers_language(
    owner: Client, report: Submission, language: str
) -> None:
    assert owner.get(f"/submissions/{report.digest}/certificate.pdf").status_code == 404
    owner.post(f"/submissions/{report.digest}/certificate/")
    asked = owner.get(
        f"/submissions/{report.digest}/certificate.pdf", headers={"accept-language": language}
    )
    assert asked.content.startswith(b"%PDF-")
    assert f"/Lang ({'zh-Hans' if language == 'zh-hans' else 'en'})".encode() in asked.content
    assert Certificate.objects.get().code in asked.headers["Content-Disposition"]
    for _click in range(2):
        assert (
            owner.post(f"/submissions/{report.digest}/certificate/", {"do": "revoke"}).status_code
            == 302
        )
    assert Event.objects.filter(action=Action.CERTIFICATE_REVOKED).count() == 1
    assert owner.get(f"/submissions/{report.digest}/certificate.pdf").status_code == 404


def link(client: Client, report: Submission, *labels: str) -> str:
    answer = client.post(
        f"/submissions/{report.digest}/show/",
        {"buyer": "Bridge Builders", "labels": labels, "days": "7"},
    )
    match = re.search(r"http://testserver(/shared/[^<]+)<", answer.content.decode())
    assert match, answer.content.decode()
    return match[1]


def test_a_buyer_sees_the_chosen_labels_and_nothing_else_until_it_is_taken_back(
    owner: Client, report: Submission
) -> None:
    path = link(owner, report, "0")
    buyer = Client()
    answer = buyer.get(path)
    page = answer.content.decode()
    assert page.count('scope="row"') == 1
    assert "Bridge Builders" in page
    assert (answer.headers["X-Robots-Tag"], answer.headers["Referrer-Policy"]) == (
        "noindex, nofollow",
        "no-referrer",
    )
    assert "no-store" in answer.headers["Cache-Control"]
    assert str(report.device_id) not in page, "no device"
    buyer.get(path)
    row = Share.objects.get()
    assert row.openings == 2
    assert path.split("/")[2] not in str(vars(row)), "the secret is in the link alone"
    for _click in range(2):
        assert owner.post(f"/submissions/{report.digest}/show/{row.pk}/").status_code == 302
    assert buyer.get(path).status_code == 404
    row.refresh_from_db()
    assert row.openings == 2
    actions = list(
        Event.objects.filter(action__startswith="label.")
        .order_by("pk")
        .values_list("action", flat=True)
    )
    assert actions == [Action.LABEL_SHARED, Action.SHARE_OPENED, Action.SHARE_REVOKED]


def test_a_certificate_of_before_the_first_draft_takes_its_intervals_once_they_are_computed(
    cast: Cast, owner: Client, report: Submission
) -> None:
    Standing.objects.all().delete()
    show, act = (reverse(f"web:{name}", args=[report.digest]) for name in ("show", "certificate"))
    assert "until then dashes stand in their place" in owner.get(show).content.decode()
    owner.post(act)
    certificate = Certificate.objects.get()
    assert (
        "They are computed with the first draft of the period." in owner.get(show).content.decode()
    )
    standings.compute(cast.period, "worker", NOW)
    certificate.refresh_from_db()
    assert not Labels.from_json(certificate.content).has_intervals, "nobody asked for them"
    assert "Add the intervals" in owner.get(show).content.decode()
    owner.post(act, {"do": "issue"})
    assert "Add the intervals" not in owner.get(show).content.decode()
    resolved = certificates.resolve(certificate.code)
    assert resolved is not None
    assert all(row.low is not None for row in resolved.labels.rows)
    Standing.objects.update(low=0)
    owner.post(act)
    assert certificates.resolve(certificate.code) == resolved, "added once"


def audit(cast: Cast, opinion: Opinion = Opinion.UNQUALIFIED) -> Attestation:
    """An opinion on clinker burning alone."""
    now = timezone.now()
    assignment = assign(cast.body, cast.plants[0].site, PERIOD, cast.approver, now)
    return make_attestation(assignment, cast.auditor, now, opinion, steps=("clinker-burning",))


def share_steps(cast: Cast, report: Submission, *steps: str) -> str:
    """The address of a link to the labels of these steps."""
    cells = [LabelKey.of(value) for value in report.protected_values.filter(step__in=steps)]
    return reverse(
        "web:shared",
        args=[shares.share(cast.plants[0].owner, report.digest, "Buyer", cells, 7, timezone.now())],
    )


def page_at(path: str, language: str = "en") -> str:
    return " ".join(
        Client().get(path, headers={"accept-language": language}).content.decode().split()
    )


def test_a_buyer_is_told_which_of_the_labels_somebody_audited(
    cast: Cast, report: Submission
) -> None:
    path = share_steps(cast, report, "clinker-burning", "cement-grinding")
    before = page_at(path)
    assert "No certification body has attested these labels." in before
    assert "erified" not in before, "checked by a machine is not verified"
    attested = audit(cast)
    after = page_at(path)
    assert (
        "Certifier checked clinker burning and found nothing that shows the labels to be incorrect."
        in after
    )
    assert "Nobody outside the firm has audited: cement grinding." in after
    assert code_of(attested.digest) in after
    assert "No certification body" not in after
    assert "Nobody outside the firm" not in page_at(share_steps(cast, report, "clinker-burning"))


@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_of_labels_of_other_steps_no_body_is_said_to_have_audited_them(
    cast: Cast, report: Submission, language: str
) -> None:
    audit(cast)
    assert "Certifier" not in page_at(share_steps(cast, report, "cement-grinding"), language)


def test_an_adverse_opinion_on_a_step_that_is_not_shown_is_told_all_the_same(
    cast: Cast, report: Submission
) -> None:
    audit(cast, Opinion.ADVERSE)
    page = page_at(share_steps(cast, report, "cement-grinding"))
    assert "Certifier checked clinker burning and found the labels incorrect." in page
    assert "Nobody outside the firm has audited: cement grinding." in page


def test_a_link_ends_at_its_time(cast: Cast, report: Submission) -> None:
    cells = [LabelKey.of(value) for value in report.protected_values.all()]
    secret = shares.share(cast.plants[0].owner, report.digest, "Buyer", cells, 7, NOW)
    assert shares.opened(secret, NOW + timedelta(days=6)) is not None
    assert shares.opened(secret, NOW + timedelta(days=7)) is None


def test_a_buyer_is_told_when_a_later_revision_holds(
    cast: Cast, owner: Client, report: Submission
) -> None:
    path = link(owner, report, "0", "1")
    assert "out of date" not in Client().get(path).content.decode()
    hand_in(cast, revision=2)
    assert "out of date" in Client().get(path).content.decode()


def test_another_firm_and_who_only_reads_share_nothing(
    cast: Cast, owner: Client, report: Submission
) -> None:
    link(owner, report, "0")
    row = Share.objects.get()
    other = Client()
    other.force_login(cast.plants[1].owner)
    assert other.get(f"/submissions/{report.digest}/show/").status_code == 404
    assert other.post(f"/submissions/{report.digest}/show/{row.pk}/").status_code == 404
    assert other.post(f"/submissions/{report.digest}/certificate/").status_code == 404
    Membership.objects.filter(user=cast.plants[0].owner).update(may_manage=False)
    assert owner.get(f"/submissions/{report.digest}/show/").status_code == 200
    assert (
        owner.post(
            f"/submissions/{report.digest}/show/", {"buyer": "B", "labels": ["0"], "days": "7"}
        ).status_code
        == 404
    )
    assert owner.post(f"/submissions/{report.digest}/show/{row.pk}/").status_code == 404
    assert owner.post(f"/submissions/{report.digest}/certificate/").status_code == 404


def test_labels_that_the_report_does_not_have_cannot_be_chosen(
    cast: Cast, report: Submission
) -> None:
    with pytest.raises(RefusedError) as refused:
        shares.share(
            cast.plants[0].owner,
            report.digest,
            "Buyer",
            [LabelKey("kiln", "x", "y", "total")],
            7,
            timezone.now(),
        )
    assert refused.value.code == "nothing-to-share"
