"""What the portal's own files show without a plant: a published version composed again, and heads of the log held against each other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from benchmarks.audit import published as audited
from benchmarks.audit.evidence import Outcome, held, refused
from benchmarks.errors import SteplabelError
from benchmarks.routes import Words
from benchmarks.wire import heads
from benchmarks.wire.signing import VerifyingKey
from reporting_agent.openings.files import document


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


def heads_agree(signed: Sequence[bytes], keys: Mapping[str, VerifyingKey]) -> Outcome:
    """Whether heads that several people saw can be of one log; those of different sizes need the portal's proof and are only counted."""
    code = "heads-agree"
    try:
        seen = [heads.read(raw, keys) for raw in signed]
    except SteplabelError as refusal:
        return refused(code, refusal)
    found = heads.contradictions(seen, None)
    if found:
        return refused(code, found[0].refusal)
    number, sizes = len(seen), len({one.head.size for one in seen})
    return held(
        code,
        Words(
            en=f"{number} heads of the log, none against another of its size."
            + ("" if sizes == 1 else f" They are of {sizes} sizes: ask the portal for the proof between them (docs/transparency-log.md)."),
            zh=f"{number} 个日志头，同样大小者互不矛盾。"
            + ("" if sizes == 1 else f"它们有 {sizes} 种大小：请向门户索取其间的证明（docs/transparency-log.md）。"),
        ),
        number,
    )
