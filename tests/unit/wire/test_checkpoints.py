"""Signed notes, checkpoints and the witness's decision: vectors of others where they exist, and
every way to be wrong.

The note, its keys and its signatures are those of golang.org/x/mod `sumdb/note/note_test.go`
(BSD-3-Clause, The Go Authors); the cosigned checkpoint is the example of C2SP tlog-cosignature,
whose witness key is not published, so its framing is checked.
"""

from __future__ import annotations

import base64
from datetime import UTC, date, datetime, timedelta
from http import HTTPStatus

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from benchmarks.errors import VerificationError
from benchmarks.wire import checkpoints, directory_renewal, notes
from benchmarks.wire import directory as directories
from benchmarks.wire.directory import Directory, ListedKey, ListedWitness
from benchmarks.wire.merkle import Tree
from benchmarks.wire.notes import Note, NoteKey, SignatureType
from benchmarks.wire.signing import DeviceKey, DirectoryKey, ReceiptKey, WitnessKey

NOW = datetime(2017, 2, 1, 9, 0, tzinfo=UTC)
FINGERPRINT = "ab" * 32
RECEIPT = ReceiptKey.generate()
KEYS = {RECEIPT.key_id: RECEIPT.public}
WITNESSES = {f"witness.example/w{number}": WitnessKey.generate() for number in (1, 2, 3)}

TEXT = (
    "If you think cryptography is the answer to your problem,\nthen you don't know what your "
    "problem is.\n"
)
PETER = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
PETER_PRIVATE = "PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz"
PETERS = (
    "\u2014 PeterNeumann "
    "x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"
)
ENOCH = "EnochRoot+af0cfe78+ATtqJ7zOtqQtYqOo0CpvDXNlMhV3HeJDpjrASKGLWdop"
ENOCHS = (
    "\u2014 EnochRoot "
    "rwz+eBzmZa0SO3NbfRGzPCpDckykFXSdeX+MNtCOXm2/5n2tiOHp+vAF1aGrQ5ovTG01oOTGwnWLox33WWd1RvMc+QQ=\n"
)

COSIGNED_EXAMPLE = (
    "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n\n"
    "\u2014 example.com/behind-the-sofa "
    "Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=\n"
    "\u2014 witness.example.com/w1 "
    "jWbPPwAAAABkGFDLEZMHwSRaJNiIDoe9DYn/zXcrtPHeolMI5OWXEhZCB9dlrDJsX3b2oyin1nPZqhf5nNo0xUe+mbIUBkBIfZ+qnA==\n"
)


def code_of(attempt: object) -> str:
    with pytest.raises(VerificationError) as refused:
        attempt()  # type: ignore[operator]
    return refused.value.code


# Notes, against the tests of Go's own implementation


def test_keys_are_read_and_written_as_go_writes_them() -> None:
    for text in (PETER, ENOCH):
        key = NoteKey.parse(text)
        assert (key.text, key.kind) == (text, SignatureType.ED25519)
    for cut in (
        PETER[:-4],
        PETER[1:],
        PETER.replace("c74f20a3", "c74f20a4"),
        "PeterNeumann+173116ae+ZRpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
    ):
        assert code_of(lambda cut=cut: NoteKey.parse(cut)) == "note-malformed"


def test_a_note_that_go_signed_holds_and_the_same_key_signs_it_to_the_byte() -> None:
    note = notes.parse((TEXT + "\n" + PETERS + ENOCHS).encode())
    peter, enoch = NoteKey.parse(PETER), NoteKey.parse(ENOCH)
    assert note.text == TEXT
    assert [key.name for key, _ in note.signed_by([peter])] == ["PeterNeumann"]
    assert [key.name for key, _ in note.signed_by([enoch, peter])] == ["EnochRoot", "PeterNeumann"]
    assert note.signed_by([]) == ()
    assert note.raw == (TEXT + "\n" + PETERS + ENOCHS).encode()
    seed = base64.b64decode(PETER_PRIVATE.split("+", 4)[4])[1:]
    signer = ReceiptKey(Ed25519PrivateKey.from_private_bytes(seed))
    assert signer.public == peter.key
    assert (
        notes.NoteSignature("PeterNeumann", peter.key_id, signer.sign_note(TEXT.encode())).line
        == PETERS
    )


@pytest.mark.parametrize(
    "raw",
    [
        TEXT,
        TEXT + "\n",
        TEXT + "\n" + PETERS[:-1],
        "\x01" + TEXT + "\n" + PETERS,
        TEXT + "\n\u2014 Bad Name "
        "x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n",
        TEXT + "\n" + PETERS + "Unexpected line.\n",
        TEXT + "\n" + PETERS * 101,
        TEXT + "\n\u2014 PeterNeumann ABCD=\n",
    ],
)
def test_what_go_refuses_as_malformed_is_refused(raw: str) -> None:
    assert code_of(lambda: notes.parse(raw.encode())) == "note-malformed"


def test_bytes_that_are_no_text_are_refused() -> None:
    assert (
        code_of(lambda: notes.parse(b"\xff" + (TEXT + "\n" + PETERS).encode())) == "note-malformed"
    )


def test_a_line_of_a_known_key_that_does_not_hold_spoils_the_note() -> None:
    other = notes.parse((TEXT.replace("problem", "trouble") + "\n" + PETERS).encode())
    assert code_of(lambda: other.signed_by([NoteKey.parse(PETER)])) == "note-signature-invalid"


def test_the_cosigned_example_of_the_specification_is_read() -> None:
    checkpoint = checkpoints.parse(COSIGNED_EXAMPLE.encode())
    assert (checkpoint.origin, checkpoint.size) == ("example.com/behind-the-sofa", 20852163)
    log, witness = checkpoint.note.signatures
    assert (len(log.body), log.time) == (64, None)
    assert (witness.name, witness.key_id.hex(), witness.time) == (
        "witness.example.com/w1",
        "8d66cf3f",
        1679315147,
    )
    message = notes.cosigned_message(1679315147, checkpoint.note.text).decode()
    assert message == (
        "cosignature/v1\ntime "
        "1679315147\nexample.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n"
    )
    assert checkpoint.note.raw == COSIGNED_EXAMPLE.encode()


# Checkpoints of our log


def tree(*leaves: int) -> Tree:
    grown = Tree()
    for leaf in leaves:
        grown.append(bytes([leaf]) * 32)
    return grown


def issued(log: Tree, key: ReceiptKey = RECEIPT, fingerprint: str = FINGERPRINT) -> bytes:
    return checkpoints.issue(fingerprint, len(log), log.root(), key)


def listed(required: int = 2) -> Directory:
    window = (date(2017, 1, 1), date(2018, 1, 1))
    named = tuple(ListedWitness(name, key.public_bytes) for name, key in WITNESSES.items())
    return Directory(3, (), (ListedKey(RECEIPT.public_bytes, *window),), named, required)


def cosigned(log: Tree, *names: str, at: datetime = NOW) -> bytes:
    checkpoint = checkpoints.parse(issued(log))
    lines = [checkpoints.cosign(checkpoint, name, WITNESSES[name], at) for name in names]
    return checkpoints.issue(FINGERPRINT, len(log), log.root(), RECEIPT, lines)


def test_a_checkpoint_is_of_one_log_and_one_signer() -> None:
    raw = issued(tree(1, 2, 3))
    assert checkpoints.read(raw, FINGERPRINT, KEYS).size == 3
    assert issued(tree(1, 2, 3)) == raw
    assert code_of(lambda: checkpoints.read(raw, "cd" * 32, KEYS)) == "checkpoint-of-another-log"
    assert code_of(lambda: checkpoints.read(raw, FINGERPRINT, {})) == "checkpoint-signature-invalid"
    stranger = issued(tree(1, 2, 3), ReceiptKey.generate())
    assert (
        code_of(lambda: checkpoints.read(stranger, FINGERPRINT, KEYS))
        == "checkpoint-signature-invalid"
    )
    altered = raw.replace(b"\n3\n", b"\n4\n")
    assert code_of(lambda: checkpoints.read(altered, FINGERPRINT, KEYS)) == "note-signature-invalid"
    for size in (b"03", b"-1", b"3 ", b"x", b"1" * 30):
        assert (
            code_of(
                lambda size=size: checkpoints.parse(raw.replace(b"\n3\n", b"\n" + size + b"\n"))
            )
            == "checkpoint-malformed"
        )


def test_so_many_different_witnesses_of_late_make_a_head_witnessed() -> None:
    log, (first, two, three) = tree(1, 2), WITNESSES
    both = checkpoints.read(cosigned(log, first, two, first), FINGERPRINT, KEYS)
    assert [witness.name for witness in checkpoints.require_witnessed(both, listed(), NOW)] == [
        first,
        two,
    ]
    alone = checkpoints.read(cosigned(log, first, first), FINGERPRINT, KEYS)
    assert (
        code_of(lambda: checkpoints.require_witnessed(alone, listed(), NOW)) == "log-not-witnessed"
    )
    assert (
        code_of(lambda: checkpoints.require_witnessed(both, listed(), NOW + timedelta(days=8)))
        == "log-not-witnessed"
    )
    assert (
        code_of(lambda: checkpoints.require_witnessed(both, listed(), NOW - timedelta(hours=1)))
        == "log-not-witnessed"
    )
    assert checkpoints.require_witnessed(alone, listed(1), NOW)
    assert (
        checkpoints.require_witnessed(
            checkpoints.read(issued(log), FINGERPRINT, KEYS), listed(0), NOW
        )
        == ()
    )
    assert three


def test_a_cosignature_over_another_history_or_by_a_stranger_does_not_count() -> None:
    log, fork, (first, two, _) = tree(1, 2), tree(1, 3), WITNESSES
    theirs = checkpoints.parse(cosigned(fork, two)).note.signatures[-1]
    moved = checkpoints.issue(
        FINGERPRINT,
        2,
        log.root(),
        RECEIPT,
        [*checkpoints.parse(cosigned(log, first)).note.signatures[1:], theirs],
    )
    assert (
        code_of(
            lambda: checkpoints.require_witnessed(
                checkpoints.read(moved, FINGERPRINT, KEYS), listed(), NOW
            )
        )
        == "note-signature-invalid"
    )
    checkpoint = checkpoints.parse(issued(log))
    stranger = checkpoints.cosign(checkpoint, two, WitnessKey.generate(), NOW)
    posed = checkpoints.issue(
        FINGERPRINT,
        2,
        log.root(),
        RECEIPT,
        [*checkpoints.parse(cosigned(log, first)).note.signatures[1:], stranger],
    )
    unknown = checkpoints.read(posed, FINGERPRINT, KEYS)
    assert (
        code_of(lambda: checkpoints.require_witnessed(unknown, listed(), NOW))
        == "log-not-witnessed"
    )


def test_a_cosignature_of_a_moment_beyond_the_calendar_does_not_hold() -> None:
    """A clock in milliseconds, or a witness that wants to stop whoever reads its line."""
    (name, *_), log = WITNESSES, tree(1, 2)
    for time in (
        253_402_300_800,
        1_679_315_147_000,
        2**63 - 1,
    ):  # the first second of the year 10000; March 2023 in milliseconds
        key = NoteKey(name, WITNESSES[name].public, SignatureType.COSIGNATURE)
        signed = WITNESSES[name].sign_note(
            notes.cosigned_message(time, checkpoints.parse(issued(log)).note.text)
        )
        line = notes.NoteSignature(name, key.key_id, time.to_bytes(8, "big") + signed)
        checkpoint = checkpoints.read(
            checkpoints.issue(FINGERPRINT, 2, log.root(), RECEIPT, [line]), FINGERPRINT, KEYS
        )
        assert (
            code_of(lambda checkpoint=checkpoint: checkpoints.cosigned_by(checkpoint, listed()))
            == "note-signature-invalid"
        )


def test_no_other_key_signs_notes_and_no_note_is_the_message_of_a_purpose() -> None:
    with pytest.raises(ValueError, match="does not sign"):
        DeviceKey.generate().sign_note(b"text\n")
    with pytest.raises(ValueError, match="does not sign"):
        WitnessKey.generate().sign_note(b"steplabel/1 receipt\x00")


def test_a_directory_names_witnesses_and_without_any_is_what_it_was() -> None:
    key = DirectoryKey.generate()
    raw = directories.issue(listed(), key)
    assert directories.verify(raw, key.key_id) == listed()
    bare = Directory(3, (), listed().receipts)
    assert "witnesses" not in bare.to_wire()
    with pytest.raises(VerificationError):
        directories.issue(listed(4), key)
    (first, *_) = listed().witnesses
    with pytest.raises(VerificationError):
        directories.issue(
            Directory(3, (), (), (first, ListedWitness("another", first.public_bytes)), 1), key
        )
    with pytest.raises(VerificationError):
        directories.issue(Directory(3, (), (), (ListedWitness("a b", first.public_bytes),), 1), key)


def test_witnesses_are_added_and_dropped_under_the_next_number() -> None:
    (first, second, third) = listed().witnesses
    bare = Directory(3, (), listed().receipts)
    named = directory_renewal.with_witnesses(bare, add=[first, second], drop=(), required=2, days=7)
    assert (named.number, named.witnesses, named.witnesses_required) == (4, (first, second), 2)
    changed = directory_renewal.with_witnesses(
        named, add=[third], drop=[first.name], required=1, days=3
    )
    assert (changed.witnesses, changed.witnesses_required, changed.witnessed_within_days) == (
        (second, third),
        1,
        3,
    )
    for code, change in {
        "witness-unknown": {"add": [], "drop": ["nobody"], "required": 1},
        "witness-again": {"add": [second], "drop": [], "required": 1},
        "witnesses-too-few": {"add": [], "drop": [first.name], "required": 2},
    }.items():
        assert (
            code_of(lambda change=change: directory_renewal.with_witnesses(named, **change, days=7))
            == code
        )


# The witness's decision


def asked(log: Tree, old: int, last_seen: Tree | None) -> checkpoints.WitnessAnswer:
    proof = log.consistency_proof(old, len(log)) if 0 < old < len(log) else ()
    before = None if last_seen is None else checkpoints.parse(issued(last_seen))
    return checkpoints.add_checkpoint(
        checkpoints.request(old, proof, issued(log)), FINGERPRINT, KEYS, before
    )


def test_a_log_that_grew_is_cosigned_and_so_is_the_first_one_seen() -> None:
    assert asked(tree(1, 2, 3), 0, None).status == HTTPStatus.OK
    grown = asked(tree(1, 2, 3, 4, 5), 3, tree(1, 2, 3))
    assert grown.status == HTTPStatus.OK
    assert grown.checkpoint is not None
    assert asked(tree(1, 2, 3), 3, tree(1, 2, 3)).status == HTTPStatus.OK
    assert asked(tree(), 0, None).status == HTTPStatus.OK


@pytest.mark.parametrize(
    ("log", "old", "last_seen", "status", "code", "body"),
    [
        (tree(1, 2), 3, tree(1, 2, 3), HTTPStatus.BAD_REQUEST, "log-shrunk", ""),
        (tree(1, 2), 2, tree(1, 2, 3), HTTPStatus.CONFLICT, "log-shrunk", "3\n"),
        (tree(1, 2, 4), 3, tree(1, 2, 3), HTTPStatus.CONFLICT, "log-forked", "3\n"),
        (tree(1, 9, 3, 4), 3, tree(1, 2, 3), HTTPStatus.UNPROCESSABLE_ENTITY, "log-rewritten", ""),
        (tree(1, 2, 3, 4), 2, tree(1, 2, 3), HTTPStatus.CONFLICT, "witness-size-differs", "3\n"),
        (tree(1, 2, 3, 4), 2, None, HTTPStatus.CONFLICT, "witness-size-differs", "0\n"),
    ],
)
def test_what_does_not_continue_is_refused_with_the_protocols_status(
    log: Tree, old: int, last_seen: Tree | None, status: HTTPStatus, code: str, body: str
) -> None:
    judged = asked(log, old, last_seen)
    assert (judged.status, judged.body, judged.checkpoint) == (status, body, None)
    assert judged.why is not None
    assert judged.why.code == code


def test_another_log_an_unknown_signer_and_a_request_that_is_none_have_their_statuses() -> None:
    def status(raw: bytes) -> HTTPStatus:
        return checkpoints.add_checkpoint(raw, FINGERPRINT, KEYS, None).status

    log = tree(1)
    assert (
        status(checkpoints.request(0, (), issued(log, fingerprint="cd" * 32)))
        == HTTPStatus.NOT_FOUND
    )
    assert (
        status(checkpoints.request(0, (), issued(log, ReceiptKey.generate())))
        == HTTPStatus.FORBIDDEN
    )
    for raw in (
        b"",
        b"old 01\n\n",
        b"old x\n\n" + issued(log),
        checkpoints.request(0, [b"\x00" * 31], issued(log)),
        b"\xff\n\n",
    ):
        assert status(raw) == HTTPStatus.BAD_REQUEST
    assert (
        status(checkpoints.request(0, [bytes(32)], issued(log))) == HTTPStatus.UNPROCESSABLE_ENTITY
    )
    assert status(checkpoints.request(0, [bytes(32)] * 64, issued(log))) == HTTPStatus.BAD_REQUEST


def test_the_request_of_the_specification_is_read() -> None:
    example = (
        "old "
        "20852014\nPlRNCrwHpqhGrupue0L7gxbjbMiKA9temvuZZDDpkaw=\njrJZDmY8Y7SyJE0MWLpLozkIVMSMZcD5kvuKxPC3swk=\n"
        "5+pKlUdi2LeF/BcMHBn+Ku6yhPGNCswZZD1X/6QgPd8=\n/6WVhPs2CwSsb5rYBH5cjHV/wSmA79abXAwhXw3Kj/0=\n\n"
        + COSIGNED_EXAMPLE
    ).encode()
    old, proof, checkpoint = checkpoints.parse_request(example)
    assert (old, len(proof), checkpoint) == (20852014, 4, COSIGNED_EXAMPLE.encode())
    assert checkpoints.request(old, proof, checkpoint) == example


def test_a_note_keeps_its_lines() -> None:
    assert Note(TEXT).raw == (TEXT + "\n").encode()
