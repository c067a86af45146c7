"""What the portal's own files show without a plant: a published version composed again, and heads of the log held against each other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from benchmarks.audit import published as audited
from benchmarks.audit.evidence import Outcome, failed, held
from benchmarks.errors import SteplabelError
from benchmarks.wire import heads
from benchmarks.wire.signing import VerifyingKey
from reporting_agent.openings.files import document


def composed_again(raw: bytes, keys: Mapping[str, VerifyingKey]) -> Outcome:
    """Every figure of a published version from the protected values of its logged leaves."""
    code = "benchmark-recomputed"
    try:
        found = audited.check(document(raw), keys)
    except SteplabelError as refused:
        return failed(code, refused.sentence, refused.remedy)
    repeated = f" {len(found.repeated)} cells repeat an earlier version." if found.repeated else ""
    return held(
        code,
        f"{len(found.figures)} figures follow from {found.reports} reports, leaves of the log of {found.head.size:,} entries.{repeated}",
        len(found.figures),
    )


def heads_agree(signed: Sequence[bytes], keys: Mapping[str, VerifyingKey]) -> Outcome:
    """Whether heads that several people saw can be of one log; those of different sizes need the portal's proof and are only counted."""
    code = "heads-agree"
    try:
        seen = [heads.read(raw, keys) for raw in signed]
    except SteplabelError as refused:
        return failed(code, refused.sentence, refused.remedy)
    found = heads.contradictions(seen, None)
    if found:
        first = found[0].refusal
        return failed(code, first.sentence, first.remedy)
    sizes = len({one.head.size for one in seen})
    rest = "" if sizes == 1 else f" They are of {sizes} sizes: ask the portal for the proof between them (docs/transparency-log.md)."
    return held(code, f"{len(seen)} heads of the log, none against another of its size.{rest}", len(seen))
