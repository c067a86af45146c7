"""A site's dossier for a programme: its firm declares, an officer says what a paper shows."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, cast

from django import forms
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _

from extras.programmes.dossier_shown import (
    caveats,
    declared_of,
    dossier_page,
    dossier_pdf,
    reading_page,
)
from extras.programmes.dossiers import (
    declaration_by_id,
    declare,
    dossier,
    dossier_json,
    read_paper,
)
from extras.programmes.programmes import (
    ATTESTATION,
    REPORT,
    Programme,
    programmes,
)
from portal.accounts.models import Role, Site
from portal.accounts.selectors import managed_sites, regulated_sites, visible_sites
from portal.days import scheme_day
from portal.problems import RefusedError
from portal.web.access import for_role, person
from portal.web.answers import attachment, form_page, report_done
from portal.web.forms.errors import add_error
from portal.web.forms.fields import area, choice, digest, line, offer_choices
from portal.web.viewmodels.shared import Crumb
from portal.web.words.terms import shown_name


class DeclarationForm(forms.Form):
    """A value with the paper behind it; left empty, the declaration before is taken back."""

    criterion = choice(gettext_lazy("Criterion"), required=gettext_lazy("Choose a criterion."))
    value = line(
        gettext_lazy("What you declare"),
        gettext_lazy(
            "As stated in the document, such as “grade 1” or “21.4 %”. If you leave it empty, the "
            "last one is withdrawn."
        ),
        most=200,
        required="",
        optional=True,
    )
    paper = line(
        gettext_lazy("Name of the document"),
        gettext_lazy("Such as “Energy balance 2025, signed”. The document stays where it is."),
        most=200,
        required="",
        optional=True,
    )
    evidence = digest(
        gettext_lazy("SHA-256 of the document"),
        gettext_lazy("64 digits of 0–9 and a–f."),
        required="",
        optional=True,
    )

    def __init__(self, *args: Any, criteria: Iterable[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offer_choices(self, "criterion", [("", gettext_lazy("Choose one")), *criteria])

    def clean(self) -> dict[str, Any]:
        cleaned = self.cleaned_data
        if cleaned.get("value") and not cleaned.get("paper"):
            self.add_error("paper", gettext_lazy("Name the document."))
        if cleaned.get("value") and not cleaned.get("evidence") and "evidence" not in self.errors:
            self.add_error("evidence", gettext_lazy("Give the digest of the document."))
        return cleaned


class ReadingForm(forms.Form):
    """What an officer found in the paper; each criterion with the declaration that was read."""

    criterion = choice(gettext_lazy("Criterion"), required=gettext_lazy("Choose a criterion."))
    reading = choice(
        gettext_lazy("What the paper shows"),
        required=gettext_lazy("Choose what the paper shows."),
        choices=(
            ("", gettext_lazy("Choose one")),
            ("met", gettext_lazy("The criterion is met")),
            ("not-met", gettext_lazy("The criterion is not met")),
        ),
    )
    note = area(
        gettext_lazy("Your finding"),
        gettext_lazy("What the document says, and on which page. The firm can read this."),
        gettext_lazy("Say in a sentence what you found."),
        most=500,
    )

    def __init__(self, *args: Any, declared: Iterable[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        criterion = cast(forms.ChoiceField, self.fields["criterion"])
        criterion.choices = list(declared)
        criterion.error_messages["invalid_choice"] = gettext_lazy(
            "What the firm declares has changed since you opened the page. Read what it declares "
            "now, and the paper that it names."
        )


READERS = (Role.REGULATOR, Role.ENTERPRISE)


@for_role(*READERS, posts=True)
def page(request: HttpRequest, slug: str) -> HttpResponseBase:
    """A POST puts a declaration of the firm on record."""
    site, programme = _asked(request, slug)
    may_declare = managed_sites(person(request)).filter(pk=site.pk).exists()
    if request.method == "POST" and not may_declare:
        raise Http404
    language = get_language() or "en"
    offered = [
        (criterion.id, criterion.asks.said_in(language))
        for criterion in programme.criteria
        if criterion.shown_by not in {REPORT, ATTESTATION}
    ]
    form = DeclarationForm(request.POST if request.method == "POST" else None, criteria=offered)
    if request.method == "POST" and form.is_valid():
        content = form.cleaned_data
        try:
            declare(
                site,
                programme.id,
                content["criterion"],
                (content["value"], content["paper"], content["evidence"]),
                person(request),
                timezone.now(),
            )
        except RefusedError as refusal:
            add_error(form, "evidence", refusal)
        else:
            done = report_done(request, _("The declaration is on record."), "web:dossier", slug)
            return redirect(f"{done.url}?programme={programme.id}")
    crumbs = (Crumb(shown_name(site.name), reverse("web:site-record", args=[site.slug])),)
    entry = dossier(site, programme, scheme_day())
    reads = (
        bool(declared_of(entry)) and regulated_sites(person(request)).filter(pk=site.pk).exists()
    )
    content = {
        "page": dossier_page(entry),
        "caveats": caveats(),
        "may_declare": may_declare,
        "read_url": f"{reverse('web:dossier-read', args=[slug])}?programme={programme.id}"
        if reads
        else "",
        "crumbs": crumbs,
    }
    return form_page(request, "programmes/dossier.html", content, form)


@for_role(Role.REGULATOR, posts=True)
def read(request: HttpRequest, slug: str) -> HttpResponseBase:
    """An officer of where the site lies says what the paper behind a declaration shows, and of no
    later declaration.
    """
    site, programme = _asked(request, slug)
    declared = declared_of(dossier(site, programme, scheme_day()))
    back = f"{reverse('web:dossier', args=[slug])}?programme={programme.id}"
    if not declared:
        return redirect(back)
    form = ReadingForm(request.POST if request.method == "POST" else None, declared=declared)
    if request.method == "POST" and form.is_valid():
        answers = form.cleaned_data
        declaration = declaration_by_id(answers["criterion"])
        try:
            read_paper(
                declaration,
                (answers["reading"] == "met", answers["note"]),
                person(request),
                timezone.now(),
            )
        except RefusedError as refusal:
            add_error(form, "criterion", refusal)
        else:
            report_done(request, _("Your finding is on record."), "web:dossier", slug)
            return redirect(back)
    return form_page(
        request, "web/form_sheet.html", {"page": reading_page(shown_name(site.name), back)}, form
    )


@for_role(*READERS)
def as_pdf(request: HttpRequest, slug: str) -> HttpResponse:
    site, programme = _asked(request, slug)
    content = dossier_pdf(dossier_page(dossier(site, programme, scheme_day())))
    return attachment(content, "application/pdf", f"steplabel-dossier-{slug}-{programme.id}.pdf")


@for_role(*READERS)
def as_json(request: HttpRequest, slug: str) -> HttpResponse:
    site, programme = _asked(request, slug)
    return JsonResponse(
        dossier_json(dossier(site, programme, scheme_day())),
        json_dumps_params={"ensure_ascii": False, "indent": 2},
    )


def _asked(request: HttpRequest, slug: str) -> tuple[Site, Programme]:
    """The site, not found where it is not the reader's to see; and the programme asked for, or the
    first.
    """
    site = (
        visible_sites(person(request))
        .select_related("organisation", "jurisdiction")
        .filter(slug=slug)
        .first()
    )
    offered = programmes()
    programme = offered.get(request.GET.get("programme", next(iter(offered))))
    if site is None or programme is None:
        raise Http404
    return site, programme
