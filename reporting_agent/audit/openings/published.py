"""The portal's own files checked without a plant: versions computed again from their reports,
signed receipts, key directory and checkpoint, heads that agree; what rests on the portal's word is
said by a check of its own.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import date
from itertools import pairwise
from typing import Any

from benchmarks.audit import published as audited
from benchmarks.audit.evidence import CheckOutcome, check_held, not_checkable, refused
from benchmarks.audit.recomposed import RecompositionCheck, compose_again
from benchmarks.declared import worded
from benchmarks.errors import SteplabelError, VerificationError
from benchmarks.phrases import Phrase, enumerated, in_number, listed
from benchmarks.wire import (
    challenges,
    checkpoints,
    directory,
    documents,
    heads,
    logged,
    published,
    receipts,
)
from benchmarks.wire.logged import EntryKind
from benchmarks.wire.merkle import require_consistency, require_inclusion
from benchmarks.wire.receipts import Receipt
from benchmarks.wire.signing import VerifyingKey
from reporting_agent.audit.openings.files import (
    BENCHMARK,
    CHECKPOINT,
    NAMES,
    TREE_HEAD,
    Consistency,
    HandedInFiles,
    document,
    lacking,
)
from reporting_agent.audit.openings.log_entries import SignedEntry, entries_logged, version_logged


def composed_again(
    raw: bytes, earlier: Sequence[Mapping[str, Any]], keys: Mapping[str, VerifyingKey]
) -> list[CheckOutcome]:
    """A published version and the protected values of its leaves: whether they are those of the
    log, and every figure from them.

    Args:
        earlier: the signed documents at hand, in which cells that repeat an earlier version are
            looked for.
    """
    code, code_again = "benchmark-logged", "benchmark-recomputed"
    try:
        proven = audited.require_logged(document(raw), keys)
    except SteplabelError as refusal:
        why = Phrase(
            "What the version was composed from is not what was logged, so nothing can be "
            "computed from it."
        )
        return [refused(code, refusal), not_checkable(code_again, why)]
    reports, size = len(proven.file.reports), proven.head.size
    sentence = Phrase(
        (
            "The document, %(reports)s reports and their values are leaves of the log of %(size)s "
            "entries. Which firm each report "
            "belongs to is stated by the portal alone."
        ),
        reports=reports,
        size=size,
    )
    logged = check_held(code, sentence, reports)
    try:
        checked = compose_again(proven, _signed_versions(earlier, keys))
    except SteplabelError as refusal:
        return [logged, refused(code_again, refusal)]
    figures = len(checked.figures)
    again = check_held(
        code_again,
        Phrase(
            "%(figures)s figures follow from %(reports)s reports.", figures=figures, reports=reports
        ),
        figures,
    )
    return [logged, again, *_repeated(checked), *left_out_of_versions(checked), *_worded(checked)]


def _signed_versions(
    earlier: Sequence[Mapping[str, Any]], keys: Mapping[str, VerifyingKey]
) -> list[Mapping[str, Any]]:
    """Those that the portal signed as they stand; of the others `benchmark-signed` tells."""
    signed = []
    for version in earlier:
        with suppress(VerificationError):
            published.verify(version, keys)
            signed.append(version)
    return signed


def _repeated(checked: RecompositionCheck) -> list[CheckOutcome]:
    """Cells that repeat an earlier version: nothing where there are none."""
    if not checked.repeated:
        return []
    code, number = "repeats-shown-before", len(checked.repeated)
    lacking = [repeat for repeat in checked.repeated if repeat.shown_by is None]
    if not lacking:
        versions = "; ".join(dict.fromkeys(str(repeat.shown_by) for repeat in checked.repeated))
        sentence = in_number(
            number,
            "%(number)s figure remains as signed before: %(versions)s.",
            "%(number)s figures remain as signed before: %(versions)s.",
            number=number,
            versions=versions,
        )
        return [check_held(code, sentence, number)]
    own = (
        ", ".join(dict.fromkeys(version for repeat in lacking for version in repeat.lacking)) or "-"
    )
    return [
        not_checkable(
            code,
            in_number(
                len(lacking),
                "%(lacking)s figure is said to repeat an earlier version, but no version that was "
                "given shows it: %(names)s.",
                "%(lacking)s figures are said to repeat an earlier version, but no version that "
                "was given shows them: %(names)s.",
                lacking=len(lacking),
                names=", ".join(repeat.name for repeat in lacking),
            ),
            Phrase(
                "Give the signed version that first showed them: its JSON, or the file of the "
                "reports that it was composed from. "
                "Missing here for this group and period: %(own)s. If it is none of these, it "
                "belongs to another group of the sector. "
                "If no version shows the figures, they have no source.",
                own=own,
            ),
        )
    ]


def left_out_of_versions(checked: RecompositionCheck) -> list[CheckOutcome]:
    """Labels that pack and reports would let enter, and that the file leaves out: nothing where
    there are none.
    """
    if not checked.left_out:
        return []
    effects = [
        Phrase(
            "%(figure)s %(published)s → %(recomputed)s",
            figure=effect.name,
            published=str(effect.published),
            recomputed=str(effect.recomputed),
        )
        for effect in checked.effect
    ]
    return [
        not_checkable(
            "left-out-justified",
            in_number(
                len(checked.left_out),
                "%(number)s label was not included, and no file shows why: %(labels)s. If it were "
                "included: %(moved)s.",
                "%(number)s labels were not included, and no file shows why: %(labels)s. If they "
                "were included: %(moved)s.",
                number=len(checked.left_out),
                labels=", ".join(checked.left_out),
                moved=listed(effects) if effects else "-",
            ),
            Phrase(
                "Ask the portal for the peer group's policy on audits and the statements on these "
                "reports. If no policy leaves them "
                "out, the version was made from reports that were picked."
            ),
        )
    ]


def _worded(checked: RecompositionCheck) -> list[CheckOutcome]:
    """Parts of the explanation that come out otherwise: nothing where there are none."""
    if not checked.reworded:
        return []
    return [
        not_checkable(
            "explanation-follows",
            Phrase(
                "These parts of the explanation cannot be recomputed as published: %(parts)s.",
                parts=enumerated(checked.reworded),
            ),
            Phrase(
                "Check with the release of Steplabel that published the version. What differs "
                "there too does not follow from these figures."
            ),
        )
    ]


_NO_KEYS = worded("The portal's key directory and its fingerprint were not given.")
_GIVE_KEYS = worded("Give both: the file and --fingerprint.")


def of_the_portal(
    files: HandedInFiles, fingerprint: str | None, keys: Mapping[str, VerifyingKey], *, alone: bool
) -> list[CheckOutcome]:
    """What the portal's files show without a plant. `alone`: no opening was handed in, so each of
    them is asked for itself.

    Raises:
        InputError: `audit-file-lacking`: a proof between heads, without one of them.
    """
    findings = [_receipt(raw, keys) for raw in dict.fromkeys(files.receipts)]
    findings += [_benchmark(raw, keys) for raw in files.versions if not _is_composed(raw)]
    if alone and "challenge" in files.by_kind:
        findings.append(_challenge(files.by_kind["challenge"], keys))
    signed = [
        document(raw).get("document", {}) if _is_composed(raw) else document(raw)
        for raw in files.versions
    ]
    for raw in filter(_is_composed, files.versions):
        findings += (
            composed_again(raw, signed, keys)
            if keys
            else [not_checkable("benchmark-logged", _NO_KEYS, _GIVE_KEYS)]
        )
    checkpoint = files.by_kind.get(CHECKPOINT)
    trusted = fingerprint if keys else None
    if checkpoint is not None:
        unsure = not_checkable("checkpoint-signed", _NO_KEYS, _GIVE_KEYS)
        findings.append(checkpoint_signed(checkpoint, trusted, keys) if trusted else unsure)
    sizes = [heads.parse(raw).size for raw in files.heads] + (
        [] if checkpoint is None else [checkpoints.parse(checkpoint).size]
    )
    for proof in files.consistency:
        if not {proof.first, proof.second} <= set(sizes):
            raise lacking(
                NAMES[TREE_HEAD],
                Phrase(
                    "a proof leads from %(first)s to %(second)s entries, and needs both heads",
                    first=f"{proof.first:,}",
                    second=f"{proof.second:,}",
                ),
            )
    if len(sizes) > 1 or (alone and files.heads):
        unsure = not_checkable("heads-agree", _NO_KEYS, _GIVE_KEYS)
        findings.append(
            heads_agree(files.heads, checkpoint, files.consistency, trusted, keys)
            if trusted
            else unsure
        )
    if alone or files.rows or files.acts:
        findings += _of_the_log(files, _roots(files, fingerprint, keys), keys)
    findings += [_pack(raw, keys) for raw in dict.fromkeys(files.packs)]
    findings += [_form(name) for name in dict.fromkeys(files.forms)]
    return findings


def _is_composed(version: bytes) -> bool:
    return bool(document(version)["schema"] == audited.SCHEMA)


def received_of(raw_receipts: Sequence[bytes], keys: Mapping[str, VerifyingKey]) -> list[Receipt]:
    """Receipts whose signature holds; of the others `receipt-signed` tells."""
    read = []
    for raw in raw_receipts:
        with suppress(VerificationError):
            read.append(receipts.read(raw, keys))
    return read


def _of_the_log(
    files: HandedInFiles, roots: Mapping[int, bytes], keys: Mapping[str, VerifyingKey]
) -> list[CheckOutcome]:
    """Entries that were given by themselves, and what they bind."""
    findings = []
    if files.listed or (
        files.rows and not (files.acts or files.receipts or files.forms or files.packs)
    ):
        findings.append(entries_logged(files.listed, roots, _signed(files, keys)))
    if files.acts:
        raw = files.by_kind.get(BENCHMARK)
        document_digest = None if raw is None else published.digest(document(raw)).hex()
        findings.append(version_logged(files.acts, files.listed, roots, document_digest))
    return findings


def _roots(
    files: HandedInFiles, fingerprint: str | None, keys: Mapping[str, VerifyingKey]
) -> dict[int, bytes]:
    """Of every head and checkpoint at hand whose signature holds, by size; of those that do not,
    another check tells.
    """
    roots = {}
    for raw in files.heads:
        with suppress(VerificationError):
            head = heads.read(raw, keys).head
            roots[head.size] = head.root
    if CHECKPOINT in files.by_kind and fingerprint is not None:
        with suppress(VerificationError):
            checkpoint = checkpoints.read(files.by_kind[CHECKPOINT], fingerprint, keys)
            roots[checkpoint.size] = checkpoint.root
    return roots


def _signed(files: HandedInFiles, keys: Mapping[str, VerifyingKey]) -> dict[int, SignedEntry]:
    """What receipts and challenge at hand say of entries of the log."""
    signed = {
        receipt.log_index: SignedEntry(
            EntryKind.ENVELOPE, bytes.fromhex(receipt.envelope_digest), receipt.received_on
        )
        for receipt in received_of(files.receipts, keys)
    }
    if "challenge" in files.by_kind:
        with suppress(VerificationError):
            challenge = challenges.read(files.by_kind["challenge"], keys)
            signed[challenge.log_index] = SignedEntry(
                EntryKind.COMMITMENT, bytes.fromhex(challenge.commitment.digest), challenge.given_on
            )
    return signed


def directory_signed(raw: bytes, fingerprint: str | None) -> CheckOutcome:
    """Whether a key directory is the one of the fingerprint: checked by itself where nothing else
    was given.
    """
    code = "directory-signed"
    if fingerprint is None:
        return not_checkable(
            code,
            Phrase("It was not stated whose key directory this is: it names its own signing key."),
            Phrase("Give --fingerprint, as an enrolment token or the coordinator states it."),
        )
    read = directory.verify(raw, fingerprint)
    return check_held(
        code,
        in_number(
            len(read.receipt_keys()),
            "The key directory is signed with the key of that fingerprint; it has %(keys)s key.",
            "The key directory is signed with the key of that fingerprint; it has %(keys)s keys.",
            keys=len(read.receipt_keys()),
        ),
    )


def _pack(raw: bytes, keys: Mapping[str, VerifyingKey]) -> CheckOutcome:
    """Whether the portal signed an approved pack; and whether files and entry of the log are its
    own, where they stand beside it.
    """
    code, answer = "pack-signed", document(raw)
    if "library" in answer or answer.get("schema") == documents.LIBRARY_SCHEMA:
        return _library(answer, keys)
    if not keys:
        return not_checkable(code, _NO_KEYS, _GIVE_KEYS)
    try:
        approval = documents.verify_pack(answer.get("document", answer), keys)
        if "document" not in answer:
            sentence = Phrase(
                "The portal signed the approval of the pack %(pack)s %(version)s.",
                pack=approval.pack,
                version=approval.version,
            )
            return check_held(code, sentence)
        documents.require_files(approval, str(answer["pack_toml"]), str(answer["factors_toml"]))
        size = _require_logged(answer["log"], EntryKind.PACK, logged.pack(approval), keys)
    except SteplabelError as refusal:
        return refused(code, refusal)
    except (KeyError, TypeError, ValueError):
        return refused(
            code,
            VerificationError(
                "pack-altered",
                "The answer does not have the form of the portal's answers.",
                "Fetch it again.",
            ),
        )
    sentence = Phrase(
        (
            "The portal signed the approval of the pack %(pack)s %(version)s. These are its "
            "files, and the portal's log of %(size)s "
            "entries contains it."
        ),
        pack=approval.pack,
        version=approval.version,
        size=f"{size:,}",
    )
    return check_held(code, sentence)


def _library(answer: Mapping[str, Any], keys: Mapping[str, VerifyingKey]) -> CheckOutcome:
    """As `_pack`, of an edition of the library of practices."""
    code = "practices-signed"
    if not keys:
        return not_checkable(code, _NO_KEYS, _GIVE_KEYS)
    try:
        edition = documents.verify_library(answer.get("document", answer), keys)
        if "document" not in answer:
            return check_held(
                code,
                Phrase(
                    "The portal signed edition %(edition)s of the library of practices.",
                    edition=edition.edition,
                ),
            )
        if documents.sha256(str(answer["library"])) != edition.file:
            return refused(
                code,
                VerificationError(
                    "library-altered",
                    "The library is not the one that was signed.",
                    "Fetch it again.",
                ),
            )
        size = _require_logged(answer["log"], EntryKind.PRACTICES, logged.practices(edition), keys)
    except SteplabelError as refusal:
        return refused(code, refusal)
    except (KeyError, TypeError, ValueError):
        return refused(
            code,
            VerificationError(
                "library-altered",
                "The answer does not have the form of the portal's answers.",
                "Fetch it again.",
            ),
        )
    sentence = Phrase(
        (
            "The portal signed edition %(edition)s of the library of practices. This is its file, "
            "and the portal's log of %(size)s "
            "entries contains it."
        ),
        edition=edition.edition,
        size=f"{size:,}",
    )
    return check_held(code, sentence)


def _require_logged(
    entry: Mapping[str, Any], kind: EntryKind, digest: bytes, keys: Mapping[str, VerifyingKey]
) -> int:
    """The size of the log that is proven to hold it."""
    head = heads.read(base64.b64decode(entry["head"], validate=True), keys).head
    leaf = logged.hashed(kind, digest, date.fromisoformat(entry["on"]))
    require_inclusion(
        leaf,
        int(entry["index"]),
        head.size,
        [bytes.fromhex(sibling) for sibling in entry["proof"]],
        head.root,
    )
    return head.size


def _form(name: str) -> CheckOutcome:
    return not_checkable(
        "form-signed",
        Phrase(
            "A file for reading (%(form)s) has no signature, so nothing in it can be checked.",
            form=name,
        ),
        Phrase(
            "Give the signed file instead: for a published version its benchmark.json, for a "
            "certificate the statement.cbor of its "
            "code, for a report its receipt, for the log an entry with its proof."
        ),
    )


def heads_agree(
    signed: Sequence[bytes],
    checkpoint: bytes | None,
    proofs: Sequence[Consistency],
    fingerprint: str,
    keys: Mapping[str, VerifyingKey],
) -> CheckOutcome:
    """Whether heads that several people saw can be of one log: those of one size by themselves,
    others by the proofs at hand.

    Args:
        checkpoint: one head more, in the form of public logs.
    """
    code = "heads-agree"
    try:
        seen_heads = [heads.read(raw, keys) for raw in signed]
        if checkpoint is not None:
            seen_heads.append(checkpoints.head_of(checkpoints.read(checkpoint, fingerprint, keys)))
    except SteplabelError as refusal:
        return refused(code, refusal)
    if contradictions := heads.contradictions(seen_heads, None):
        return refused(code, contradictions[0].refusal)
    roots = {seen_head.head.size: seen_head.head.root for seen_head in seen_heads}
    proven = []
    for proof in proofs:
        if proof.first in roots and proof.second in roots:
            try:
                require_consistency(
                    proof.first, roots[proof.first], proof.second, roots[proof.second], proof.proof
                )
            except VerificationError as refusal:
                return refused(code, refusal)
            proven.append((proof.first, proof.second))
    number, sizes = len(seen_heads), sorted(roots)
    if number == 1:
        return check_held(
            code,
            Phrase(
                "The portal signed this head of its log of %(size)s entries.", size=f"{sizes[0]:,}"
            ),
            number,
        )
    open_pairs = [
        (first, second)
        for first, second in pairwise(sizes)
        if not begins(first, proven) & begins(second, proven)
    ]
    asked = ", ".join(f"from={first}&to={second}" for first, second in open_pairs)
    if not asked:
        return check_held(
            code,
            in_number(
                len(sizes),
                "%(number)s heads of the log, of %(sizes)s size, are of one log.",
                "%(number)s heads of the log, of %(sizes)s sizes, are of one log.",
                number=number,
                sizes=len(sizes),
            ),
            number,
        )
    return not_checkable(
        code,
        Phrase(
            "%(number)s heads of the log, of %(sizes)s sizes: there is no proof that the larger "
            "logs begin with the smaller ones.",
            number=number,
            sizes=len(sizes),
        ),
        Phrase(
            "Ask the portal's log for the consistency proofs %(asked)s, and give its answers as "
            "files.",
            asked=asked,
        ),
    )


def checkpoint_signed(
    raw: bytes, fingerprint: str, keys: Mapping[str, VerifyingKey]
) -> CheckOutcome:
    """Whether a checkpoint is of the portal's log and signed by it; `heads_agree` holds it against
    other heads.
    """
    code = "checkpoint-signed"
    try:
        checkpoint = checkpoints.read(raw, fingerprint, keys)
    except SteplabelError as refusal:
        return refused(code, refusal)
    return check_held(
        code,
        Phrase(
            "The portal signed this checkpoint of its log of %(size)s entries.",
            size=f"{checkpoint.size:,}",
        ),
    )


def begins(size: int, proven: Sequence[tuple[int, int]]) -> set[int]:
    """The sizes of which the log of this size is shown to be the beginning, itself among them. Two
    that begin one log do not differ.
    """
    sizes, left = set[int](), [size]
    while left:
        current = left.pop()
        if current not in sizes:
            sizes.add(current)
            left += [second for first, second in proven if first == current]
    return sizes


def _receipt(raw: bytes, keys: Mapping[str, VerifyingKey]) -> CheckOutcome:
    code = "receipt-signed"
    if not keys:
        return not_checkable(code, _NO_KEYS, _GIVE_KEYS)
    try:
        receipt = receipts.read(raw, keys)
    except SteplabelError as refusal:
        return refused(code, refusal)
    header = receipt.header
    return check_held(
        code,
        Phrase(
            "The portal received %(site)s, %(period)s, revision %(revision)s, on %(received_on)s "
            "and logged it as entry "
            "%(log_index)s; envelope %(envelope_digest)s….",
            site=header.site,
            period=header.period,
            revision=header.revision,
            received_on=receipt.received_on.isoformat(),
            log_index=f"{receipt.log_index:,}",
            envelope_digest=receipt.envelope_digest[:16],
        ),
    )


def _benchmark(raw: bytes, keys: Mapping[str, VerifyingKey]) -> CheckOutcome:
    code = "benchmark-signed"
    if not keys:
        return not_checkable(code, _NO_KEYS, _GIVE_KEYS)
    version = document(raw)
    try:
        published.verify(version, keys)
    except SteplabelError as refusal:
        return refused(code, refusal)
    digest = published.digest(version).hex()[:16]
    return check_held(
        code,
        Phrase("The portal published exactly this version; SHA-256 %(digest)s….", digest=digest),
    )


def _challenge(raw: bytes, keys: Mapping[str, VerifyingKey]) -> CheckOutcome:
    code = "challenge-signed"
    if not keys:
        return not_checkable(code, _NO_KEYS, _GIVE_KEYS)
    try:
        challenge = challenges.read(raw, keys)
    except SteplabelError as refusal:
        return refused(code, refusal)
    day, entry = challenge.given_on.isoformat(), challenge.log_index
    return check_held(
        code,
        Phrase(
            "The portal gave this challenge on %(day)s, as entry %(entry)s of its log.",
            day=day,
            entry=f"{entry:,}",
        ),
    )
