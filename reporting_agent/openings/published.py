"""What the portal's own files show without a plant: a published version composed again, and heads of the log held against each other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise

from benchmarks.audit import published as audited
from benchmarks.audit.evidence import Outcome, held, not_checkable, refused
from benchmarks.errors import SteplabelError, VerificationError
from benchmarks.phrases import Phrase
from benchmarks.wire import checkpoints, heads
from benchmarks.wire.merkle import require_consistency
from benchmarks.wire.signing import VerifyingKey
from reporting_agent.openings.files import Consistency, document


def composed_again(raw: bytes, keys: Mapping[str, VerifyingKey]) -> list[Outcome]:
    """A published version and the protected values of its leaves: whether they are those of the log, and every figure from them."""
    code, code_again = "benchmark-logged", "benchmark-recomputed"
    try:
        found = audited.require_logged(document(raw), keys)
    except SteplabelError as refusal:
        why = Phrase("What the version was composed of is not what was logged, so nothing can be computed from it.")
        return [refused(code, refusal), not_checkable(code_again, why)]
    reports, size = len(found.file.reports), found.head.size
    said = Phrase("Document, %(reports)s reports and their values are leaves of the log of %(size)s entries.", reports=reports, size=size)
    logged = held(code, said, reports)
    try:
        made = audited.compose_again(found)
    except SteplabelError as refusal:
        return [logged, refused(code_again, refusal)]
    return [logged, _again(code_again, made)]


def _again(code: str, made: audited.Checked) -> Outcome:
    figures, reports, repeated = len(made.figures), made.reports, len(made.repeated)
    if not repeated:
        return held(code, Phrase("%(figures)s figures follow from %(reports)s reports.", figures=figures, reports=reports), figures)
    said = Phrase(
        "%(figures)s figures follow from %(reports)s reports. Cells that repeat an earlier version, to be checked there: %(repeated)s.",
        figures=figures,
        reports=reports,
        repeated=repeated,
    )
    return held(code, said, figures)


def heads_agree(
    signed: Sequence[bytes], checkpoint: bytes | None, proofs: Sequence[Consistency], fingerprint: str, keys: Mapping[str, VerifyingKey]
) -> Outcome:
    """Whether heads that several people saw can be of one log: those of one size by themselves, others by the proofs at hand.

    Args:
        checkpoint: one head more, in the form of public logs.
    """
    code = "heads-agree"
    try:
        seen = [heads.read(raw, keys) for raw in signed]
        if checkpoint is not None:
            seen.append(checkpoints.head_of(checkpoints.read(checkpoint, fingerprint, keys)))
    except SteplabelError as refusal:
        return refused(code, refusal)
    if found := heads.contradictions(seen, None):
        return refused(code, found[0].refusal)
    roots = {one.head.size: one.head.root for one in seen}
    proven = []
    for proof in proofs:
        if proof.first in roots and proof.second in roots:
            try:
                require_consistency(proof.first, roots[proof.first], proof.second, roots[proof.second], proof.proof)
            except VerificationError as refusal:
                return refused(code, refusal)
            proven.append((proof.first, proof.second))
    number, sizes = len(seen), sorted(roots)
    open_pairs = [(first, second) for first, second in pairwise(sizes) if not _begins(first, proven) & _begins(second, proven)]
    asked = ", ".join(f"from={first}&to={second}" for first, second in open_pairs)
    if not asked:
        return held(
            code, Phrase("%(number)s heads of the log, of %(sizes)s sizes, are of one log.", number=number, sizes=len(sizes)), number
        )
    return not_checkable(
        code,
        Phrase(
            "%(number)s heads of the log of %(sizes)s sizes: no proof shows that the larger begin with the smaller.",
            number=number,
            sizes=len(sizes),
        ),
        Phrase("Ask the portal's log for consistency %(asked)s, and give its answers as files.", asked=asked),
    )


def checkpoint_signed(raw: bytes, fingerprint: str, keys: Mapping[str, VerifyingKey]) -> Outcome:
    """Whether a checkpoint is of the portal's log and signed by it; `heads_agree` holds it against other heads."""
    code = "checkpoint-signed"
    try:
        seen = checkpoints.read(raw, fingerprint, keys)
    except SteplabelError as refusal:
        return refused(code, refusal)
    return held(code, Phrase("The portal signed this checkpoint of its log of %(size)s entries.", size=f"{seen.size:,}"))


def _begins(size: int, proven: Sequence[tuple[int, int]]) -> set[int]:
    """The sizes of which the log of this size is shown to be the beginning, itself among them. Two that begin one log do not differ."""
    found, left = set[int](), [size]
    while left:
        one = left.pop()
        if one not in found:
            found.add(one)
            left += [second for first, second in proven if first == one]
    return found
