"""A witness of a portal's log, run by a timer: fetches its head, holds it against the last one
cosigned, the other witnesses' and their checkpoints, writes it down, cosigns it (C2SP tlog-witness,
`benchmarks.wire.cosigning_decision`).

A head that does not fit is never cosigned: both stay as evidence. Of a restarted log a person names
the statement.

    witness.pem, witness.name              the key and its name, made once
    <fingerprint>/checkpoint.txt           the last head, written before the cosignature leaves
    <fingerprint>/cosigned.txt             with the cosignature, for the other witnesses
    <fingerprint>/directory.cbor           the portal's key directory
    <fingerprint>/evidence-*.txt           what the portal signed that cannot all be true
    <fingerprint>/restart-*.cbor           restarts that were accepted here
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Protocol

from benchmarks.errors import InputError, Place, UsageError, VerificationError
from benchmarks.phrases import Phrase
from benchmarks.wire import checkpoints, heads, restarts
from benchmarks.wire import directory as key_directory
from benchmarks.wire.checkpoints import KEEP_BOTH, Checkpoint, CosignedMoment
from benchmarks.wire.directory import Directory
from benchmarks.wire.heads import SeenHead, TreeHead
from benchmarks.wire.notes import Note, NoteKey, SignatureType
from benchmarks.wire.restarts import LogRestartStatement
from benchmarks.wire.signing import VerifyingKey, WitnessKey
from reporting_agent.state import StateDirectory, write_whole

KEY, NAME, LAST, COSIGNED, DIRECTORY = (
    "witness.pem",
    "witness.name",
    "checkpoint.txt",
    "cosigned.txt",
    "directory.cbor",
)


class LogForWitness(Protocol):
    """A portal's log, as far as a witness asks for it; nothing that it answers is believed before
    it is verified.
    """

    def directory(self) -> bytes: ...

    def log_checkpoint(self, show: str) -> bytes: ...

    def log_consistency(self, first: int, second: int) -> Sequence[bytes]: ...

    def log_restarts(self) -> Sequence[bytes]: ...

    def cosign_log(self, checkpoint: bytes) -> None: ...


@dataclass(frozen=True, slots=True)
class Witness:
    """Who cosigns."""

    name: str
    key: WitnessKey

    @property
    def note_key(self) -> NoteKey:
        return NoteKey(self.name, self.key.public, SignatureType.COSIGNATURE)


@dataclass(frozen=True, slots=True)
class WitnessVisit:
    """What was cosigned, what was cosigned before, and who has cosigned the head that enough
    witnesses know.
    """

    checkpoint: Checkpoint
    before: int | None  # size of the head cosigned last
    witnessed: int | None  # size of the largest head that enough witnesses have cosigned
    cosigned_by: tuple[CosignedMoment, ...]  # those who have
    restart: LogRestartStatement | None = None  # that was accepted at this visit


def witness(state: StateDirectory, name: str | None) -> Witness:
    """The key of this state directory, made under this name at the first time.

    Raises:
        UsageError: `witness-name-missing` at the first time, `witness-name-differs` later.
    """
    if state.has_secret(KEY):
        saved = state.read_secret(NAME).decode()
        if name not in (None, saved):
            raise UsageError(
                "witness-name-differs",
                Phrase("The witness of this state directory is called %(kept)s.", kept=saved),
                "Leave --name out; another witness has a state directory and a key of its own.",
            )
        return Witness(saved, WitnessKey.from_pem(state.read_secret(KEY)))
    if name is None:
        raise UsageError(
            "witness-name-missing",
            "This state directory has no witness yet.",
            "Give --name once: an address of yours without https://, such as "
            "witness.example.org/steplabel.",
        )
    created = Witness(name, WitnessKey.generate())
    created.note_key.text  # noqa: B018  # refuses a name that could not stand under a note
    state.write_secret(NAME, name.encode())
    state.write_secret(KEY, created.key.to_pem())
    return created


class WitnessedLog:
    """One portal's log, in its folder of the witness's state directory; to be used while that is
    held exclusively.
    """

    def __init__(self, folder: Path, fingerprint: str, log: LogForWitness) -> None:
        self._folder = folder / fingerprint
        self._fingerprint = fingerprint
        self._log = log
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)

    def visit(
        self,
        by: Witness,
        now: datetime,
        compare: Sequence[bytes] = (),
        *,
        begin: bool = False,
        restart: str | None = None,
    ) -> WitnessVisit:
        """Look, compare, write down, cosign and hand in.

        Args:
            compare: checkpoints that other witnesses cosigned.
            begin: whether this log may be begun with, where no head of it is kept here; else a lost
                directory would cosign any history.
            restart: digest of the coordinator's statement that the person at this witness accepts,
                where the log was restarted.

        Raises:
            UsageError: `witness-begins-anew`: no head of this log is kept here. Nothing was
                cosigned.
            VerificationError: `log-shrunk`, `log-forked`, `log-rewritten` with the evidence kept;
                `log-restarted`, where a statement explains that and was not named; a signature or
                directory that does not hold. Nothing was cosigned.
            InputError: the portal does not take the cosignature (`witness-unknown`); the head was
                written down.
            Unreachable: the portal did not answer.
        """
        directory = self._renewed()
        keys = directory.receipt_keys()
        last = self._last()
        if last is None and not begin:
            raise UsageError(
                "witness-begins-anew",
                "No head of this log is kept here: there is nothing to hold the one that is shown "
                "against, and nothing was cosigned.",
                "For a log that was never witnessed here give --begin once. If it was, the state "
                "directory is lost or another: bring it "
                "back from a copy, or give --begin with --compare and the newest checkpoint of "
                "every other witness.",
            )
        raw = self._log.log_checkpoint("offered")
        proof = self._proof(last.size, checkpoints.parse(raw).size) if last is not None else ()
        judged = checkpoints.add_checkpoint(
            checkpoints.request(0 if last is None else last.size, proof, raw),
            self._fingerprint,
            keys,
            last,
        )
        shown, accepted = judged.checkpoint, None
        if shown is None:
            assert judged.why is not None  # noqa: S101  # every refusal says why
            self._refuse(judged.why, last, raw)
            if last is None or not judged.why.code.startswith("log-"):
                raise judged.why
            shown = checkpoints.read(raw, self._fingerprint, keys)
            accepted = self._restarted(by, last, shown, keys, restart)
            if accepted is None:
                raise judged.why
        for theirs in compare:
            self._compare(checkpoints.read(theirs, self._fingerprint, keys), shown)
        witnessed, cosigned_by = self._witnessed(directory)
        if witnessed is not None:
            self._compare(witnessed, shown)
        write_whole(self._folder / LAST, raw)
        line = checkpoints.cosign(shown, by.name, by.key, now)
        cosigned = Note(shown.note.text, (*shown.note.signatures, line)).raw
        write_whole(self._folder / COSIGNED, cosigned)
        self._log.cosign_log(cosigned)
        return WitnessVisit(
            shown,
            last.size if last else None,
            witnessed.size if witnessed else None,
            cosigned_by,
            accepted,
        )

    @property
    def cosigned_file(self) -> Path:
        return self._folder / COSIGNED

    @property
    def directory_held(self) -> bool:
        """Whether a key directory of the portal was verified by the fingerprint, now or before."""
        return (self._folder / DIRECTORY).exists()

    def _renewed(self) -> Directory:
        """The key directory, signed by the pinned key and no older than the one seen before."""
        file, raw = self._folder / DIRECTORY, self._log.directory()
        if file.exists():
            last_directory = key_directory.verify(file.read_bytes(), self._fingerprint)
            directory = key_directory.renewed(raw, self._fingerprint, last_directory)
        else:
            directory = key_directory.verify(raw, self._fingerprint)
        write_whole(file, raw)
        return directory

    def _last(self) -> Checkpoint | None:
        file = self._folder / LAST
        return checkpoint_in(file, file.read_bytes()) if file.exists() else None

    def _restarted(
        self,
        by: Witness,
        last: Checkpoint,
        shown: Checkpoint,
        keys: Mapping[str, VerifyingKey],
        named: str | None,
    ) -> LogRestartStatement | None:
        """The statement that explains why the log which is shown does not continue the head
        cosigned last; None where there is none.

        It is used once: a head that was cosigned after a statement was made is never explained by
        it.

        Raises:
            VerificationError: `log-restarted`: there is one, and it is not the one that the person
                named.
        """
        before = SeenHead(TreeHead(last.size, last.root, self._cosigned_at(by), ""), last.note.raw)
        for raw in self._log.log_restarts():
            try:
                restart = restarts.verify(raw, self._fingerprint, keys)
                heads.require_succession(
                    SeenHead(heads.parse(restart.after), restart.after),
                    checkpoints.head_of(shown),
                    self._proof,
                )
            except VerificationError:
                continue  # not the coordinator's, or of another log than the one that is shown
            if not restart.explains(before):
                continue
            if (digest := restarts.digest(raw)) != named:
                raise _restart_not_named(restart, digest)
            write_whole(self._folder / f"restart-{digest[:16]}.cbor", raw)
            return restart
        return None

    def _cosigned_at(self, by: Witness) -> int:
        """When this witness last cosigned, seconds since 1970-01-01T00:00Z; 0 where it was stopped
        before that.
        """
        file = self._folder / COSIGNED
        signatures = (
            checkpoints.parse(file.read_bytes()).note.signed_by([by.note_key])
            if file.exists()
            else ()
        )
        return max((line.time or 0 for _, line in signatures), default=0)

    def _witnessed(
        self, directory: Directory
    ) -> tuple[Checkpoint | None, tuple[CosignedMoment, ...]]:
        """What enough witnesses have cosigned, and who: counted here, for a portal could show a
        fork with this witness's own line.
        """
        try:
            raw = self._log.log_checkpoint("witnessed")
        except InputError:
            return None, ()
        checkpoint = checkpoints.read(raw, self._fingerprint, directory.receipt_keys())
        cosigned_by = checkpoints.cosigned_by(checkpoint, directory)
        return (
            (checkpoint, cosigned_by)
            if len(cosigned_by) >= max(directory.witnesses_required, 1)
            else (None, ())
        )

    def _compare(self, theirs: Checkpoint, shown: Checkpoint) -> None:
        """Two checkpoints of the portal are of one log, whichever is the larger."""
        first, second = sorted((theirs, shown), key=lambda checkpoint: checkpoint.size)
        try:
            heads.require_succession(
                checkpoints.head_of(first), checkpoints.head_of(second), self._proof
            )
        except VerificationError as broken:
            self._refuse(broken, theirs, shown.note.raw)
            raise _two_logs(first, second) from broken

    def _proof(self, first: int, second: int) -> Sequence[bytes]:
        """What the portal answers; where it refuses to prove what it signed, that is no proof."""
        if not 0 < first < second:
            return ()
        try:
            return self._log.log_consistency(first, second)
        except InputError:
            return ()

    def _refuse(self, why: VerificationError, first: Checkpoint | None, second: bytes) -> None:
        """Keep what the portal signed; a checkpoint that it did not sign is no evidence against
        it.
        """
        if not why.code.startswith("log-") or first is None:
            return
        other = checkpoints.parse(second)
        roots = "-".join(
            checkpoint.root.hex()[:8] for checkpoint in (first, other)
        )  # a second fork of these sizes is evidence of its own
        stem = f"evidence-{why.code}-{first.size}-{other.size}-{roots}"
        write_whole(self._folder / f"{stem}-first.txt", first.note.raw)
        write_whole(self._folder / f"{stem}-second.txt", second)


def checkpoint_in(file: Path, raw: bytes) -> Checkpoint:
    """The checkpoint that a file of the witness's own disk holds; InputError
    `checkpoint-unreadable` where it is cut off or another.
    """
    try:
        return checkpoints.parse(raw)
    except VerificationError as malformed:
        raise InputError(
            "checkpoint-unreadable",
            "The file holds no whole checkpoint, which is no fault of the portal's.",
            "Ask for a checkpoint of another witness again. Restore your own checkpoint.txt from "
            "a copy of the state directory; without a "
            "copy, move it away and give --begin with --compare and the newest checkpoint of "
            "every other witness.",
            place=Place(str(file)),
            found=malformed.sentence,
        ) from malformed


def _two_logs(first: Checkpoint, second: Checkpoint) -> VerificationError:
    """Of heads that two people were shown: one may be this witness's."""
    if first.size == second.size:
        return checkpoints.forked(first.size)
    sentence = Phrase(
        "There is no proof that the log of %(size)s entries begins with the log of %(before)s "
        "entries, and the portal has signed both.",
        size=second.size,
        before=first.size,
    )
    return VerificationError("log-rewritten", sentence, KEEP_BOTH)


def _restart_not_named(restart: LogRestartStatement, digest: str) -> VerificationError:
    return VerificationError(
        "log-restarted",
        Phrase(
            "The portal lost entries %(first)s to %(last)s of its log and continues from a "
            "backup. The coordinator's key signed this on "
            "%(day)s, with the reason: %(reason)s",
            first=restart.lost_from,
            last=restart.lost_to - 1,
            day=restart.moment.date().isoformat(),
            reason=restart.reason,
        ),
        Phrase(
            "Nothing was cosigned. Ask the coordinator, by another way than this portal, whether "
            "this is so and for the number of the "
            "statement. Only if it is %(digest)s, run the command again with --restart and this "
            "number. Otherwise give the files "
            "evidence-… of the state directory to the regulator and the other witnesses.",
            digest=digest,
        ),
    )
