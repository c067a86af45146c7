"""What an auditor signs in the browser, and the signed file made of the signature that comes back.

The browser gets the message with a mark where the number belongs, which is the auditor's alone: for
a promise its digest, for a draw the number itself. It works the number out of a signature over the
seed, so that nothing has to be kept between promise and draw; key, password and that signature stay
there. The file that comes of it is the same as the one of `steplabel-agent`, and judged alike.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from benchmarks.audit import signed_draws
from benchmarks.audit.sampling_plan import STANDARD
from benchmarks.audit.signed_draws import Draw, Head, Promise
from benchmarks.wire import attestations, commitments
from benchmarks.wire.signing import Purpose, VerifyingKey
from portal.accounts.models import User
from portal.assurance.models import Assignment, AuditorKey, Sample
from portal.days import scheme_day
from portal.intake.selectors import commitment_of
from portal.problems import RefusedError

MARK = hashlib.sha256(b"steplabel/1 here the number is put in").digest()


@dataclass(frozen=True, slots=True)
class ToSign:
    """All in hex digits; `seed` is empty where no number is put in, `promised` where none was
    promised yet. `day` is the one that a promise names, in ISO 8601.
    """

    public: str
    message: str
    seed: str = ""
    promised: str = ""
    mark: str = MARK.hex()
    day: str = ""


def statement_to_sign(raw: bytes) -> ToSign:
    """An attestation or a withdrawal that waits for its signature."""
    return ToSign(
        attestations.parse(raw).statement.public_key.hex(), attestations.message(raw).hex()
    )


def promise_to_sign(assignment: Assignment, by: User, today: date) -> ToSign | None:
    """None where the person has no key that may sign."""
    promise = _promise(assignment, by, MARK, today)
    if promise is None:
        return None
    return ToSign(
        promise.auditor.hex,
        Purpose.AUDIT_NONCE.message(promise.content).hex(),
        _seed(assignment, None),
        day=today.isoformat(),
    )


def draw_to_sign(sample: Sample, root: bytes) -> ToSign:
    """For the promise that waits, by the key that made it."""
    draw = _draw(sample, root, MARK)
    promised = signed_draws.read_promise(bytes(sample.promise)).nonce_digest.hex()
    return ToSign(
        draw.auditor.hex,
        Purpose.AUDIT_DRAW.message(draw.content).hex(),
        _seed(sample.assignment, sample),
        promised,
    )


def day_signed(text: str, now: datetime) -> date:
    """The day that a promise names: that of its page, which may have been opened before midnight.

    Raises:
        RefusedError: `promise-outdated` (409).
    """
    try:
        day = date.fromisoformat(text)
    except ValueError:
        day = date.min
    if abs(scheme_day(now) - day) > timedelta(days=1):
        raise RefusedError(
            409,
            "promise-outdated",
            "The page on which you signed was opened on another day, and the promise names that "
            "day.",
            "Open the page again, and sign there.",
        )
    return day


def promise_signed(
    assignment: Assignment, by: User, nonce_digest: bytes, day: date, signature: bytes
) -> bytes:
    """The file; empty where the person has no key any more, which is refused as any file that
    cannot be read.
    """
    promise = _promise(assignment, by, nonce_digest, day)
    return signed_draws.signed(promise, signature) if promise is not None else b""


def draw_signed(sample: Sample, root: bytes, nonce: bytes, signature: bytes) -> bytes:
    return signed_draws.signed(_draw(sample, root, nonce), signature)


def _promise(assignment: Assignment, by: User, nonce_digest: bytes, day: date) -> Promise | None:
    auditor_key = (
        AuditorKey.objects.filter(body=assignment.body_id, owner=by, revoked_at=None)
        .order_by("-pk")
        .first()
    )
    if auditor_key is None:
        return None
    return Promise(
        assignment.site.slug,
        assignment.period,
        nonce_digest,
        STANDARD,
        (),
        day,
        VerifyingKey.from_hex(auditor_key.public_key),
    )


def _draw(sample: Sample, root: bytes, nonce: bytes) -> Draw:
    promise, report = signed_draws.read_promise(bytes(sample.promise)), sample.submission
    committed = commitment_of(report)
    return Draw(
        commitment=commitments.parse(bytes(committed.signed)).commitment,
        nonce=nonce,
        head=Head(sample.head_size, root),
        plan=promise.plan,
        steps=promise.steps,
        auditor=promise.auditor,
        promise=promise.digest,
    )


def _seed(assignment: Assignment, sample: Sample | None) -> str:
    """Another one for each sample of an engagement, and the same for its promise and its draw."""
    before = Sample.objects.filter(assignment=assignment)
    n = before.count() if sample is None else before.filter(pk__lt=sample.pk).count()
    return Purpose.AUDIT_SEED.message(
        f"{assignment.site.slug}/{assignment.period}/{assignment.pk}/{n}"
    ).hex()
