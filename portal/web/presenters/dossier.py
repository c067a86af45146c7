"""A site's dossier for a programme in words: one view model for the page, the paper and the JSON."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from django.template.defaultfilters import date as date_format
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _

from portal.assurance.programmes import Dossier, Evidence, Shown, programmes
from portal.days import scheme_day
from portal.web.viewmodels.shared import Choice, Item, Mood, StateWord
from portal.web.words import in_language, period_name, state

SHOWN: dict[str, tuple[Promise, Mood]] = {
    Shown.SHOWN: (gettext_lazy("Shown"), "ok"),
    Shown.DECLARED: (gettext_lazy("Declared"), "wait"),
    Shown.MISSING: (gettext_lazy("Missing"), "no"),
}


@dataclass(frozen=True, slots=True)
class EvidenceLine:
    text: str
    digest: str
    how: str  # how somebody else checks it
    url: str = ""


@dataclass(frozen=True, slots=True)
class DossierRow:
    id: str
    asks: str
    note: str
    state: StateWord
    evidence: tuple[EvidenceLine, ...]


@dataclass(frozen=True, slots=True)
class DossierPage:
    site: str
    slug: str
    firm: str
    programme: str
    programme_id: str
    source: str
    unverified: bool
    day: str
    lead: str
    rows: tuple[DossierRow, ...]
    choices: tuple[Choice, ...]
    pdf_url: str
    json_url: str


def dossier_page(found: Dossier) -> DossierPage:
    language = get_language() or "en"
    site, programme = found.site, found.programme
    address = reverse("web:dossier", args=[site.slug])
    counted = {state: found.counted[state] for state in Shown}
    lead = _(
        "Of %(all)d criteria, records of this portal show %(shown)d, documents are declared for %(declared)d, and %(missing)d are missing."
    ) % {
        "all": len(found.entries),
        "shown": counted[Shown.SHOWN],
        "declared": counted[Shown.DECLARED],
        "missing": counted[Shown.MISSING],
    }
    return DossierPage(
        site=in_language(site.name, site.name_zh),
        slug=site.slug,
        firm=in_language(site.organisation.name, site.organisation.name_zh),
        programme=programme.name.said_in(language),
        programme_id=programme.id,
        source=programme.source.said_in(language),
        unverified=programme.status == "unverified",
        day=date_format(found.day, _("j F Y")),
        lead=lead,
        rows=tuple(
            DossierRow(
                id=entry.criterion.id,
                asks=entry.criterion.asks.said_in(language),
                note=_("Added by this portal; the programme does not require it") if entry.criterion.own else "",
                state=state(SHOWN, entry.state),
                evidence=tuple(_line(one) for one in entry.evidence),
            )
            for entry in found.entries
        ),
        choices=tuple(
            Choice(f"{address}?programme={one.id}", one.name.said_in(language), one.id == programme.id) for one in programmes().values()
        ),
        pdf_url=f"{reverse('web:dossier-pdf', args=[site.slug])}?programme={programme.id}",
        json_url=f"{reverse('web:dossier-json', args=[site.slug])}?programme={programme.id}",
    )


def _line(one: Evidence) -> EvidenceLine:
    by = in_language(one.by, one.by_zh)
    if one.kind == "report":
        text = _("Report of %(period)s, received on %(day)s, entry %(n)s of the log") % {
            "period": period_name(one.title), "day": _day(one.at), "n": one.log_index,
        }  # fmt: skip
        return EvidenceLine(text, one.digest, _("The plant’s receipt of this digest: steplabel-agent verify"))
    if one.kind == "attestation":
        told = {"body": by, "period": period_name(one.title), "day": date_format(one.until, _("j F Y")), "code": one.code}
        text = _("Statement of %(body)s on the report of %(period)s, valid until %(day)s, code %(code)s") % told
        return EvidenceLine(text, one.digest, _("Anybody can open it by its code"), reverse("web:verify", args=[one.code]))
    if one.kind == "system":
        told = {"n": one.title, "by": by, "day": date_format(one.until, _("j F Y"))}
        return EvidenceLine(_("Certificate %(n)s by %(by)s, valid until %(day)s") % told, one.digest, _how_of_paper())
    text = _("“%(value)s”, by the document “%(paper)s”, declared on %(day)s") % {
        "value": one.value,
        "paper": one.title,
        "day": _day(one.at),
    }
    return EvidenceLine(text, one.digest, _how_of_paper())


def _how_of_paper() -> str:
    return _("Ask for the document and compare its SHA-256")


def _day(at: datetime | None) -> str:
    return date_format(scheme_day(at), _("j F Y")) if at else ""


def dossier_json(found: Dossier) -> dict[str, Any]:
    """For programs: codes and digests, names by language; no value of the plant."""
    return {
        "schema": "steplabel/dossier/1",
        "site": found.site.slug,
        "day": found.day.isoformat(),
        "programme": {
            "id": found.programme.id,
            "name": found.programme.name.by_language,
            "source": found.programme.source.by_language,
            "status": found.programme.status,
        },
        "criteria": [
            {
                "id": entry.criterion.id,
                "asks": entry.criterion.asks.by_language,
                "added_by_this_portal": entry.criterion.own,
                "state": str(entry.state),
                "evidence": [
                    {
                        name: value.isoformat() if hasattr(value, "isoformat") else value
                        for name, value in asdict(one).items()
                        if value not in ("", None)
                    }
                    for one in entry.evidence
                ],
            }
            for entry in found.entries
        ],
    }


def caveats() -> tuple[Item, ...]:
    """What the states mean, on page and paper alike."""
    return (
        Item(_("Shown"), _("It is on record in this portal. Anybody who may see it can check it there.")),
        Item(_("Declared"), _("The firm declares this and names a document by its SHA-256. Nobody here has read the document.")),
        Item(_("Missing"), _("Nothing is on record.")),
    )
