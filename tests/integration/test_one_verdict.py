"""One audit has one verdict: agent, page of the sample and signed statement say the same sentence,
and nothing that contradicts it is signed without its reason.
"""

from __future__ import annotations

import json
from dataclasses import replace
from html import unescape
from types import SimpleNamespace
from typing import cast as as_type

import pytest
from django.test import Client
from django.urls import reverse

from benchmarks.audit import signed_draws
from benchmarks.audit.evidence import CheckOutcome, CheckState, Evidence, same
from benchmarks.audit.sample_file import NOT_ASKED, OF_A_SAMPLE, ON_SITE
from benchmarks.errors import VerificationError
from benchmarks.wire import attestations, commitments
from benchmarks.wire.attestations import Assurance, AttestationStatement, EvidenceLimit, Opinion
from benchmarks.wire.signing import AuditorSigningKey
from portal.assurance import attesting, auditors, sampling
from portal.assurance.assigning import assign
from portal.assurance.attestation_standing import code_of
from portal.assurance.models import Assignment, Sample
from portal.assurance.summaries import read_summary
from portal.intake.models import Commitment
from portal.problems import RefusedError
from reporting_agent.audit.openings import telling
from reporting_agent.audit.openings.statements import statement_signed
from reporting_agent.audit.openings.verdict import AuditVerdict
from tests.integration.audited import make_sample_of, terms
from tests.integration.portal_cast import (
    NOW,
    PERIOD,
    Cast,
    deliver,
    make_cast,
    open_waiting,
    signed_in,
)

pytestmark = [
    pytest.mark.django_db(databases=["default", "vault"]),
    pytest.mark.usefixtures("portal_keys"),
]

KEY = AuditorSigningKey.generate()
WITH_METERS = {ON_SITE}
WITHOUT = {
    ON_SITE,
    *NOT_ASKED[EvidenceLimit.ENERGY_BY_BATCH],
    *NOT_ASKED[EvidenceLimit.OUTPUT_FROM_ROWS],
}
CASES: dict[str, tuple[set[str], dict[str, CheckState], Opinion]] = {
    "with meters": (WITH_METERS, {}, Opinion.UNQUALIFIED),
    "without meters": (WITHOUT, {}, Opinion.UNQUALIFIED),
    "failed": (WITH_METERS, {"records-recomputed": CheckState.FAILED}, Opinion.ADVERSE),
    "not made": (WITHOUT, {"values-logged": CheckState.NOT_CHECKABLE}, Opinion.QUALIFIED),
}
"""By name: the checks that are not asked for, those that did not hold, and an opinion that
follows."""


def build_scene() -> Cast:
    cast = make_cast(1)
    deliver(cast.plants[0].envelope(cast.pack))
    open_waiting()
    auditors.register(cast.body, KEY.public.hex, cast.auditor, NOW)
    return cast


@pytest.fixture
def assignment(cast: Cast) -> Assignment:
    engagement = assign(cast.body, cast.plants[0].site, PERIOD, cast.approver, NOW)
    auditors.declare(engagement, cast.auditor, False, "", NOW)
    return engagement


def verified(sample: Sample, case: str) -> AuditVerdict:
    """What the agent found of the opening of this sample."""
    unasked, not_held, _ = CASES[case]
    findings = tuple(
        CheckOutcome(
            code,
            CheckState.NOT_CHECKABLE if code in unasked else not_held.get(code, CheckState.HELD),
            same("So it is."),
            count=2 if code in not_held else 0,
            asked=code not in unasked,
        )
        for code in (*OF_A_SAMPLE, ON_SITE)
    )
    report = sample.submission
    committed = Commitment.objects.get(
        site=report.site, period=report.period, revision=report.revision
    )
    draw = SimpleNamespace(
        commitment=commitments.parse(bytes(committed.signed)).commitment,
        digest=signed_draws.read(bytes(sample.draw or b"")).digest,
    )
    evidence = SimpleNamespace(draw=draw, by_batch=case == "without meters", batches={})
    return AuditVerdict(findings, as_type(Evidence, evidence))


def noted(assignment: Assignment, cast: Cast, case: str) -> AuditVerdict:
    sample = make_sample_of(assignment, cast.auditor, KEY, NOW)
    verdict = verified(sample, case)
    summary = read_summary(json.dumps(verdict.summary()).encode())
    sampling.note(sample, summary, cast.auditor, NOW)
    return verdict


def words_of(client: Client, address: str, lang: str) -> str:
    answer = client.get(address, headers={"accept-language": lang})
    assert answer.status_code == 200
    return " ".join(unescape(answer.content.decode()).split())


@pytest.mark.parametrize("case", CASES)
def test_agent_page_and_statement_say_one_sentence(
    cast: Cast, assignment: Assignment, case: str
) -> None:
    verdict = noted(assignment, cast, case)
    drawn_up = attesting.draw_up(assignment, terms(NOW, CASES[case][2]), cast.auditor, NOW)
    signed = attestations.sign(bytes(drawn_up.content), KEY)
    issued = attesting.take(signed, cast.auditor, NOW)
    finding = statement_signed(signed, KEY.key_id, set())
    for lang, agents in (("en", "en"), ("zh-hans", "zh")):
        sentence = telling.lead(verdict, agents)
        page = reverse("web:engagement-sample", args=[assignment.pk])
        assert sentence in words_of(signed_in(cast.auditor), page, lang)
        public = reverse("web:verify", args=[code_of(issued.digest)])
        assert sentence in words_of(Client(), public, lang)
        assert sentence in finding.words.said_in(agents)
    assert verdict.holds is (case in ("with meters", "without meters"))


def test_a_plant_without_meters_passes_and_what_is_not_shown_is_said(
    cast: Cast, assignment: Assignment
) -> None:
    sentence = telling.lead(noted(assignment, cast, "without meters"), "en")
    asked = len(OF_A_SAMPLE) - 4
    assert sentence == (
        f"All {asked} checks that were asked for passed. The opened report is the one that the "
        "portal accepted. This evidence cannot show: the energy of each batch, which only the "
        "plant's own rows give; the output of each batch, for which there are no scale records; "
        "every single record, because a sample finds shares of misstated ones. Still to be seen "
        "on site: the rows of energy in the plant's own systems, and their sum beside bills; the "
        "output in the plant's weighing or sales records; the whole label, recomputed from the "
        "plant's files."
    )


@pytest.mark.parametrize(
    ("case", "opinion", "assurance"),
    [
        ("failed", Opinion.UNQUALIFIED, Assurance.LIMITED),
        ("failed", Opinion.QUALIFIED, Assurance.LIMITED),
        ("not made", Opinion.UNQUALIFIED, Assurance.LIMITED),
        ("with meters", Opinion.ADVERSE, Assurance.LIMITED),
        ("without meters", Opinion.UNQUALIFIED, Assurance.REASONABLE),
    ],
)
def test_what_contradicts_the_checks_is_signed_only_with_its_reason(
    cast: Cast, assignment: Assignment, case: str, opinion: Opinion, assurance: Assurance
) -> None:
    noted(assignment, cast, case)
    stated = replace(terms(NOW, opinion), assurance=assurance)
    with pytest.raises(RefusedError) as refused:
        attesting.draw_up(assignment, stated, cast.auditor, NOW)
    assert refused.value.code == "opinion-contradicts-checks"

    reason = "The meters were read on site on two days and compared with the bills of the year."
    drawn_up = attesting.draw_up(assignment, replace(stated, reason=reason), cast.auditor, NOW)
    statement = attestations.parse(bytes(drawn_up.content)).statement
    assert isinstance(statement, AttestationStatement)
    with pytest.raises(VerificationError) as malformed:  # nor by a portal that does not ask
        attestations.unsigned(replace(statement, reason=None))
    assert malformed.value.code == "field-malformed"
    issued = attesting.take(attestations.sign(bytes(drawn_up.content), KEY), cast.auditor, NOW)
    public = reverse("web:verify", args=[code_of(issued.digest)])
    assert reason in words_of(Client(), public, "en")
    assert reason in words_of(Client(), public, "zh-hans")
