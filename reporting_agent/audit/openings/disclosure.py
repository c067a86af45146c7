"""What an opening tells whom, in words, before anything is written."""

from __future__ import annotations

from benchmarks.audit.sampling_plan import StratumKind
from benchmarks.audit.signed_draws import Draw
from benchmarks.catalogue import in_language
from benchmarks.phrases import Phrase, Value, in_number
from reporting_agent.audit.openings.assembling import AssembledOpening
from reporting_agent.sending.consent import Language

_TEXTS = {
    "who": Phrase(
        "Requested by the auditor with the key %(auditor)s, for %(site)s %(period)s revision "
        "%(revision)s."
    ),
    "drawn": Phrase("Drawn: %(number)s of %(size)s leaves (%(kinds)s)."),
    "batches": Phrase(
        "Shown in full: %(number)s of %(all)s batches (%(share)s %%) with times, output, "
        "variables and energy."
    ),
    "all": Phrase("all that there are, because some did not give the same records again"),
    "key": Phrase(
        "Shown: the key of this report, and of no other. With it the auditor can draw this "
        "report's noise again and see the exact value behind each of its protected values. Its "
        "records that are not opened are hidden by their salts, but the key gives these salts as "
        "well. The auditor is bound to confidentiality."
    ),
    "settings": Phrase(
        "Shown: your settings of meters, factors and mapping, without the location of files and "
        "without access data."
    ),
    "sealed": Phrase("The file is sealed: only the auditor can read it."),
    "plain": Phrase(
        "The file is not sealed: anybody who has it can read it. Hand it over on site, never "
        "through the portal."
    ),
    "portal": Phrase("None of it goes to the portal."),
    "edge": Phrase("at the rank of a label"),
    "below": Phrase("at or below a label"),
    "used": Phrase("used"),
    "excluded": Phrase("excluded"),
    "days-kind": Phrase("meter days"),
    "padding": Phrase("padding"),
}


def shown_by_opening(
    language: Language, draw: Draw, assembled: AssembledOpening, *, sealed: bool
) -> list[str]:
    """One sentence for each kind of thing that the opening shows."""
    commitment = draw.commitment

    def text(name: str, **values: Value) -> str:
        return in_language(Phrase(_TEXTS[name], **values), language)

    counts = {kind: sum(leaf.kind is kind for leaf in assembled.drawn) for kind in StratumKind}
    kinds = ", ".join(
        f"{count:,} {text('days-kind' if kind is StratumKind.DAYS else kind.value)}"
        for kind, count in counts.items()
        if count
    )
    stretches: Phrase = _TEXTS["all"]
    if assembled.stretches is not None:
        number = len(assembled.stretches)
        stretches = in_number(
            number,
            "in %(number)s period of time",
            "in %(number)s separate periods of time",
            number=number,
        )
    committed = sum(part.used + part.excluded for part in assembled.opening.contents.steps)
    lines = [
        text(
            "who",
            auditor=draw.auditor.key_id[:16],
            site=commitment.site,
            period=commitment.period,
            revision=commitment.revision,
        ),
        text(
            "drawn",
            number=f"{len(assembled.drawn):,}",
            size=f"{assembled.opening.contents.size:,}",
            kinds=kinds,
        ),
        text(
            "batches",
            number=f"{len(assembled.batches):,}",
            all=f"{committed:,}",
            share=f"{100 * len(assembled.batches) / max(committed, 1):.0f}",
        ),
    ]
    if assembled.days:
        readings = in_number(
            assembled.days,
            "Shown: the readings of %(number)s meter day, %(stretches)s.",
            "Shown: the readings of %(number)s meter days, %(stretches)s.",
            number=f"{assembled.days:,}",
            stretches=stretches,
        )
        lines.append(in_language(readings, language))
    lines += [text("key"), text("settings")]
    if assembled.different:
        leaves = ", ".join(str(index) for index in assembled.different[:20])
        different = in_number(
            len(assembled.different),
            "%(number)s batch cannot be recomputed from the files as they are today: %(leaves)s."
            " Explain why before you hand over the file.",
            "%(number)s batches cannot be recomputed from the files as they are today: %(leaves)s."
            " Explain why before you hand over the file.",
            number=f"{len(assembled.different):,}",
            leaves=leaves,
        )
        lines.append(in_language(different, language))
    return [*lines, text("sealed" if sealed else "plain"), text("portal")]
