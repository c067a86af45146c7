"""A published version computed again from its reports, and what of it rests on the portal's word:
each said by a check of its own.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

from benchmarks.audit import published as audited
from benchmarks.audit.evidence import CheckOutcome, check_held, not_checkable, refused
from benchmarks.audit.recomposed import RecompositionCheck, compose_again
from benchmarks.errors import SteplabelError, VerificationError
from benchmarks.phrases import Phrase, enumerated, in_number, listed
from benchmarks.wire import published
from benchmarks.wire.signing import VerifyingKey
from reporting_agent.audit.openings.recognising import document


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
        checked = compose_again(proven, _signed(earlier, keys))
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


def _signed(
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
