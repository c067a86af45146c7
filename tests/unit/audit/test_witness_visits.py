"""A witness that is shown heads that too few have cosigned, that forks, and files that were cut."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from benchmarks.errors import InputError, VerificationError
from benchmarks.wire import checkpoints, sealing
from benchmarks.wire import directory as key_directory
from benchmarks.wire.directory import Directory, ListedKey, ListedWitness
from benchmarks.wire.merkle import Tree
from benchmarks.wire.signing import DirectoryKey, ReceiptKey
from reporting_agent.audit.witness_visits import (
    Witness,
    WitnessedLog,
    WitnessVisit,
    checkpoint_in,
    witness,
)
from reporting_agent.commands import witness as command
from reporting_agent.state import StateDirectory

NOW = datetime(2026, 2, 1, 9, tzinfo=UTC)
RECEIPT, OFFLINE = ReceiptKey.generate(), DirectoryKey.generate()
FINGERPRINT = OFFLINE.public.key_id
FIRST, LAST = date(2026, 1, 1), date(2027, 1, 1)
Body = tuple[StateDirectory, Witness]


def tree(size: int) -> Tree:
    return Tree([bytes([leaf]) * 32 for leaf in range(size)])


@dataclass
class Log:
    """A portal's log of three entries that shows witnesses what a test says."""

    directory_signed: bytes
    witnessed: bytes | None = None
    offered: bytes = field(default_factory=lambda: signed(3))
    cosigned: list[bytes] = field(default_factory=list)

    def directory(self) -> bytes:
        return self.directory_signed

    def log_checkpoint(self, show: str) -> bytes:
        if show == "witnessed" and self.witnessed is None:
            raise InputError("log-not-witnessed", "There is none.", "Wait.")
        return (
            self.witnessed if show == "witnessed" and self.witnessed is not None else self.offered
        )

    def log_consistency(self, first: int, second: int) -> Sequence[bytes]:
        return ()

    def log_restarts(self) -> Sequence[bytes]:
        return ()

    def cosign_log(self, checkpoint: bytes) -> None:
        self.cosigned.append(checkpoint)


def signed(size: int, root: bytes | None = None, *signatures: object) -> bytes:
    return checkpoints.issue(FINGERPRINT, size, root or tree(size).root(), RECEIPT, signatures)  # type: ignore[arg-type]


@pytest.fixture
def bodies(tmp_path: Path) -> list[Body]:
    witnesses = []
    for name in ("first.example/x", "second.example/x"):
        state = StateDirectory(tmp_path / name.partition(".")[0])
        with state.exclusive():
            witnesses.append((state, witness(state, name)))
    return witnesses


@pytest.fixture
def log(bodies: list[Body]) -> Log:
    """Whose directory names both witnesses and requires both."""
    listed = Directory(
        number=1,
        processing=(ListedKey(sealing.generate().public_bytes, FIRST, LAST),),
        receipts=(ListedKey(RECEIPT.public.public_bytes, FIRST, LAST),),
        witnesses=tuple(ListedWitness(by.name, by.key.public.public_bytes) for _, by in bodies),
        witnesses_required=2,
    )
    return Log(key_directory.issue(listed, OFFLINE))


def visit(body: Body, log: Log, *compare: bytes) -> WitnessVisit:
    state, by = body
    with state.exclusive():
        return WitnessedLog(state.path, FINGERPRINT, log).visit(by, NOW, compare, begin=True)


def lines(body: Body, root: bytes | None = None) -> object:
    return checkpoints.cosign(checkpoints.parse(signed(3, root)), body[1].name, body[1].key, NOW)


def answer(body: Body, visited: WitnessVisit) -> str:
    return str(command._text(body[1], visited, Path("cosigned.txt")))


@pytest.mark.parametrize("count", [0, 1])
def test_a_head_that_too_few_have_cosigned_is_not_called_witnessed(
    bodies: list[Body], log: Log, count: int
) -> None:
    """With one line of two that are required it may be a fork that this witness alone was shown."""
    log.witnessed = signed(3, None, *(lines(body) for body in bodies[:count]))
    visited = visit(bodies[0], log)
    assert (visited.witnessed, visited.cosigned_by) == (None, ())
    assert "they may be shown another log" in answer(bodies[0], visited)


def test_a_head_that_enough_have_cosigned_is(bodies: list[Body], log: Log) -> None:
    log.witnessed = signed(3, None, *(lines(body) for body in bodies))
    visited = visit(bodies[0], log)
    assert visited.witnessed == 3
    assert "cosigned by first.example/x, second.example/x" in answer(bodies[0], visited)


def test_a_cosignature_that_does_not_hold_is_seen_before_anything_is_cosigned(
    bodies: list[Body], log: Log
) -> None:
    log.witnessed = signed(3, None, lines(bodies[1], b"x" * 32))
    with pytest.raises(VerificationError, match="signature"):
        visit(bodies[0], log)
    assert log.cosigned == []
    assert not list(bodies[0][0].path.rglob("cosigned.txt"))


@pytest.mark.parametrize(
    ("theirs", "code"),
    [(lambda: signed(3, b"x" * 32), "log-forked"), (lambda: signed(5), "log-rewritten")],
    ids=["of the same size", "larger"],
)
def test_a_comparison_that_fails_tells_a_witness_what_a_witness_does(
    bodies: list[Body], log: Log, theirs: Callable[[], bytes], code: str
) -> None:
    with pytest.raises(VerificationError) as refused:
        visit(bodies[0], log, theirs())
    assert refused.value.code == code
    assert "Cosign nothing of this log" in refused.value.remedy
    assert "last seen" not in refused.value.sentence


def test_the_evidence_of_one_fork_stays_beside_that_of_the_next(
    bodies: list[Body], log: Log
) -> None:
    visit(bodies[0], log)
    forks = (b"x" * 32, b"y" * 32)
    for root in forks:
        log.offered = signed(3, root)
        with pytest.raises(VerificationError):
            visit(bodies[0], log)
    roots = {
        checkpoints.parse(file.read_bytes()).root for file in bodies[0][0].path.rglob("evidence-*")
    }
    assert roots == {*forks, tree(3).root()}


@pytest.mark.parametrize("size", [0, 40, -30])
def test_a_checkpoint_of_ones_own_that_was_cut_is_named(
    bodies: list[Body], log: Log, size: int
) -> None:
    visit(bodies[0], log)
    (file,) = bodies[0][0].path.rglob("checkpoint.txt")
    file.write_bytes(file.read_bytes()[:size])
    with pytest.raises(InputError, match="no whole checkpoint") as refused:
        visit(bodies[0], log)
    assert (refused.value.place and refused.value.place.file) == str(file)


def test_so_is_that_of_another_witness(tmp_path: Path) -> None:
    file = tmp_path / "theirs.txt"
    with pytest.raises(InputError, match="no fault of the portal") as refused:
        checkpoint_in(file, signed(3)[:50])
    assert (refused.value.place and refused.value.place.file) == str(file)
