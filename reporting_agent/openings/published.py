"""What the portal's own files show without a plant: a published version composed again, and heads of the log held against each other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise

from benchmarks.audit import published as audited
from benchmarks.audit.evidence import Outcome, held, refused
from benchmarks.errors import SteplabelError, VerificationError
from benchmarks.routes import Words
from benchmarks.wire import heads
from benchmarks.wire.merkle import require_consistency
from benchmarks.wire.signing import VerifyingKey
from reporting_agent.openings.files import Consistency, document


def composed_again(raw: bytes, keys: Mapping[str, VerifyingKey]) -> Outcome:
    """Every figure of a published version from the protected values of its logged leaves."""
    code = "benchmark-recomputed"
    try:
        found = audited.check(document(raw), keys)
    except SteplabelError as refusal:
        return refused(code, refusal)
    figures, reports, size, repeated = len(found.figures), found.reports, found.head.size, len(found.repeated)
    return held(
        code,
        Words(
            en=f"{figures} figures follow from {reports} reports, leaves of the log of {size:,} entries."
            + (f" {repeated} cells repeat an earlier version." if repeated else ""),
            zh=f"{figures} 个数值由 {reports} 份报告得出，均为 {size:,} 个条目的日志的叶子。"
            + (f"{repeated} 个单元重复先前版本。" if repeated else ""),
        ),
        len(found.figures),
    )


def heads_agree(signed: Sequence[bytes], proofs: Sequence[Consistency], keys: Mapping[str, VerifyingKey]) -> Outcome:
    """Whether heads that several people saw can be of one log: those of one size by themselves, others by the proofs at hand."""
    code = "heads-agree"
    try:
        seen = [heads.read(raw, keys) for raw in signed]
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
    en = f"{number} heads of the log of {len(sizes)} sizes, none against another that it could be held against."
    zh = f"{number} 个日志头，共 {len(sizes)} 种大小，凡可核对者互不矛盾。"
    if not asked:
        return held(code, Words(en=en, zh=zh), number)
    more_en = f"Not held against each other: ask the portal's log for consistency {asked}, and give its answers as files."
    more_zh = f"尚未相互核对：请向平台日志索取一致性证明 {asked}，并以文件提供。"
    return held(code, Words(en=f"{en} {more_en}", zh=f"{zh}{more_zh}"), number)


def _begins(size: int, proven: Sequence[tuple[int, int]]) -> set[int]:
    """The sizes of which the log of this size is shown to be the beginning, itself among them. Two that begin one log do not differ."""
    found, left = set[int](), [size]
    while left:
        one = left.pop()
        if one not in found:
            found.add(one)
            left += [second for first, second in proven if first == one]
    return found
