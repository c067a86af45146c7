"""A site's dossier for a programme in words: one view model for the page and the paper."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.template.defaultfilters import date as date_format
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _
from reportlab.platypus import Flowable

from benchmarks.wire.attestations import Opinion
from extras.programmes.dossiers import (
    CriterionEvidence,
    CriterionState,
    CriterionVerdict,
    Dossier,
)
from extras.programmes.offer_pages import OfferLine, offer_line
from extras.programmes.programmes import (
    ATTESTATION,
    REPORT,
    SYSTEM,
    Criterion,
    programmes,
)
from portal.days import scheme_day
from portal.web.papers.layout import document_of, table_of, text_of, together
from portal.web.viewmodels.methods import FormSheet, Link, MethodSheet
from portal.web.viewmodels.shared import Crumb, Item, Mood, SelectOption, StateWord
from portal.web.words.terms import (
    headed,
    one_after_another,
    period_name,
    sentence_space,
    shown_name,
    state,
)

SHOWN: dict[str, tuple[Promise, Mood]] = {
    CriterionState.SHOWN: (gettext_lazy("Shown"), "ok"),
    CriterionState.CONFIRMED: (gettext_lazy("Confirmed"), "ok"),
    CriterionState.DECLARED: (gettext_lazy("Declared"), "wait"),
    CriterionState.REFUTED: (gettext_lazy("Not met"), "no"),
    CriterionState.MISSING: (gettext_lazy("Missing"), "no"),
}
MET: dict[str, tuple[Promise, Mood]] = {
    CriterionVerdict.MET: (gettext_lazy("Met"), "ok"),
    CriterionVerdict.NOT_MET: (gettext_lazy("Not met"), "no"),
    CriterionVerdict.NOT_SHOWN: (gettext_lazy("Not shown"), "wait"),
}


@dataclass(frozen=True, slots=True)
class EvidenceLine:
    text: str
    digest_of: str  # of which bytes the digest is
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
    offers: tuple[OfferLine, ...]
    met: StateWord  # for what is offered
    wanted: (
        Link | None
    )  # of a criterion that is missing: what would show it, and where that is put on record


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
    offers: bool  # whether anything is offered for one of them
    choices: tuple[SelectOption, ...]
    pdf_url: str
    json_url: str


def dossier_page(dossier: Dossier) -> DossierPage:
    language = get_language() or "en"
    site, programme = dossier.site, dossier.programme
    address = reverse("web:dossier", args=[site.slug])
    lead = _lead([entry.state for entry in dossier.entries if not entry.criterion.own])
    if own := [entry.state for entry in dossier.entries if entry.criterion.own]:
        lead += sentence_space() + _("Of %(all)d criteria that this portal added, the records "
                                     "here show %(shown)d.") % {
            "all": len(own), "shown": own.count(CriterionState.SHOWN),
        }  # fmt: skip
    offered = sum(len(entry.offers) for entry in dossier.entries)
    won = sum(len(entry.offers) for entry in dossier.entries if entry.met is CriterionVerdict.MET)
    if offered:
        lead += sentence_space() + _("Incentives offered for these criteria: %(offered)d, of "
                                     "which %(won)d for criteria that are met.") % {
            "offered": offered, "won": won,
        }  # fmt: skip
    return DossierPage(
        site=shown_name(site.name),
        slug=site.slug,
        firm=shown_name(site.organisation.name),
        programme=programme.name.said_in(language),
        programme_id=programme.id,
        source=programme.source.said_in(language),
        unverified=programme.status == "unverified",
        day=date_format(dossier.day, _("j F Y")),
        lead=lead,
        rows=tuple(
            DossierRow(
                id=entry.criterion.id,
                asks=entry.criterion.asks.said_in(language),
                note=_("Added by this portal; the programme does not require it")
                if entry.criterion.own
                else "",
                state=state(SHOWN, entry.state),
                evidence=tuple(_line(evidence) for evidence in entry.evidence),
                offers=tuple(offer_line(offer) for offer in entry.offers),
                met=state(MET, entry.met),
                wanted=_wanted(entry.criterion) if entry.state is CriterionState.MISSING else None,
            )
            for entry in dossier.entries
        ),
        offers=bool(offered),
        choices=tuple(
            SelectOption(
                f"{address}?programme={candidate.id}",
                candidate.name.said_in(language),
                candidate.id == programme.id,
            )
            for candidate in programmes().values()
        ),
        pdf_url=f"{reverse('web:dossier-pdf', args=[site.slug])}?programme={programme.id}",
        json_url=f"{reverse('web:dossier-json', args=[site.slug])}?programme={programme.id}",
    )


def _lead(states: Sequence[CriterionState]) -> str:
    """How many of the programme's own criteria stand where: what this portal adds is counted
    apart.
    """
    return _(
        "Of the programme’s %(all)d criteria, the records here show %(shown)d, an officer "
        "confirmed %(confirmed)d and the firm declares "
        "%(declared)d. %(refuted)d are not met and %(missing)d are missing."
    ) % {"all": len(states), **{str(state): states.count(state) for state in CriterionState}}


def _wanted(criterion: Criterion) -> Link:
    """What would show a criterion of which nothing is on record. `#declare` is the form of who acts
    for the site.
    """
    if criterion.shown_by == REPORT:
        return Link(
            _("A report that this portal accepts shows it. The plant’s agent sends it."),
            reverse("web:submissions"),
        )
    if criterion.shown_by == ATTESTATION:
        return Link(_("A certification body’s statement on an accepted report shows it."), "")
    if criterion.shown_by.startswith(SYSTEM):
        wanted = _(
            "Not declared. A valid certificate on record shows it, or the firm may declare it and "
            "name the document."
        )
        return Link(wanted, "#declare")
    return Link(
        _("Not declared. The firm may declare it and name the document that shows it."), "#declare"
    )


def _line(evidence: CriterionEvidence) -> EvidenceLine:
    by = shown_name(evidence.by)
    if evidence.kind == "report":
        text = _("Report of %(period)s, received on %(day)s, entry %(n)s of the log") % {
            "period": period_name(evidence.title),
            "day": _day(evidence.at),
            "n": evidence.log_index,
        }
        how = _("The plant’s receipt of this digest: steplabel-agent verify")
        return EvidenceLine(text, _("SHA-256 of the sealed report"), evidence.digest, how)
    if evidence.kind == "attestation":
        facts = {
            "body": by,
            "period": period_name(evidence.title),
            "day": date_format(evidence.until, _("j F Y")),
            "code": evidence.code,
        }
        text = (
            _(
                "Statement of %(body)s on the report of %(period)s, valid until %(day)s, code "
                "%(code)s"
            )
            % facts
        )
        if evidence.opinion == Opinion.ADVERSE:
            text = _("%(statement)s; the opinion is adverse") % {"statement": text}
        page = reverse("web:verify", args=[evidence.code])
        return EvidenceLine(
            text,
            _("SHA-256 of the signed statement"),
            evidence.digest,
            _("Anybody can open it by its code"),
            page,
        )
    if evidence.kind == "system":
        facts = {"n": evidence.title, "by": by, "day": date_format(evidence.until, _("j F Y"))}
        return _of_paper(
            _("Certificate %(n)s by %(by)s, valid until %(day)s") % facts, evidence.digest
        )
    text = _("“%(value)s”, by the document “%(paper)s”, declared on %(day)s") % {
        "value": evidence.value,
        "paper": evidence.title,
        "day": _day(evidence.at),
    }
    if evidence.read_at:
        facts = {"declared": text, "day": _day(evidence.read_at), "finding": evidence.finding}
        text = _("%(declared)s. An officer read the paper on %(day)s: %(finding)s") % facts
    return _of_paper(text, evidence.digest)


def _of_paper(text: str, digest: str) -> EvidenceLine:
    return EvidenceLine(
        text,
        _("SHA-256 of the document"),
        digest,
        _("Ask for the document and compare its SHA-256"),
    )


def _day(at: datetime | None) -> str:
    return date_format(scheme_day(at), _("j F Y")) if at else ""


def declared_of(dossier: Dossier) -> list[tuple[str, str]]:
    """The declarations on which criteria rest, by their rows, for the officer who reads the
    papers.
    """
    language = get_language() or "en"
    return [
        (
            str(entry.evidence[0].declaration),
            headed((entry.criterion.asks.said_in(language), f"“{entry.evidence[0].value}”")),
        )
        for entry in dossier.entries
        if entry.evidence and entry.evidence[0].kind == "paper"
    ]


def reading_page(site: str, back: str) -> FormSheet:
    lead = _(
        "Ask the firm for the paper and compare its SHA-256 with the one in the dossier before "
        "you write what it shows."
    )
    return FormSheet(
        MethodSheet(_("What a declared paper shows"), (Crumb(site, back),), lead),
        button=_("Record it"),
    )


def caveats() -> tuple[Item, ...]:
    """What the states mean, on page and paper alike."""
    return (
        Item(
            _("Shown"),
            _("It is on record in this portal. Anybody who may see it can check it there."),
        ),
        Item(
            _("Confirmed"),
            _(
                "The firm declared it, and an officer of the site’s jurisdiction read the paper "
                "and found it there."
            ),
        ),
        Item(
            _("Declared"),
            _(
                "The firm declares this and names a document by its SHA-256. Nobody here has read "
                "the document."
            ),
        ),
        Item(
            _("Not met"),
            _(
                "An officer read the paper and did not find it there, or the auditor’s opinion is "
                "adverse."
            ),
        ),
        Item(_("Missing"), _("Nothing is on record.")),
        Item(
            _("Incentive"),
            _(
                "What an authority offers for a criterion, by an act in force today. That "
                "authority decides whether a site receives it."
            ),
        ),
    )


def dossier_pdf(page: DossierPage) -> bytes:
    title = _("Dossier: %(programme)s") % {"programme": page.programme}
    parts: list[Flowable] = [
        text_of(title, "title"),
        text_of(f"{page.firm} · {page.site} ({page.slug}) · {page.day}", "quiet"),
        text_of(page.lead, "lead"),
        text_of(_("Source of the criteria: %(source)s") % {"source": page.source}, "body"),
    ]
    if page.unverified:
        parts.append(
            text_of(
                _(
                    "The criteria were not checked against the original text. Compare them with "
                    "it before you rely on them."
                ),
                "warning",
            )
        )
    rows = [
        [
            _asked_cell(row),
            row.state.word,
            row.wanted.text if row.wanted else _evidence_cell(row.evidence),
        ]
        for row in page.rows
    ]
    parts.append(
        table_of(
            [_("Criterion"), _("State"), _("Evidence, and how to check it")], rows, (4, 1.6, 7)
        )
    )
    if page.offers:
        parts.append(text_of(_("Incentives for these criteria"), "heading"))
        offered = [
            [row.asks, row.met.word, offer.text, offer.source]
            for row in page.rows
            for offer in row.offers
        ]
        parts.append(
            table_of(
                [_("Criterion"), _("Met or not"), _("Incentive"), _("By whom, and by which act")],
                offered,
                (4, 1.6, 4, 4),
            )
        )
    meanings = [text_of(headed((item.title, item.text)), "body") for item in caveats()]
    parts.append(together(text_of(_("What the states mean"), "heading"), *meanings))
    return document_of(parts, title, page.slug, f"{page.site} · {page.programme} · {page.day}")


def _asked_cell(row: DossierRow) -> str:
    return (
        _("%(criterion)s (%(note)s)") % {"criterion": row.asks, "note": row.note}
        if row.note
        else row.asks
    )


def _evidence_cell(lines: tuple[EvidenceLine, ...]) -> str:
    return one_after_another(
        _("%(evidence)s. %(digest_of)s %(digest)s. %(how)s")
        % {
            "evidence": line.text,
            "digest_of": line.digest_of,
            "digest": line.digest,
            "how": line.how,
        }
        for line in lines
    )
