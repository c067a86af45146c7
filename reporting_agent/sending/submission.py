"""`submit` as a chain of durable steps: killed between any two of them and run again, exactly one
report is sent.

    planned ─▶ committed ─▶ challenged ─▶ debited ─▶ drawn ─▶ sealed ─▶ sent ─▶ received

The states are the outbox's (`kept_reports`). The first challenge counts for ever. Every batch's
epsilon is debited before anything is *drawn*, from a stream keyed by key, challenge, root and
release name, so that drawing again gives the same and nothing is stored. HPKE is randomised: sealed
once, only these bytes are *sent*, and the portal answers with the same receipt. The chain holds the
state directory's lock.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from sqlite3 import Connection
from typing import Protocol

from benchmarks.audit.committed_tree import DataTree, parts_of
from benchmarks.errors import PolicyRefusal, SteplabelError, Unreachable
from benchmarks.labels import SiteLabel
from benchmarks.measurements import Batch
from benchmarks.phrases import Phrase
from benchmarks.privacy.accounting import Debit
from benchmarks.routes import Pack
from benchmarks.wire import challenges, commitments, device_requests, envelope, receipts
from benchmarks.wire.commitments import ReportCommitment
from benchmarks.wire.pack_conformity import require_conformity
from benchmarks.wire.receipts import Receipt
from benchmarks.wire.schema import Header, encode_report
from reporting_agent.pipeline.proposals import DeclarationProposal
from reporting_agent.sending import enrolment, log_heads, revisions
from reporting_agent.sending.consent import Offer
from reporting_agent.sending.enrolment import AgentIdentity, sealed_for_today
from reporting_agent.sending.kept_reports import ClosedPeriods, Outbox, Parcel, ParcelState
from reporting_agent.sending.planning import (
    FIRST_REVISION,
    Provenance,
    ReportPlan,
    Subject,
    digests,
    draw,
    plan,
)
from reporting_agent.sending.pooled_labels import Windows
from reporting_agent.sending.privacy_ledger import Ledger
from reporting_agent.sending.revisions import (
    commitment_of,
    refuse_another,
    refuse_another_seed,
    stored_challenge,
)
from reporting_agent.sending.transport import Acknowledgement
from reporting_agent.state import transaction


class PortalClient(Protocol):
    """What submission needs of a portal; `reporting_agent.sending.transport.Portal` is one."""

    def directory(self) -> bytes: ...

    def receipts(self, signature: Callable[[str, str], str]) -> tuple[bytes, ...]: ...

    def challenges(self, signature: Callable[[str, str], str]) -> tuple[bytes, ...]: ...

    def log_head(self) -> bytes: ...

    def log_checkpoint(self, show: str) -> bytes: ...

    def log_consistency(self, first: int, second: int) -> Sequence[bytes]: ...

    def log_inclusion(self, index: int, size: int) -> Sequence[bytes]: ...

    def log_restarts(self) -> Sequence[bytes]: ...

    def hand_back(self, commitment: bytes, challenge: bytes) -> None: ...

    def commit(self, commitment: bytes) -> bytes: ...

    def submit(self, envelope: bytes) -> Acknowledgement: ...


STEPS = ("planned", "committed", "challenged", "debited", "drawn", "sealed", "sent", "received")
"""Names of the points between which a run may be killed; `checkpoint` is called with each once it
is reached.
"""

Checkpoint = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class ReportMaterial:
    """What is reported on: the exact label, all batches at hand, and the pack they were labelled
    by.
    """

    site_label: SiteLabel
    batches: Sequence[Batch]
    pack: Pack
    windows: Windows = field(
        default_factory=dict
    )  # the steps whose labels cover earlier years as well
    gains: tuple[Offer, ...] = ()  # what earlier years would give, where it was looked for
    provenance: Provenance = field(
        default_factory=Provenance
    )  # what the batches come from, where it is to be committed to
    proposals: tuple[
        DeclarationProposal, ...
    ] = ()  # what the run found, and what acts on a report only once it is declared
    differences: tuple[Phrase, ...] = ()  # where what leaves is another label than the plant's own
    in_doubt: Mapping[str, PolicyRefusal] = field(
        default_factory=dict
    )  # steps of which nothing leaves, each with what is wrong

    def plan(self, subject: Subject) -> ReportPlan:
        """What a report on `subject` would hold."""
        return plan(
            self.site_label,
            self.batches,
            self.pack,
            subject,
            self.windows,
            self.provenance,
            self.in_doubt,
        )

    def digests(self) -> tuple[bytes, bytes]:
        """What stands for the data and for the method."""
        return digests(self.site_label, self.batches, self.pack, self.windows)


@dataclass(frozen=True, slots=True)
class ReportUnderWay:
    """A report on its way: what is to be released, of which records, and how far its parcel has
    come.
    """

    plan: ReportPlan
    batches: Sequence[Batch]
    parcel: Parcel

    @property
    def waits_for_challenge(self) -> bool:
        return self.parcel.challenge is None


def no_checkpoint(_name: str) -> None:
    """The production checkpoint: nothing happens between two steps."""


class SubmissionProcess:
    """One site's way of submitting, on an open and exclusively held state directory."""

    def __init__(
        self,
        connection: Connection,
        identity: AgentIdentity,
        *,
        software: str,
        clock: Callable[[], datetime],
        checkpoint: Checkpoint = no_checkpoint,
    ) -> None:
        self._connection = connection
        self._identity = identity
        self._outbox = Outbox(connection)
        self._ledger = Ledger(connection)
        self._software = software
        self._clock = clock
        self._checkpoint = checkpoint
        self._closed = ClosedPeriods(connection)
        self._portal_receipts: tuple[Receipt, ...] | None = None  # until the portal was asked
        self._receipts: dict[
            str, bytes
        ] = {}  # of what it holds, as it signed them, by the envelope's digest
        self._answered: dict[
            ReportCommitment, bytes
        ] = {}  # with the challenge that the portal says it gave, as it signed it
        self._restarts_before = len(log_heads.accepted(connection, identity.fingerprint))

    def begin(self, material: ReportMaterial, period: str, *, correct: bool) -> ReportUnderWay:
        """Bring the report of this period as far as *committed*; one that came farther stays as it
        is. Spends nothing.

        What the portal has answered is not exchanged for other data, although its answer was lost
        on the way: the challenge is kept first, and binds.

        Args:
            period: under its one name on the wire (`planning.wire_period`).
            correct: the data changed and the next revision is meant.

        Raises:
            PolicyRefusal: `data-changed` without `correct`, `software-changed`; `budget-exhausted`,
                `corrections-used`, `ledger-set-back`, `ledger-forked`, `ledger-unfinished`; nothing
                to release.
        """
        planned = material.plan(Subject(self._identity.site, period, FIRST_REVISION, False))
        self._bind_answered(planned, material.batches)
        rows = self._outbox.revisions(planned.subject.site, period)
        planned, parcel = revisions.under_its_revision(planned, rows, self._root, correct=correct)
        if parcel is not None and parcel.is_sealed:
            return ReportUnderWay(planned, material.batches, parcel)
        parcels, closed = self._outbox.all(), self._closed.all()
        revisions.refuse_unknown(self._answered_besides(planned, parcel), parcels, closed)
        revisions.refuse_old_ledger(planned, self._portal_receipts or (), parcels, closed)
        revisions.refuse_another_cut(planned, parcels)
        if parcel is None or not parcel.is_bound:
            debits = self._ledger.settle(planned.debits(), material.batches)
            self._ledger.check(debits, parcel=planned.subject.parcel, rules=planned.pack.policy)
            tree = self._tree(planned)
            if parcel is None or not self._is_committed(parcel, tree.root):
                parcel = self._commit(planned, tree, debits)
        return ReportUnderWay(planned, material.batches, parcel)

    def ask(self, begun: ReportUnderWay, client: PortalClient) -> ReportUnderWay:
        """Hand the commitment in and keep the portal's challenge; nothing is asked where one of the
        present form is kept already.

        Raises:
            Unreachable: the commitment is kept; the same command hands it in later.
            InputError: the portal refused; its sentence is kept beside the report.
            VerificationError: the answer is no challenge of this portal for this commitment.
        """
        if begun.parcel.state is not ParcelState.COMMITTED:
            return begun
        assert begun.parcel.commitment is not None  # noqa: S101  # `begin` ends with a commitment
        try:
            answer = client.commit(begun.parcel.commitment)
        except SteplabelError as refusal:
            self._note(begun.parcel, refusal)
            raise
        return self.accept(begun, answer)

    def begin_answered(
        self, material: ReportMaterial, period: str, challenge: bytes, *, correct: bool
    ) -> ReportUnderWay:
        """As `begin`, with the portal's answer brought by hand: to what was committed to, it binds
        before the data are looked at.

        Raises:
            VerificationError: as `accept`; PolicyRefusal: as `begin` and `accept`.
        """
        signed_challenge = challenges.read(challenge, self._identity.directory.receipt_keys())
        committed = (
            parcel
            for parcel in self._outbox.revisions(self._identity.site, period)
            if parcel.data_root is not None
        )
        if any(commitment_of(parcel) == signed_challenge.commitment for parcel in committed):
            self._answered.setdefault(signed_challenge.commitment, challenge)
        return self.accept(self.begin(material, period, correct=correct), challenge)

    def accept(self, begun: ReportUnderWay, challenge: bytes) -> ReportUnderWay:
        """Keep the portal's challenge; the one that is kept already may come again, another is
        refused.

        An earlier revision of the period that was given up after its challenge is debited here,
        with the batches that it had then, as if it had been drawn: another copy of this directory
        may have done so.

        Raises:
            VerificationError: `challenge-changed`, `challenge-of-another-seed`, or no challenge of
                this portal for this commitment.
            PolicyRefusal: `ledger-set-back`, `ledger-forked`, `ledger-unfinished`:
                nothing was spent.
        """
        parcel = begun.parcel
        keys = self._identity.directory.receipt_keys()
        signed_challenge = challenges.verify(challenge, keys, commitment_of(parcel))
        refuse_another_seed(signed_challenge, self._identity.seed)
        if parcel.challenge is not None:
            refuse_another(signed_challenge, parcel, keys)
            return begun
        ledger, parcels = signed_challenge.ledger, self._outbox.all()
        revisions.require_current(begun.plan, ledger, parcels, self._closed.all())
        with transaction(self._connection):
            for earlier_plan, earlier in revisions.as_if_drawn(begun.plan, parcel, parcels):
                self._debit(earlier_plan, begun.batches, earlier)
            self._outbox.challenged(parcel, challenge=challenge, sequence=ledger.sequence)
        self._checkpoint("challenged")
        return replace(begun, parcel=self._outbox.get(parcel.site, parcel.period, parcel.revision))

    def seal(self, begun: ReportUnderWay) -> Parcel:
        """Debit, draw, sign and seal; a report that is sealed already stays as it is.

        Raises:
            PolicyRefusal: `budget-exhausted`, `corrections-used`: another report has spent in
                between; nothing was drawn.
            VerificationError: the directory lists no key to seal to today; nothing was spent.
        """
        planned, parcel = begun.plan, begun.parcel
        if parcel.is_sealed:
            return parcel
        challenge = stored_challenge(parcel, self._identity.directory.receipt_keys())
        recipient = self._identity.directory.processing_key(self._clock().date())
        if parcel.state is ParcelState.CHALLENGED:
            with transaction(self._connection):
                self._debit(planned, begun.batches, parcel)
            self._checkpoint("debited")
        key, root = planned.key(self._identity.seed), challenge.commitment.data_root
        labels = draw(planned, key, root=root, challenge=challenge.nonce)
        self._checkpoint("drawn")
        report = planned.report(
            labels,
            data_root=root,
            challenge=challenge.nonce,
            salt=key.values_salt(root),
            software=self._software,
        )
        require_conformity(report, planned.pack, planned.method_digest)
        header = Header(
            parcel.site,
            parcel.period,
            parcel.revision,
            recipient.key_id,
            self._identity.device_id,
            parcel.sequence,
        )
        sealed = envelope.build(report, header, self._identity.device_key, recipient)
        with transaction(self._connection):
            self._outbox.sealed(
                parcel,
                plaintext=encode_report(report),
                envelope=sealed,
                digest=envelope.digest(sealed),
                now=self._clock(),
            )
        self._checkpoint("sealed")
        return self._outbox.get(parcel.site, parcel.period, parcel.revision)

    def prepare(
        self, material: ReportMaterial, period: str, client: PortalClient, *, correct: bool
    ) -> Parcel:
        """All of it up to *sealed*, by a client of the portal: `begin`, `ask`, `seal`, with what
        they raise.
        """
        begun = self.begin(material, period, correct=correct)
        return self.seal(begun if begun.parcel.is_sealed else self.ask(begun, client))

    def send(self, parcel: Parcel, client: PortalClient) -> Receipt:
        """Send a sealed report, verify the portal's receipt and keep it; a report with a receipt,
        here or at the portal, is not sent again.

        Raises:
            Unreachable: the report stays spooled.
            InputError: the portal refused; its sentence is kept beside the report.
            VerificationError: the answer is no receipt of this portal for this envelope.
        """
        keys = self._identity.directory.receipt_keys()
        if parcel.receipt is not None and parcel.envelope is not None:
            return receipts.verify(parcel.receipt, keys, parcel.envelope)
        sealed = sealed_for_today(
            self._connection, parcel, self._identity, self._portal_receipts, self._clock()
        )
        raw = self._receipts.get(envelope.digest(sealed))
        if raw is None:
            try:
                raw = client.submit(sealed).receipt
            except SteplabelError as refusal:
                self._note(parcel, refusal)
                raise
            self._checkpoint("sent")
        receipt = receipts.verify(raw, keys, sealed)
        with transaction(self._connection):
            self._outbox.received(parcel, receipt=raw, now=self._clock())
        self._checkpoint("received")
        return receipt

    def to_carry(self, parcel: Parcel) -> Parcel:
        """A sealed report that a person is to carry: sealed anew, as by `send`, where the portal
        would not take the envelope at hand.
        """
        if parcel.receipt is None:
            sealed_for_today(
                self._connection, parcel, self._identity, self._portal_receipts, self._clock()
            )
        return self._outbox.get(parcel.site, parcel.period, parcel.revision)

    def consult(self, client: PortalClient) -> Unreachable | None:
        """Take the portal's present key directory and the head of its log, and hear what it holds
        of this site, before anything is spent.

        Returns:
            None, or why the portal was out of reach: the directory at hand will do, and what has
            its challenge is sealed.

        Raises:
            InputError: the portal does not know this device any more.
            VerificationError: an older directory, or one of another signer; receipts or challenges
                that are not the portal's; `challenge-changed` where it says that it gave another
                challenge than the one kept here; a log that is
                not the one seen before, or lacks what this site handed in (`log_heads.look`).
        """
        try:
            self._identity = enrolment.renew_directory(
                self._connection, self._identity, client.directory()
            )
            log_heads.look(
                self._connection, self._identity, client, self._outbox.all(), self._clock()
            )
            raw_receipts = client.receipts(self._signature)
            raw_challenges = self._hand_back(client, client.challenges(self._signature))
        except Unreachable as trouble:
            return trouble
        keys = self._identity.directory.receipt_keys()
        self._portal_receipts = tuple(receipts.read(raw, keys) for raw in raw_receipts)
        self._receipts = {
            receipt.envelope_digest: raw
            for receipt, raw in zip(self._portal_receipts, raw_receipts, strict=True)
        }
        bound = {commitment_of(parcel): parcel for parcel in self._outbox.all() if parcel.is_bound}
        answered = [challenges.read(raw, keys) for raw in raw_challenges]
        for challenge in answered:
            if challenge.commitment in bound:
                refuse_another(challenge, bound[challenge.commitment], keys)
        self._answered = {
            challenge.commitment: raw
            for challenge, raw in zip(answered, raw_challenges, strict=True)
        }
        return None

    def restarts_taken(self) -> list[dict[str, str | int]]:
        """What a person is to be told of restarts of the portal's log that were taken in this
        run.
        """
        acceptances = log_heads.accepted(self._connection, self._identity.fingerprint)
        return [
            log_heads.as_shown(acceptance) for acceptance in acceptances[self._restarts_before :]
        ]

    def _hand_back(self, client: PortalClient, raw_challenges: Sequence[bytes]) -> Sequence[bytes]:
        """Give a portal that lost commitments with its log each with its challenge, in the ledger's
        order; all that it then holds.
        """
        commitments_held = {challenges.parse(raw).commitment for raw in raw_challenges}
        lost = [
            candidate
            for candidate in self._outbox.all()
            if candidate.challenge is not None and commitment_of(candidate) not in commitments_held
        ]
        lost = [
            candidate
            for candidate in lost
            if log_heads.is_of_a_lost_log(self._connection, self._identity, candidate)
        ]
        for parcel in lost:
            commitment = commitments.commit(
                commitment_of(parcel), self._identity.device_id, self._identity.device_key
            )
            client.hand_back(commitment, parcel.challenge or b"")
        return client.challenges(self._signature) if lost else raw_challenges

    def spooled_besides(self, parcel: Parcel) -> list[Parcel]:
        """Other reports that are sealed and still wait for their receipt, oldest first."""
        return [other for other in self._outbox.spooled() if other.digest != parcel.digest]

    def _signature(self, method: str, path: str) -> str:
        return device_requests.sign_request(
            method, path, self._identity.device_id, self._clock(), self._identity.device_key
        )

    def _note(self, parcel: Parcel, refusal: SteplabelError) -> None:
        with transaction(self._connection):
            self._outbox.attempted(
                parcel,
                None
                if isinstance(refusal, Unreachable)
                else f"{refusal.sentence} [{refusal.code}]",
            )

    def _debit(self, planned: ReportPlan, batches: Sequence[Batch], parcel: Parcel) -> None:
        """Every batch of every release, on the disk before anything is drawn; inside a
        transaction.
        """
        name = planned.subject.parcel
        debits = self._ledger.settle(self._ledger.promised(name) or planned.debits(), batches)
        self._ledger.record(debits, parcel=name, rules=planned.pack.policy)
        self._outbox.debited(parcel)

    def _root(self, planned: ReportPlan) -> bytes:
        return self._tree(planned).root

    def _tree(self, planned: ReportPlan) -> DataTree:
        return planned.tree(planned.key(self._identity.seed), self._software)

    def _bind_answered(self, planned: ReportPlan, batches: Sequence[Batch]) -> None:
        """Keep the challenge of every revision of the period that the portal has answered, where it
        never came to this disk.
        """
        for parcel in self._outbox.revisions(planned.subject.site, planned.subject.period):
            if parcel.is_bound or parcel.data_root is None:
                continue
            challenge = self._answered.get(commitment_of(parcel))
            if challenge is not None:
                self.accept(
                    ReportUnderWay(
                        planned.under(parcel.revision, correction=parcel.correction),
                        batches,
                        parcel,
                    ),
                    challenge,
                )

    def _answered_besides(
        self, planned: ReportPlan, parcel: Parcel | None
    ) -> Collection[ReportCommitment]:
        """What the portal has answered, without what the plan is about to commit to again in place
        of other data.

        The row had these data, then others, before the answer was heard of. Drawn by the same seed,
        they give what any copy drew.
        """
        subject, answered = planned.subject, self._answered
        is_of_row = (
            commitment.period == subject.period and commitment.revision == subject.revision
            for commitment in answered
        )
        if parcel is None or parcel.is_bound or not any(is_of_row):
            return answered
        again = ReportCommitment(
            subject.site, subject.period, subject.revision, self._root(planned)
        )
        return [commitment for commitment in answered if commitment != again]

    def _commit(self, planned: ReportPlan, tree: DataTree, debits: Sequence[Debit]) -> Parcel:
        subject, identity = planned.subject, self._identity
        with transaction(self._connection):
            data, method = planned.data_digest, planned.method_digest
            cut = planned.behind.provenance.cut
            parcel = self._outbox.plan(
                **asdict(subject),
                data_digest=data,
                method_digest=method,
                windows=planned.windows,
                now=self._clock(),
                cut=cut,
            )
        self._checkpoint("planned")
        commitment = ReportCommitment(subject.site, subject.period, subject.revision, tree.root)
        signed = commitments.commit(commitment, identity.device_id, identity.device_key)
        with transaction(self._connection):
            self._outbox.committed(
                parcel, data_root=tree.root, parts=parts_of(tree), commitment=signed
            )
            self._ledger.promise(debits, parcel=subject.parcel)
        self._checkpoint("committed")
        return self._outbox.get(subject.site, subject.period, subject.revision)

    def _is_committed(self, parcel: Parcel, root: bytes) -> bool:
        """Whether the row holds a commitment to this root that the device in force signed."""
        if parcel.commitment is None or parcel.data_root != root:
            return False
        return commitments.parse(parcel.commitment).device_id == self._identity.device_id
