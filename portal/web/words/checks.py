"""How the checks of an opening came out, in the reader's words."""

from __future__ import annotations

from django.utils.translation import gettext as _

from benchmarks.audit.kinds import OF_A_SAMPLE, ON_SITE, CheckKind
from benchmarks.wire.attestations import SampleOutcome
from portal.web.words.terms import sentence_space


def outcome_in_words(outcome: SampleOutcome) -> str:
    """How the checks came out, and how sure the draw was."""
    plan = (
        _how_sure(outcome)
        if outcome.confidence
        else _("The draw contains no counted records of at least one of the steps concerned.")
    )
    before = _("Earlier draws promised from this report: %(n)s.") % {
        "n": f"{outcome.promised_before:,}"
    }
    return sentence_space().join((_how_many(outcome), plan, before))


def _how_sure(outcome: SampleOutcome) -> str:
    sure = {
        "confidence": f"{float(100 * outcome.confidence):g}",
        "share": f"{float(100 * outcome.share):g}",
    }
    return (
        _(
            "If %(share)s %% of the counted records are misstated, the plan of the draw finds at "
            "least one of them with "
            "%(confidence)s %% certainty."
        )
        % sure
    )


def _how_many(outcome: SampleOutcome) -> str:
    """One sentence: nothing holds of which a check failed or was not made."""
    failed, missing = len(outcome.failed), len(outcome.not_checkable)
    values = {
        "held": f"{outcome.held:,}",
        "n": f"{outcome.held + failed + missing:,}",
        "failing": f"{failed:,}",
        "missing": f"{missing:,}",
    }
    if failed and missing:
        return (
            _(
                "%(held)s of %(n)s checks passed. %(failing)s failed and need a finding. "
                "%(missing)s could not be made."
            )
            % values
        )
    if failed:
        return _("%(held)s of %(n)s checks passed. %(failing)s failed and need a finding.") % values
    if missing:
        return (
            _("Not verified: %(held)s of %(n)s checks passed, and %(missing)s could not be made.")
            % values
        )
    if not outcome.bound:
        return (
            _(
                "Not verified: all %(n)s checks passed, but it was not shown that the report is "
                "the one accepted here."
            )
            % values
        )
    return (
        _("All %(n)s checks passed. The opened report is the one that this portal accepted.")
        % values
    )


def what_is_missing(code: str) -> str:
    """What a check that could not be made needs."""
    if code == ON_SITE:
        return _("the plant’s files, on site")
    if code == "readings-committed":
        return _(
            "readings: energy is given by batch here, and has to be checked in the plant’s own "
            "system"
        )
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
        return _(
            "a draw of all steps by the standard plan, or by the smallest plan of the same "
            "certainty"
        )
    if OF_A_SAMPLE.get(code) is CheckKind.BOUND:
        return _("the evidence file of this sample, with the fingerprint of the portal’s directory")
    return _("a verification with this release of the agent; its report says what is missing")
