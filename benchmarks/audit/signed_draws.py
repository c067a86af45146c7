"""An auditor's draw as two signed files: first a promise that hides a number, later the draw that
shows it.

    promise (nonce's digest, plan) ─▶ the plant's root and a tree head of the log are public ─▶ draw
    (nonce, head, plan)

The auditor binds themselves to 32 random bytes, and to how much is drawn, before the tree head is
there that the positions follow from as well: so the auditor cannot look for a draw that spares or
hits a record, and the plant, which has committed to its root by then, cannot know it. What is drawn
is not listed in the file: it follows from it and from the table of contents (leaf 0), and everybody
computes it alike.

The portal may read both files: neither holds a figure of the plant.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from typing import Annotated

from benchmarks.audit import sampling_plan
from benchmarks.audit.committed_tree import Contents, StepPart, UsedLeaves
from benchmarks.audit.sampling_plan import (
    STANDARD,
    DrawnPosition,
    SamplingPlan,
    Stratum,
    StratumKind,
    StratumSize,
)
from benchmarks.errors import VerificationError
from benchmarks.phrases import Phrase
from benchmarks.released import rank
from benchmarks.wire import records
from benchmarks.wire.canonical import LARGEST_INTEGER, Value, decode, encode
from benchmarks.wire.commitments import ReportCommitment
from benchmarks.wire.merkle import HASH_BYTES
from benchmarks.wire.records import (
    VERSION,
    Day,
    DigestHex,
    Fields,
    Identifier,
    Record,
    malformed,
    names,
    nested,
    octets,
    optional,
    rational_to_wire,
    words,
)
from benchmarks.wire.sealing import PUBLIC_BYTES as SEALING_BYTES
from benchmarks.wire.signing import (
    PUBLIC_BYTES,
    SIGNATURE_BYTES,
    AuditorSigningKey,
    Purpose,
    VerifyingKey,
)

NONCE_BYTES = 32
_MOST_STEPS = 64
_NONCE = b"steplabel/1 audit nonce\x00"
_KINDS = re.compile("|".join(StratumKind))
TYPICAL = Fraction(1, 2)


def _plan_to_wire(plan: SamplingPlan) -> Value:
    sizes: dict[str, Value] = {
        kind.value: {
            "confidence": rational_to_wire(size.confidence),
            "share": rational_to_wire(size.share),
        }
        for kind, size in plan.sizes.items()
    }
    return {"sizes": sizes}


def _plan(outer: Fields, name: str) -> SamplingPlan:
    fields = outer.fields(name)
    named = fields.map_of("sizes")
    within = Fields(named, fields.path("sizes"))
    sizes = {
        _kind(name): _size(within.fields(name))
        for name in (named if isinstance(named, dict) else ())
    }
    fields.done()
    return SamplingPlan(sizes)


def _kind(name: str) -> StratumKind:
    if not _KINDS.fullmatch(name) or name == StratumKind.EDGE:
        raise malformed(
            "plan.sizes",
            Phrase(
                "sizes of %(kinds)s",
                kinds=", ".join(kind for kind in StratumKind if kind is not StratumKind.EDGE),
            ),
        )
    return StratumKind(name)


def _size(fields: Fields) -> StratumSize:
    confidence, share = fields.rational("confidence"), fields.rational("share")
    fields.done()
    try:
        return StratumSize(confidence, share)
    except ValueError as wrong:
        raise malformed(
            fields.path("confidence"),
            Phrase("above 0 and below 1, with a share above 0 and at most 1"),
        ) from wrong


def _head(fields: Fields, _name: str) -> Head:
    return Head(
        fields.integer("head_size", 1, LARGEST_INTEGER), fields.octets("head_root", HASH_BYTES)
    )


def _auditor(fields: Fields, name: str) -> VerifyingKey:
    return VerifyingKey(fields.octets(name, PUBLIC_BYTES))


_HEAD = records.FieldKind(
    _head, lambda head: {"head_size": head.size, "head_root": head.root}, spread=True
)
PlanTold = Annotated[SamplingPlan, records.FieldKind(_plan, _plan_to_wire)]
Steps = Annotated[tuple[str, ...], names(_MOST_STEPS)]
Auditor = Annotated[VerifyingKey, records.FieldKind(_auditor, lambda key: key.public_bytes)]


@dataclass(frozen=True, slots=True)
class Promise(Record):
    """The auditor's word, for one site and period, for a nonce of this digest, a plan and the steps
    that it is drawn of (none: all).
    """

    site: Identifier
    period: Annotated[str, words()]
    nonce_digest: Annotated[bytes, octets(HASH_BYTES)]
    plan: PlanTold
    steps: Steps
    made_on: Day
    auditor: Auditor

    @property
    def content(self) -> dict[str, Value]:
        return {"v": VERSION, "promise": self.to_wire()}

    @property
    def digest(self) -> str:
        """Its name wherever it is logged or noted: SHA-256 over label and canonical content,
        lower-case hex.
        """
        return hashlib.sha256(Purpose.AUDIT_NONCE.message(self.content)).hexdigest()


@dataclass(frozen=True, slots=True)
class Head:
    """The log as a tree head tells it: so many entries under this root."""

    size: int
    root: bytes


@dataclass(frozen=True, slots=True)
class Draw(Record):
    """What is to be opened: of which commitment, from which nonce and head, by which plan.

    Args:
        steps: of which steps records are drawn; none named: of all.
        seal_to: the auditor's public sealing key, where the opening is to travel sealed.
        promise: the digest of the promise that the nonce was bound by.
    """

    commitment: Annotated[ReportCommitment, nested(ReportCommitment)]
    nonce: Annotated[bytes, octets(NONCE_BYTES)]
    head: Annotated[Head, _HEAD]
    plan: PlanTold
    steps: Steps
    auditor: Auditor
    promise: DigestHex
    seal_to: Annotated[bytes | None, optional(octets(SEALING_BYTES))] = None

    @property
    def content(self) -> dict[str, Value]:
        return {"v": VERSION, "draw": self.to_wire()}

    @property
    def digest(self) -> str:
        return hashlib.sha256(Purpose.AUDIT_DRAW.message(self.content)).hexdigest()

    @property
    def seed(self) -> bytes:
        return sampling_plan.seed(
            self.nonce, self.head.root, self.head.size, self.commitment.data_root
        )

    def positions(
        self, contents: Contents, quantiles: Mapping[str, Fraction]
    ) -> list[DrawnPosition]:
        """The leaves to be opened, in order. `quantiles` are the label rules' by step, as the pack
        has them.
        """
        return sampling_plan.draw(strata(contents, quantiles, self.steps), self.plan, self.seed)


def nonce_digest(nonce: bytes) -> bytes:
    """What a promise shows of the nonce."""
    return hashlib.sha256(_NONCE + nonce).digest()


def strata(
    contents: Contents, quantiles: Mapping[str, Fraction], steps: tuple[str, ...] = ()
) -> list[Stratum]:
    """The strata of a plant's tree, as the table of contents tells them; of some steps only, where
    some are named.
    """
    all_strata: list[Stratum] = []
    for part in contents.steps:
        if not steps or part.step in steps:
            all_strata += _of_step(part, quantiles.get(part.step))
    days = sum(meter.days for meter in contents.meters)
    if days:
        all_strata.append(Stratum("days", StratumKind.DAYS, contents.meters[0].first, days))
    all_strata.append(
        Stratum(
            "padding",
            StratumKind.PADDING,
            contents.padding_first,
            contents.size - contents.padding_first,
        )
    )
    return all_strata


def _of_step(part: StepPart, quantile: Fraction | None) -> list[Stratum]:
    own_strata: list[Stratum] = []
    for cell in part.cells if quantile is not None else ():
        own_strata += _by_rank(part.step, cell, quantile or TYPICAL)
    own_strata.append(Stratum(f"used/{part.step}", StratumKind.USED, part.first, part.used))
    own_strata.append(
        Stratum(f"excluded/{part.step}", StratumKind.EXCLUDED, part.excluded_first, part.excluded)
    )
    return own_strata


def _by_rank(step: str, cell: UsedLeaves, quantile: Fraction) -> list[Stratum]:
    name, best = f"{step}/{cell.product}/{cell.variant}", rank(quantile, cell.used)
    return [
        Stratum(
            f"edge/{name}",
            StratumKind.EDGE,
            cell.first,
            cell.used,
            (best, rank(TYPICAL, cell.used)),
        ),
        Stratum(f"below/{name}", StratumKind.BELOW, cell.first, best),
    ]


def promise(
    site: str,
    period: str,
    nonce: bytes,
    made_on: date,
    key: AuditorSigningKey,
    *,
    plan: SamplingPlan = STANDARD,
    steps: tuple[str, ...] = (),
) -> bytes:
    """The signed promise. The same arguments always give the same bytes."""
    unsigned = Promise(site, period, nonce_digest(nonce), plan, steps, made_on, key.public)
    return signed(unsigned, key.sign(Purpose.AUDIT_NONCE, unsigned.content))


def signed(unsigned: Promise | Draw, signature: bytes) -> bytes:
    """The file, with a signature that is not looked at here."""
    return encode({**unsigned.content, "signature": signature})


def read_promise(raw: bytes) -> Promise:
    """A promise signed by the key that stands in it.

    Raises:
        VerificationError: malformed bytes or fields; `draw-signature-invalid`.
    """
    fields = Fields(decode(raw))
    fields.version()
    inner, signature = fields.fields("promise"), fields.octets("signature", SIGNATURE_BYTES)
    fields.done()
    statement = Promise.from_wire(inner)
    _require_signed(statement.auditor, Purpose.AUDIT_NONCE, statement.content, signature)
    return statement


def sign(draw: Draw, key: AuditorSigningKey) -> bytes:
    """The signed draw.

    Raises:
        ValueError: the draw names another auditor's key.
    """
    if draw.auditor != key.public:
        raise ValueError("the draw names another auditor than the key's owner")
    return signed(draw, key.sign(Purpose.AUDIT_DRAW, draw.content))


def read(raw: bytes) -> Draw:
    """A draw signed by the key that stands in it; whose key that is, is for the caller to know.

    Raises:
        VerificationError: malformed bytes or fields; `draw-signature-invalid`.
    """
    fields = Fields(decode(raw))
    fields.version()
    inner, signature = fields.fields("draw"), fields.octets("signature", SIGNATURE_BYTES)
    fields.done()
    draw = Draw.from_wire(inner)
    _require_signed(draw.auditor, Purpose.AUDIT_DRAW, draw.content, signature)
    return draw


def require_promised(draw: Draw, promise: Promise) -> None:
    """Refuse a draw whose nonce or plan is not the one that was promised, by this auditor, for this
    site and period.

    Raises:
        VerificationError: `nonce-not-promised`, `plan-not-promised`.
    """
    commitment = draw.commitment
    subject = (commitment.site, commitment.period)
    if (promise.nonce_digest, promise.auditor, promise.digest) != (
        nonce_digest(draw.nonce),
        draw.auditor,
        draw.promise,
    ) or subject != (
        promise.site,
        promise.period,
    ):
        raise VerificationError(
            "nonce-not-promised",
            "The nonce of this draw is not the one that its auditor promised for this site "
            "and period.",
            "Draw again with the nonce that was promised. With another nonce the outcome of "
            "the draw could have been picked.",
        )
    if (promise.plan, promise.steps) != (draw.plan, draw.steps):
        raise VerificationError(
            "plan-not-promised",
            "The plan or the steps of this draw are not those that its auditor promised.",
            "Draw again with the plan that was promised. A plan chosen after the head is "
            "known could avoid a record.",
        )


def _require_signed(
    key: VerifyingKey, purpose: Purpose, content: dict[str, Value], signature: bytes
) -> None:
    if not key.accepts(purpose, content, signature):
        raise VerificationError(
            "draw-signature-invalid",
            "The file was not signed with the auditor's key that it contains, or was changed "
            "after it was signed.",
            "Ask the auditor for the file again.",
        )
