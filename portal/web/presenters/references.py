"""What others publish beside a label: figures that agree with it in all, and of the rest the
reasons why they do not stand there.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from benchmarks.guidance.references import BASES, CONFIDENCES, PlacedReference
from portal.sentences import in_words
from portal.web.words.figures import raised
from portal.web.words.terms import Names, in_page_language


@dataclass(frozen=True, slots=True)
class ReferenceRow:
    name: str
    step: str
    value: str
    of: str  # region and years
    source: str
    licence: str
    agrees: bool
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class References:
    rows: tuple[ReferenceRow, ...]
    summary: str


def references_page(comparisons: Sequence[PlacedReference], names: Names) -> References | None:
    """Those that agree first; None for a sector of which no reference is held."""
    if not comparisons:
        return None
    rows = sorted(
        (_row(comparison, names) for comparison in comparisons), key=lambda row: not row.agrees
    )
    agree = sum(row.agrees for row in rows)
    summary = _(
        "Published by others: none of %(all)d figures agrees with this label in every respect"
    ) % {"all": len(rows)}
    if agree:
        summary = ngettext(
            "Published by others: %(n)d of %(all)d figures agrees with this label in every respect",
            "Published by others: %(n)d of %(all)d figures agree with this label in every respect",
            agree,
        ) % {"n": agree, "all": len(rows)}
    return References(tuple(rows), summary)


def _row(comparison: PlacedReference, names: Names) -> ReferenceRow:
    reference, source = comparison.reference, comparison.reference.source
    if comparison.value is not None:
        value = f"{comparison.value.normalize():f} {raised(comparison.cell.unit)}"
    else:
        value = "–" if reference.figure is None else f"{reference.figure} {raised(reference.unit)}"
    facts = {
        "source": in_page_language(source.words),
        "dated": source.dated,
        "how": in_page_language(CONFIDENCES[source.confidence]),
    }
    of = {
        "basis": in_page_language(BASES[reference.basis]),
        "region": in_page_language(reference.region),
        "years": reference.years,
    }
    return ReferenceRow(
        name=raised(in_page_language(reference.words)),
        step=names.step_name(reference.step) if reference.step else _("Whole route"),
        value=value,
        of=_("%(region)s, %(years)s; %(basis)s") % of,
        source=_("%(source)s, %(dated)s; %(how)s") % facts,
        licence=in_page_language(source.licence),
        agrees=not comparison.refused,
        reasons=tuple(raised(in_words(each.reason)) for each in comparison.refused),
    )
