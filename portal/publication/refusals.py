"""What stands in the way of a decision about a version, in words."""

from __future__ import annotations

from benchmarks.phrases import Phrase
from portal.problems import RefusedError

_SENTENCES = {
    "not-regulator": (
        403,
        Phrase("You are not a regulator of this peer group."),
        Phrase("Ask a regulator of its whole jurisdiction."),
    ),
    "own-draft": (
        403,
        Phrase("You drafted this version yourself."),
        Phrase("A second person has to publish it."),
    ),
    "not-a-draft": (
        409,
        Phrase("This version is no longer a draft."),
        Phrase("Draft a new version to change anything."),
    ),
    "newer-published": (
        409,
        Phrase("A newer version of this benchmark has been published since this was drafted."),
        Phrase("Discard this draft. Draft a new version to change anything."),
    ),
    "gate-holds": (
        409,
        Phrase("The disclosure gate withholds a value of this version for now."),
        Phrase("Wait until more participants have changed, or the lag has passed."),
    ),
    "is-scheduled": (
        409,
        Phrase("This version is approved and waits for its release time."),
        Phrase("Cancel its release first, or wait until it is published."),
    ),
    "nothing-shown": (
        409,
        Phrase("The disclosure gate releases no value of this version."),
        Phrase("Look at the disclosure gate's reasons cell by cell."),
    ),
    "draft-outdated": (
        409,
        Phrase(
            "The reports, or steps of them, that would enter now differ from those when this was "
            "drafted."
        ),
        Phrase("Draft the version again."),
    ),
    "time-past": (
        409,
        Phrase("The time that was set is in the past."),
        Phrase("Set a future time, or publish now."),
    ),
    "not-scheduled": (
        409,
        Phrase("This version has no release that waits for its time."),
        Phrase("Look at its page: it may have been published, cancelled or stopped."),
    ),
    "comment-empty": (
        409,
        Phrase("The comment is empty."),
        Phrase("Write what the others should know about this draft."),
    ),
    "not-correctable": (
        409,
        Phrase("This version cannot be corrected: it is not the newest one composed of reports."),
        Phrase("Correct the newest version of the period that is not an erratum."),
    ),
    "nothing-corrected": (
        409,
        Phrase("No firm was chosen."),
        Phrase("Choose the firm whose report is corrected or taken out."),
    ),
    "firm-not-behind": (
        409,
        Phrase("A firm that was chosen has no report in this version."),
        Phrase("Choose a firm from the list."),
    ),
    "correction-unexplained": (
        409,
        Phrase("An erratum needs a reason; it is shown to everybody."),
        Phrase("Say in a sentence what was wrong."),
    ),
    "erratum-alone": (
        409,
        Phrase("This version is an erratum: it was calculated from another version."),
        Phrase("Look at the version that it corrects."),
    ),
    "not-published": (
        409,
        Phrase("Only a published version can be withdrawn."),
        Phrase("Discard a draft that is not needed."),
    ),
    "discard-unexplained": (
        409,
        Phrase("A draft can be discarded only with a reason."),
        Phrase("Say in a sentence why it is not needed."),
    ),
    "reason-missing": (
        409,
        Phrase("A withdrawal needs a reason; it is shown to everybody."),
        Phrase("Say in a sentence what was wrong."),
    ),
}


def refusal(code: str) -> RefusedError:
    """What stands in the way of a decision, in words, with its HTTP status."""
    status, sentence, remedy = _SENTENCES[code]
    return RefusedError(status, code, sentence, remedy)
