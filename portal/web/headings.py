"""What the columns of lists that people download are called in the language of the page, and what the codes in their cells mean.

In English a heading is the column's code, and a cell holds its own.
What is published for everybody (benchmark.csv, the archive) keeps its codes in every language: the codebook says what they mean.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from django.utils.functional import Promise
from django.utils.translation import get_language, pgettext_lazy

from portal.web.event_names import ACTS
from portal.web.words import METRICS, SIZE_CLASSES, TAKING_PART

HEADINGS: dict[str, str | Promise] = {
    "credit_code": pgettext_lazy("heading of a file", "credit_code"),
    "firm": pgettext_lazy("heading of a file", "firm"),
    "organisation": pgettext_lazy("heading of a file", "organisation"),
    "site": pgettext_lazy("heading of a file", "site"),
    "site_name": pgettext_lazy("heading of a file", "site_name"),
    "jurisdiction": pgettext_lazy("heading of a file", "jurisdiction"),
    "size_class": pgettext_lazy("heading of a file", "size_class"),
    "obliged": pgettext_lazy("heading of a file", "obliged"),
    "cohort": pgettext_lazy("heading of a file", "cohort"),
    "state": pgettext_lazy("heading of a file", "state"),
    "due": pgettext_lazy("heading of a file", "due"),
    "committed": pgettext_lazy("heading of a file", "committed"),
    "first_received": pgettext_lazy("heading of a file", "first_received"),
    "received": pgettext_lazy("heading of a file", "received"),
    "revision": pgettext_lazy("heading of a file", "revision"),
    "arrived_late": pgettext_lazy("heading of a file", "arrived_late"),
    "steps_covered": pgettext_lazy("heading of a file", "steps_covered"),
    "steps_of_route": pgettext_lazy("heading of a file", "steps_of_route"),
    "breaks": pgettext_lazy("heading of a file", "breaks"),
    "reason": pgettext_lazy("heading of a file", "reason"),
    "pack": pgettext_lazy("heading of a file", "pack"),
    "pack_version": pgettext_lazy("heading of a file", "pack_version"),
    "route": pgettext_lazy("heading of a file", "route"),
    "scope": pgettext_lazy("heading of a file", "scope"),
    "period": pgettext_lazy("heading of a file", "period"),
    "closed": pgettext_lazy("heading of a file", "closed"),
    "sites": pgettext_lazy("heading of a file", "sites"),
    "obliged_reported": pgettext_lazy("heading of a file", "obliged_reported"),
    "firms": pgettext_lazy("heading of a file", "firms"),
    "firms_reported": pgettext_lazy("heading of a file", "firms_reported"),
    "reported": pgettext_lazy("heading of a file", "reported"),
    "waiting": pgettext_lazy("heading of a file", "waiting"),
    "unusable": pgettext_lazy("heading of a file", "unusable"),
    "late": pgettext_lazy("heading of a file", "late"),
    "not_owed": pgettext_lazy("heading of a file", "not_owed"),
    "missing": pgettext_lazy("heading of a file", "missing"),
    "committed_only": pgettext_lazy("heading of a file", "committed_only"),
    "body": pgettext_lazy("heading of a file", "body"),
    "sees_values": pgettext_lazy("heading of a file", "sees_values"),
    "major_findings_open": pgettext_lazy("heading of a file", "major_findings_open"),
    "assigned_by": pgettext_lazy("heading of a file", "assigned_by"),
    "assigned_at": pgettext_lazy("heading of a file", "assigned_at"),
    "taken_back_by": pgettext_lazy("heading of a file", "taken_back_by"),
    "taken_back_at": pgettext_lazy("heading of a file", "taken_back_at"),
    "taken_back_reason": pgettext_lazy("heading of a file", "taken_back_reason"),
    "scheme": pgettext_lazy("heading of a file", "scheme"),
    "amount_yuan": pgettext_lazy("heading of a file", "amount_yuan"),
    "evidence_sha256": pgettext_lazy("heading of a file", "evidence_sha256"),
    "report_period": pgettext_lazy("heading of a file", "report_period"),
    "recorded_by": pgettext_lazy("heading of a file", "recorded_by"),
    "recorded_at": pgettext_lazy("heading of a file", "recorded_at"),
    "last_audit": pgettext_lazy("heading of a file", "last_audit"),
    "certified_until": pgettext_lazy("heading of a file", "certified_until"),
    "at": pgettext_lazy("heading of a file", "at"),
    "actor": pgettext_lazy("heading of a file", "actor"),
    "action": pgettext_lazy("heading of a file", "action"),
    "subject": pgettext_lazy("heading of a file", "subject"),
    "detail": pgettext_lazy("heading of a file", "detail"),
    "kind": pgettext_lazy("heading of a file", "kind"),
    "step": pgettext_lazy("heading of a file", "step"),
    "variant": pgettext_lazy("heading of a file", "variant"),
    "metric": pgettext_lazy("heading of a file", "metric"),
    "rank_low": pgettext_lazy("heading of a file", "rank_low"),
    "rank_high": pgettext_lazy("heading of a file", "rank_high"),
    "of": pgettext_lazy("heading of a file", "of"),
    "score_low": pgettext_lazy("heading of a file", "score_low"),
    "score_high": pgettext_lazy("heading of a file", "score_high"),
    "quarter": pgettext_lazy("heading of a file", "quarter"),
    "provider": pgettext_lazy("heading of a file", "provider"),
    "product": pgettext_lazy("heading of a file", "product"),
    "version": pgettext_lazy("heading of a file", "version"),
    "source": pgettext_lazy("heading of a file", "source"),
    "kit": pgettext_lazy("heading of a file", "kit"),
    "ran_on": pgettext_lazy("heading of a file", "ran_on"),
    "failed": pgettext_lazy("heading of a file", "failed"),
    "file_sha256": pgettext_lazy("heading of a file", "file_sha256"),
    "declared_at": pgettext_lazy("heading of a file", "declared_at"),
    "confirmed_at": pgettext_lazy("heading of a file", "confirmed_at"),
    "supplier": pgettext_lazy("heading of a file", "supplier"),
    "carrier": pgettext_lazy("heading of a file", "carrier"),
    "quantity": pgettext_lazy("heading of a file", "quantity"),
    "unit": pgettext_lazy("heading of a file", "unit"),
    "note": pgettext_lazy("heading of a file", "note"),
    "protected_best": pgettext_lazy("heading of a file", "protected_best"),
    "protected_typical": pgettext_lazy("heading of a file", "protected_typical"),
    "low": pgettext_lazy("heading of a file", "low"),
    "high": pgettext_lazy("heading of a file", "high"),
    "place_low": pgettext_lazy("heading of a file", "place_low"),
    "place_high": pgettext_lazy("heading of a file", "place_high"),
    "industry_best": pgettext_lazy("heading of a file", "industry_best"),
    "industry_low": pgettext_lazy("heading of a file", "industry_low"),
    "industry_high": pgettext_lazy("heading of a file", "industry_high"),
    "industry_typical": pgettext_lazy("heading of a file", "industry_typical"),
    "who": pgettext_lazy("heading of a file", "who"),
    "what": pgettext_lazy("heading of a file", "what"),
    "prefix": pgettext_lazy("heading of a file", "prefix"),
    "name": pgettext_lazy("heading of a file", "name"),
    "person": pgettext_lazy("heading of a file", "person"),
    "scopes": pgettext_lazy("heading of a file", "scopes"),
    "made_by": pgettext_lazy("heading of a file", "made_by"),
    "made_at": pgettext_lazy("heading of a file", "made_at"),
    "expires_at": pgettext_lazy("heading of a file", "expires_at"),
    "last_used_at": pgettext_lazy("heading of a file", "last_used_at"),
    "revoked_at": pgettext_lazy("heading of a file", "revoked_at"),
}


_YES_NO: dict[str, Promise] = {"yes": pgettext_lazy("cell of a file", "yes"), "no": pgettext_lazy("cell of a file", "no")}
CELLS: dict[str, Mapping[str, Promise]] = {
    "obliged": _YES_NO,
    "arrived_late": _YES_NO,
    "sees_values": _YES_NO,
    "state": {code: word for code, (word, _mood) in TAKING_PART.items()},
    "size_class": SIZE_CLASSES,
    "metric": METRICS,
    "action": ACTS,
}
"""By column: the codes that have words."""


def cell_words(columns: Sequence[str], row: Sequence[object]) -> list[object]:
    """The row with its codes in words, in every language but English, whose readers are programs too."""
    if (get_language() or "en").startswith("en"):
        return list(row)
    return [_word(column, value) for column, value in zip(columns, row, strict=True)]


def _word(column: str, value: object) -> object:
    return str(CELLS[column][value]) if isinstance(value, str) and value in CELLS.get(column, ()) else value


def headings(columns: Sequence[str]) -> list[str]:
    """Each column's heading for the page's reader; its code where it has none."""
    return [str(HEADINGS.get(column, column)) for column in columns]
