"""The fixed words of the control room's pages."""

from __future__ import annotations

from benchmarks.catalogue import in_language
from benchmarks.phrases import Phrase

WORDS = {
    "skip": Phrase("Skip to main content"),
    "tools": Phrase("Pages and languages"),
    "key": Phrase("Key"),
    "axis": Phrase(
        "Energy of each batch above its label at the same progress and for its output; higher "
        "means more"
    ),
    "label": Phrase("Label: the tenth of batches that used least"),
    "chance": Phrase("Random variation only"),
    "typical": Phrase("End of a typical batch"),
    "all_well": Phrase("All is well"),
    "nothing_runs": Phrase("No batch is running."),
    "idle": Phrase("Idle:"),
    "an_hour": Phrase("an hour"),
    "what": Phrase("What"),
    "since": Phrase("Since"),
    "takes": Phrase("Uses"),
    "nothing_idle": Phrase("No equipment with its own meters is using energy without a batch."),
    "sources": Phrase("Where the figures come from"),
    "source": Phrase("Source"),
    "state": Phrase("State"),
    "batches": Phrase("Batches"),
    "output": Phrase("Output"),
    "above": Phrase("Above the label"),
    "no_batch": Phrase("No batch has ended in this shift."),
    "alerts": Phrase("Alerts"),
    "no_alert": Phrase("No alert was raised in this shift."),
    "unreadable": Phrase("Messages that could not be read"),
    "when": Phrase("When"),
    "topic": Phrase("Topic, node or file (how many)"),
    "why": Phrase("Why"),
    "begins": Phrase("How the message begins"),
    "seen": Phrase("Seen"),
    "not_so": Phrase("False alarm …"),
    "change": Phrase("Change the answer"),
    "false": Phrase("It was a false alarm"),
    "back": Phrase("Withdraw the answer"),
    "word": Phrase(
        "What happened? Describe it in a few words for those who read the shift summary"
    ),
    "heading": Phrase("Answer an alert"),
    "against": Phrase("What to do:"),
}
STATES = {
    "chance": Phrase("Within random variation"),
    "no-threshold": Phrase("No alerts are possible yet"),
    "below": Phrase("Below a typical batch"),
    "not-known": Phrase("Energy not known"),
    "no-meters": Phrase("No meter measures its step and unit"),
}


def page_words(lang: str, currency: str) -> dict[str, str]:
    """All of them in a language."""
    money = (
        Phrase("%(currency)s an hour", currency=currency)
        if currency
        else Phrase("Cost an hour: no [tariff]")
    )
    return {name: in_language(text, lang) for name, text in {**WORDS, "money_h": money}.items()}
