"""Why a cell is shown or not: stable codes, each with a sentence for the reader."""

from __future__ import annotations

import re
from collections.abc import Mapping
from enum import StrEnum

from benchmarks.declared import Words, worded
from benchmarks.phrases import Phrase, enumerated, in_number


class GateReason(StrEnum):
    """Outcome of the gate for one published value."""

    SHOWN = "shown"
    UNCHANGED = (
        "unchanged"  # the same participants and values as published before: those figures stand
    )
    CORRECTED = "corrected"
    STANDS = "stands"  # in an erratum: the corrected reports hardly move it
    LAG = "lag"
    TOO_FEW_FIRMS = "too-few-firms"
    DOMINANCE = "dominance"
    P_PERCENT = "p-percent"
    WEIGHT = "weight"
    INFLUENCE = "influence"
    DIFFERENCING = "differencing"
    OVERLAP = "overlap"
    COMBINED = "combined"
    METRICS = "metrics"
    YEARS = "years"
    SECONDARY = "secondary"
    INCOMPLETE = "incomplete"
    UNITS_DIFFER = "units-differ"


_SENTENCES: dict[GateReason, Phrase] = {
    GateReason.SHOWN: Phrase("Shown: every check passed."),
    GateReason.UNCHANGED: Phrase(
        "Shown as published before: it comes from the same firms and values."
    ),
    GateReason.CORRECTED: Phrase(
        "Shown, corrected: calculated from version %(version)s and the corrected reports alone."
    ),
    GateReason.STANDS: Phrase(
        "Shown as in version %(version)s: the corrected reports move it by no more than a tenth "
        "of its interval."
    ),
    GateReason.LAG: Phrase("Not shown yet: figures of this period may be published from %(date)s."),
    GateReason.DOMINANCE: Phrase(
        "Not shown: by declared size one firm makes up more than %(share)s of this cell."
    ),
    GateReason.P_PERCENT: Phrase(
        "Not shown: by declared size the second largest firm could work out the largest to within "
        "%(share)s."
    ),
    GateReason.WEIGHT: Phrase(
        "Not shown: the published mean would include fewer than %(fewest)s firms, or one of them "
        "would have a weight above %(share)s in it."
    ),
    GateReason.INFLUENCE: Phrase(
        "Not shown yet: without the report of one firm the value would lie outside its interval, "
        "and that report has not been audited."
    ),
    GateReason.DIFFERENCING: Phrase(
        "Withheld: compared with version %(version)s, the difference could reveal a firm. At "
        "least %(least)s firms must have changed and"
        " must matter to each figure that changes. If any one of them is known, no other may "
        "account for more than %(share)s of the rest."
    ),
    GateReason.OVERLAP: Phrase(
        "Not shown: compared with the same value in %(version)s, the difference could reveal a "
        "firm. At least %(least)s firms must differ"
        " and must matter to each figure that changes. If any one of them is known, no other may "
        "account for more than %(share)s of the"
        " rest."
    ),
    GateReason.COMBINED: Phrase(
        "Not shown: combined with the same value in %(version)s, fewer than %(least)s firms that "
        "matter to it would remain."
    ),
    GateReason.METRICS: Phrase(
        "Not shown: compared with another metric of this step, it would reveal firms that are in "
        "only one of the two. Either no firm, or"
        " at least %(least)s that matter to each figure, may be in one alone."
    ),
    GateReason.YEARS: Phrase(
        "Not shown: compared with the same value in %(version)s, which is of another year, it "
        "could reveal a firm whose site reported in"
        " only one of the two. Either at least %(least)s such firms must matter to it, or the "
        "values of the other firms must have changed"
        " more."
    ),
    GateReason.SECONDARY: Phrase(
        "Not shown: together with the steps that are shown, it would reveal a hidden step "
        "(%(steps)s)."
    ),
    GateReason.INCOMPLETE: Phrase("No total: there is no value for %(steps)s."),
    GateReason.UNITS_DIFFER: Phrase("No total: the steps are stated in different units."),
}


def sentence(reason: GateReason, **facts: str | int) -> Words:
    """The sentence for a reason, its figures filled in."""
    if reason is GateReason.TOO_FEW_FIRMS:
        return Words.of(
            in_number(
                int(facts["firms"]),
                "Not shown: %(firms)s firm can be compared here. At least %(fewest)s are needed "
                "so that no single firm can be worked out.",
                "Not shown: %(firms)s firms can be compared here. At least %(fewest)s are needed "
                "so that no single firm can be worked out.",
                **facts,
            )
        )
    return worded(_SENTENCES[reason], **facts)


def with_step_names(text: Words, names: Mapping[str, Words]) -> Words:
    """A total's sentence with the names of steps for their ids: the gate knows ids only, its
    readers know names.
    """
    if not names:
        return text
    name = "|".join(sorted(map(re.escape, names), key=len, reverse=True))
    listed = re.compile(rf"(?<![\w-])(?:{name})(?:, (?:{name}))*(?![\w-])")

    def named(clause: str, language: str) -> str:
        return listed.sub(lambda matched: _names(matched[0], names).said_in(language), clause)

    return Words(
        **{language: named(clause, language) for language, clause in text.by_language.items()}
    )


def _names(ids: str, names: Mapping[str, Words]) -> Words:
    return Words.of(enumerated(names[step] for step in ids.split(", ")))
