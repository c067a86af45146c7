"""An audit for tests: interests declared, a key registered, an observation found, an opinion signed
and issued.
"""

from __future__ import annotations

import json
from datetime import date, datetime, timedelta
from fractions import Fraction
from typing import Any

from benchmarks.audit import signed_draws
from benchmarks.audit.sample_file import OF_A_SAMPLE, SUMMARY
from benchmarks.audit.sampling_plan import STANDARD
from benchmarks.wire import attestations, commitments
from benchmarks.wire.attestations import Assurance, EvidenceLimit, Opinion
from benchmarks.wire.signing import AuditorSigningKey
from portal.accounts.models import User
from portal.assurance import attesting, auditors, findings, sampling
from portal.assurance.assigning import assign
from portal.assurance.models import Assignment, Attestation, Sample
from portal.assurance.models.findings import FindingGrade
from portal.intake.models import Commitment
from portal.translog import selectors as logged
from tests.integration.portal_cast import NOW, PERIOD, Cast, deliver, make_cast, open_waiting

NONCE = b"n" * signed_draws.NONCE_BYTES


def terms(
    now: datetime,
    opinion: Opinion = Opinion.UNQUALIFIED,
    steps: tuple[str, ...] = ("clinker-burning",),
) -> attesting.AttestationTerms:
    return attesting.AttestationTerms(
        opinion=opinion,
        assurance=Assurance.LIMITED,
        steps=steps,
        boundary="Kiln 1, from the coal scale to the clinker silo.",
        materiality=Fraction(1, 20),
        checked="60 records against the plant's own log.",
        not_checked="The power plant beside the kiln.",
        valid_until=now.date() + timedelta(days=365),
        surveillance_on=now.date() + timedelta(days=180),
    )


def make_attestation(
    assignment: Assignment,
    auditor: User,
    now: datetime,
    opinion: Opinion = Opinion.UNQUALIFIED,
    key: AuditorSigningKey | None = None,
    steps: tuple[str, ...] = ("clinker-burning",),
) -> Attestation:
    own = key or AuditorSigningKey.generate()
    auditors.declare(assignment, auditor, False, "", now)
    auditors.register(assignment.body, own.public.hex, auditor, now)
    findings.raise_finding(
        assignment,
        FindingGrade.OBSERVATION,
        "The log of the scale is kept by hand.",
        "",
        "",
        now.date(),
        auditor,
        now,
    )
    drawn = attesting.draw_up(assignment, terms(now, opinion, steps), auditor, now)
    return attesting.take(attestations.sign(bytes(drawn.content), own), auditor, now)


def make_sample(attested: Attestation, now: datetime) -> Sample:
    """A sample of the same report, drawn with a key of its own."""
    assignment, auditor = attested.assignment, attested.drawn_up_by
    if assignment is None:
        raise ValueError("the attestation is of no site")
    key = AuditorSigningKey.generate()
    auditors.register(assignment.body, key.public.hex, auditor, now)
    return make_sample_of(assignment, auditor, key, now)


def make_sample_of(
    assignment: Assignment, auditor: User, key: AuditorSigningKey, now: datetime
) -> Sample:
    """Promised and drawn, with a key that is registered."""
    promised = sampling.promise(assignment, promise_of(assignment, key, now), auditor, now)
    return sampling.draw(promised, draw_of(promised, key), auditor, now)


def promise_of(
    assignment: Assignment,
    key: AuditorSigningKey,
    now: datetime,
    nonce: bytes = NONCE,
    steps: tuple[str, ...] = (),
) -> bytes:
    return signed_draws.promise(
        assignment.site.slug, assignment.period, nonce, now.date(), key, steps=steps
    )


def draw_of(
    sample: Sample, key: AuditorSigningKey, nonce: bytes = NONCE, size: int | None = None
) -> bytes:
    """The draw that the promise leads to; from another head where `size` says so."""
    report, at = sample.submission, size or sample.head_size
    committed = Commitment.objects.get(
        site=report.site, period=report.period, revision=report.revision
    )
    return signed_draws.sign(
        signed_draws.Draw(
            commitment=commitments.parse(bytes(committed.signed)).commitment,
            nonce=nonce,
            head=signed_draws.Head(at, logged.root_at(at)),
            plan=STANDARD,
            steps=signed_draws.read_promise(bytes(sample.promise)).steps,
            auditor=key.public,
            promise=sample.promise_digest,
        ),
        key,
    )


def summary_bytes(
    sample: Sample, failed: dict[str, int], left_out: tuple[str, ...] = (), **changed: Any
) -> bytes:
    """The summary that `verify` writes: all held but what is named."""
    summary: dict[str, Any] = {
        "schema": SUMMARY,
        "site": sample.assignment.site.slug,
        "period": sample.submission.period,
        "revision": sample.submission.revision,
        "draw": signed_draws.read(bytes(sample.draw or b"")).digest,
        "held": [code for code in OF_A_SAMPLE if code not in failed and code not in left_out],
        "failed": failed,
        "not_checkable": [],
        "limits": [EvidenceLimit.SINGLE_RECORDS],
    }
    return json.dumps(summary | changed).encode()


def two_reported() -> Cast:
    """Two works whose reports are accepted."""
    cast = make_cast(2)
    for plant in cast.plants:
        deliver(plant.envelope(cast.pack))
    open_waiting()
    return cast


def engaged(cast: Cast, key: AuditorSigningKey, due: date | None = None) -> Assignment:
    """The first works is assigned to the body, whose auditor has no interest in it and a key."""
    assignment = assign(cast.body, cast.plants[0].site, PERIOD, cast.approver, NOW, due)
    auditors.declare(assignment, cast.auditor, False, "", NOW)
    auditors.register(cast.body, key.public.hex, cast.auditor, NOW)
    return assignment
