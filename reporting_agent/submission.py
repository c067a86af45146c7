"""`submit` as a chain of durable steps: killed between any two of them and run again, exactly one report is sent.

    planned ─▶ debited ─▶ drawn ─▶ sealed ─▶ sent ─▶ received

*planned*: site, period, revision and the digest of the data are in the outbox. *debited*: every batch in every release
carries its epsilon in the ledger, on the disk, before anything is drawn. *drawn*: from a stream keyed by the site's seed,
the data and the release's name, so that drawing again gives the same cells; nothing is stored. *sealed*: HPKE is
randomised, so plaintext and envelope are stored in one transaction, once, and only these bytes are ever sent. *sent*: the
portal answers the same envelope with the same receipt, however often it comes. *received*: the receipt was verified
against the portal's signed key directory and stored.

The whole chain holds the state directory's lock; time comes in as an argument, and randomness is the seed's and HPKE's.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from sqlite3 import Connection
from typing import Protocol

from benchmarks.errors import PolicyRefusal, SteplabelError, Unreachable
from benchmarks.labels import SiteLabel
from benchmarks.measurements import Batch, Period
from benchmarks.privacy.randomness import KeyedStream
from benchmarks.release import release
from benchmarks.released import ReleasedLabel
from benchmarks.routes import Pack
from benchmarks.wire import envelope, receipts, requests
from benchmarks.wire.conformity import require_conformity
from benchmarks.wire.receipts import Receipt
from benchmarks.wire.schema import Header, encode_report
from reporting_agent import enrolment
from reporting_agent.consent import SCHEME
from reporting_agent.enrolment import Identity
from reporting_agent.ledger import Ledger
from reporting_agent.outbox import Outbox, Parcel, ParcelState
from reporting_agent.planning import FIRST_REVISION, Plan, Subject, data_root, plan
from reporting_agent.state import transaction
from reporting_agent.transport import Acknowledgement

STEPS = ("planned", "debited", "drawn", "sealed", "sent", "received")
"""Names of the points between which a run may be killed; `checkpoint` is called with each once it is reached."""

NO_CHALLENGE = b""  # the portal gives none yet; the stream's key already has a place for it

Checkpoint = Callable[[str], None]


class Road(Protocol):
    """What submission needs of a portal; `reporting_agent.transport.Portal` is one."""

    def directory(self) -> bytes: ...

    def held(self, signature: Callable[[str, str], str]) -> tuple[bytes, ...]: ...

    def submit(self, envelope: bytes) -> Acknowledgement: ...


@dataclass(frozen=True, slots=True)
class Material:
    """What is reported on: the exact label and its batches, and the pack they were labelled by."""

    site_label: SiteLabel
    batches: Sequence[Batch]
    pack: Pack


def no_checkpoint(_name: str) -> None:
    """The production checkpoint: nothing happens between two steps."""


class Submission:
    """One site's way of submitting, on an open and exclusively held state directory."""

    def __init__(
        self,
        connection: Connection,
        identity: Identity,
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
        self._held: tuple[Receipt, ...] = ()

    def prepare(self, material: Material, period: str, *, correct: bool) -> Parcel:
        """Bring the report of this period as far as *sealed*; a report that is sealed already stays as it is.

        Args:
            period: under its one name on the wire (`planning.wire_period`).
            correct: the data changed and the next revision is meant.

        Raises:
            PolicyRefusal: `data-changed` without `correct`; `budget-exhausted`, `corrections-used`, `ledger-set-back`;
                nothing to release.
        """
        planned = self._plan(material, period, correct=correct)
        known = self._known(planned)
        if known is not None and known.is_sealed:
            return known
        if known is None or known.state is ParcelState.PLANNED or not known.same_data(planned.data_digest, planned.method_digest):
            self._refuse_old_ledger(period)
            debits = self._ledger.settle(planned.debits(), material.batches)
            self._ledger.check(debits, parcel=planned.subject.parcel, rules=planned.pack.policy)
            with transaction(self._connection):
                known = self._outbox.plan(
                    site=planned.subject.site,
                    period=period,
                    revision=planned.subject.revision,
                    correction=planned.subject.correction,
                    data_root=planned.data_digest,
                    method_digest=planned.method_digest,
                    now=self._clock(),
                )
            self._checkpoint("planned")
            with transaction(self._connection):
                self._ledger.record(debits, parcel=planned.subject.parcel, rules=planned.pack.policy)
                self._outbox.debited(known)
            self._checkpoint("debited")
        return self._seal(planned, known)

    def send(self, parcel: Parcel, road: Road) -> Receipt:
        """Send a sealed report, verify the portal's receipt and keep it; a report with a receipt is not sent again.

        Raises:
            Unreachable: the report stays spooled.
            InputError: the portal refused; its sentence is kept beside the report.
            VerificationError: the answer is no receipt of this portal for this envelope.
        """
        keys = self._identity.directory.receipt_keys()
        if parcel.envelope is None:
            raise LookupError(f"{parcel.period} revision {parcel.revision} is not sealed yet")
        if parcel.receipt is not None:
            return receipts.verify(parcel.receipt, keys, parcel.envelope)
        try:
            answer = road.submit(parcel.envelope)
        except SteplabelError as refusal:
            with transaction(self._connection):
                self._outbox.attempted(parcel, None if isinstance(refusal, Unreachable) else f"{refusal.sentence} [{refusal.code}]")
            raise
        self._checkpoint("sent")
        receipt = receipts.verify(answer.receipt, keys, parcel.envelope)
        with transaction(self._connection):
            self._outbox.received(parcel, receipt=answer.receipt, now=self._clock())
        self._checkpoint("received")
        return receipt

    def consult(self, road: Road) -> Unreachable | None:
        """Take the portal's present key directory, and hear what it holds of this site, before anything is spent.

        Returns:
            None, or why the portal was out of reach: the directory at hand will do, and sealing goes on.

        Raises:
            InputError: the portal does not know this device any more.
            VerificationError: an older directory, or one of another signer; receipts that are not the portal's.
        """
        try:
            self._identity = enrolment.renew_directory(self._connection, self._identity, road.directory())
            held = road.held(self._signature)
        except Unreachable as trouble:
            return trouble
        keys = self._identity.directory.receipt_keys()
        self._held = tuple(receipts.read(raw, keys) for raw in held)
        return None

    def _signature(self, method: str, path: str) -> str:
        return requests.sign(method, path, self._identity.device_id, self._clock(), self._identity.device_key)

    def spooled_besides(self, parcel: Parcel) -> list[Parcel]:
        """Other reports that are sealed and still wait for their receipt, oldest first."""
        return [one for one in self._outbox.spooled() if one.digest != parcel.digest]

    def _plan(self, material: Material, period: str, *, correct: bool) -> Plan:
        """The plan of the revision that these data belong to."""
        site = self._identity.site

        def planned_as(revision: int, correction: bool) -> Plan:
            subject = Subject(site, period, revision, correction)
            return plan(material.site_label, material.batches, material.pack, subject)

        revisions = self._outbox.revisions(site, period)
        sealed = [parcel for parcel in revisions if parcel.is_sealed]
        unfinished = next((parcel for parcel in revisions if not parcel.is_sealed), None)
        if not sealed:
            return planned_as(FIRST_REVISION, False)
        last = sealed[-1]
        again = planned_as(last.revision, last.correction)
        if last.same_data(again.data_digest, again.method_digest):
            return again
        resumed = unfinished is not None and unfinished.same_data(again.data_digest, again.method_digest)
        if not correct and not resumed:
            raise PolicyRefusal(
                "data-changed",
                f"The data of {period} are not those of revision {last.revision}, which is already sealed.",
                "If the change is right, run submit again with --correct: that makes the next revision and spends from the "
                "reserve for corrections. If not, restore the files; the sealed report then counts as before.",
            )
        return planned_as(last.revision + 1, True)

    def _refuse_old_ledger(self, period: str) -> None:
        """A portal that holds reports which this outbox does not know tells that the ledger was set back: its debits are missing."""
        ours = {parcel.digest for parcel in self._outbox.all()}
        unknown = [receipt.header for receipt in self._held if receipt.envelope_digest not in ours]
        asked = Period.parse(period, UTC)
        for header in unknown:
            other = Period.parse(header.period, UTC)
            if asked.start < other.end and other.start < asked.end:
                raise PolicyRefusal(
                    "ledger-set-back",
                    f"The portal holds a report of {header.period}, revision {header.revision}, that this state directory does not know: "
                    "it is an older copy, or another agent reports for this site.",
                    "Put the newest copy of the state directory back. What it spent is not in this ledger, so nothing more is spent "
                    "on these batches; nothing was drawn.",
                )

    def _known(self, planned: Plan) -> Parcel | None:
        subject = planned.subject
        return next((one for one in self._outbox.revisions(subject.site, subject.period) if one.revision == subject.revision), None)

    def _seal(self, planned: Plan, parcel: Parcel) -> Parcel:
        identity = self._identity
        root = data_root(planned.data_digest, identity.seed, planned.subject)
        labels = self._draw(planned, root)
        self._checkpoint("drawn")
        report = planned.report(labels, root, self._software, SCHEME)
        require_conformity(report, planned.pack, planned.method_digest)
        recipient = identity.directory.processing_key(self._clock().date())
        header = Header(
            site=parcel.site,
            period=parcel.period,
            revision=parcel.revision,
            key_id=recipient.key_id,
            device_id=identity.device_id,
            ledger_sequence=parcel.sequence,
        )
        sealed = envelope.build(report, header, identity.device_key, recipient)
        with transaction(self._connection):
            self._outbox.sealed(parcel, plaintext=encode_report(report), envelope=sealed, digest=envelope.digest(sealed), now=self._clock())
        self._checkpoint("sealed")
        return self._outbox.get(parcel.site, parcel.period, parcel.revision)

    def _draw(self, planned: Plan, root: bytes) -> list[ReleasedLabel]:
        subject = planned.subject
        prefix = f"{subject.site}/{subject.period}/{subject.revision}"

        def stream_for(name: str) -> KeyedStream:
            return KeyedStream(self._identity.seed, challenge=NO_CHALLENGE, data_root=root, name=f"{prefix}/{name}")

        return [release(one.label, one.step, one.rule, planned.pack.policy, stream_for) for one in planned.releases]
