"""How the checks of an opening came out, in the reader's words."""

from __future__ import annotations

from fractions import Fraction

from django.utils.translation import gettext as _

from benchmarks.audit.sample_file import OF_A_SAMPLE, ON_SITE, CheckKind
from benchmarks.wire.attestations import SampleOutcome
from portal.sentences import in_words
from portal.web.words.terms import sentence_space


def outcome_in_words(outcome: SampleOutcome) -> str:
    """The verdict, in the sentence that the auditor's report has as well; and how sure the draw
    was.
    """
    plan = (
        how_sure(outcome.confidence, outcome.share)
        if outcome.confidence
        else _("The draw contains no counted records of at least one of the steps concerned.")
    )
    before = _("Earlier draws promised from this report: %(n)s.") % {
        "n": f"{outcome.promised_before:,}"
    }
    return sentence_space().join((in_words(outcome.verdict.sentence), plan, before))


def how_sure(confidence: Fraction, share: Fraction) -> str:
    """The certainty of a draw's plan in words."""
    sure = {"confidence": f"{float(100 * confidence):g}", "share": f"{float(100 * share):g}"}
    return (
        _(
            "If %(share)s %% of the counted records are misstated, the plan of the draw finds at "
            "least one of them with "
            "%(confidence)s %% certainty."
        )
        % sure
    )


def what_is_missing(code: str) -> str:
    """What a check that could not be made needs."""
    if code == ON_SITE:
        return _("the plant’s files, on site")
    if code == "nothing-left-out":
        return _(
            "a sampled day of a meter that counts for one step only, and a log without unreadable "
            "rows"
        )
    if code == "withheld-justified":
        return _(
            "the whole recomputation on site: no opening shows whether there is a reason for what "
            "is withheld"
        )
    if code == "one-batch-at-a-time":
        return _(
            "the plant’s production system: opened batches have the time of another one of the "
            "same machine"
        )
    if code == "edges-at-rest":
        return _(
            "a pause before or after an opened batch, at a meter that counts for one step only"
        )
    if code == "plan-sufficient":
        return _("a draw of all steps by the standard plan")
    if OF_A_SAMPLE.get(code) is CheckKind.BOUND:
        return _("the evidence file of this sample, with the fingerprint of the portal’s directory")
    return _("a verification with this release of the agent; its report says what is missing")
