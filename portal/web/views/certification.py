"""For a certification body: the sites it is assigned, their submissions, and its auditors' signing
keys.
"""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from benchmarks.errors import SteplabelError
from benchmarks.wire.signing import VerifyingKey
from portal.accounts.models import Role
from portal.accounts.selectors import organisations_as
from portal.assurance import auditors
from portal.assurance.engagements import engagements_of
from portal.assurance.models import AuditorKey
from portal.assurance.obliged_sites import obliged_checked
from portal.assurance.selectors import assigned_submission, assigned_values
from portal.days import scheme_day
from portal.intake.selectors import SubmissionView
from portal.web import areas
from portal.web.access import for_role, freshly, person
from portal.web.answers import confirm_page, form_page, report_done
from portal.web.forms.audits import AuditorKeyForm
from portal.web.forms.errors import add_error
from portal.web.presenters.assurance import assigned_page
from portal.web.presenters.obliged_audits import duties_list
from portal.web.presenters.submissions import submission_page
from portal.web.viewmodels.assurance import AuditorKeyRow
from portal.web.viewmodels.shared import Crumb, StateWord
from portal.web.views.enterprise import receipt_file
from portal.web.words.terms import shown_name

PAGE = "web:assigned-submission"


@for_role(Role.CERTIFICATION_BODY)
def assigned(request: HttpRequest) -> HttpResponse:
    today = scheme_day()
    context = {
        "page": assigned_page(engagements_of(person(request), today), today),
        "duties": duties_list(obliged_checked(person(request), today), request.GET),
        "links": areas.ASSIGNED(),
    }
    return render(request, "web/assigned.html", context)


@for_role(Role.CERTIFICATION_BODY)
def submission_detail(request: HttpRequest, digest: str) -> HttpResponse:
    crumbs = (Crumb(_("Assigned sites"), reverse("web:assigned")),)
    values = assigned_values(person(request), digest)
    page = submission_page(_assigned(request, digest), values, PAGE)
    return render(
        request, "web/submission.html", {"page": page, "crumbs": crumbs, "outside_only": not values}
    )


@for_role(Role.CERTIFICATION_BODY)
def submission_receipt(request: HttpRequest, digest: str) -> HttpResponse:
    return receipt_file(_assigned(request, digest))


@for_role(Role.CERTIFICATION_BODY, posts=True)
@freshly
def keys(request: HttpRequest) -> HttpResponseBase:
    """The keys of the person's bodies, and a form for the person's own."""
    user = person(request)
    bodies = {
        str(body.pk): body
        for body in organisations_as(user, Role.CERTIFICATION_BODY).order_by("pk")
    }
    if not bodies:
        raise Http404
    choices = [(number, shown_name(body.name)) for number, body in bodies.items()]
    form = AuditorKeyForm(request.POST if request.method == "POST" else None, bodies=choices)
    if request.method == "POST" and form.is_valid():
        try:
            body = bodies[form.cleaned_data.get("body") or next(iter(bodies))]
            auditors.register(body, form.cleaned_data["public_key"], user, timezone.now())
        except SteplabelError as refusal:
            add_error(form, "public_key", refusal)
        else:
            return report_done(
                request,
                _(
                    "The key is registered. Statements that you prepare from now on are signed "
                    "with it."
                ),
                "web:auditor-keys",
            )
    rows = tuple(_key_row(row) for row in auditors.keys_of(list(bodies.values())))
    context = {"rows": rows, "several": len(bodies) > 1}
    return form_page(request, "web/auditor_keys.html", context, form)


@for_role(Role.CERTIFICATION_BODY, posts=True)
@freshly
def revoke_key(request: HttpRequest, key: int) -> HttpResponseBase:
    user = person(request)
    row = auditors.own_key(user, key)
    if row is None:
        raise Http404
    back = Crumb(_("Signing keys"), reverse("web:auditor-keys"))
    if request.method == "POST":
        auditors.revoke(row, user, timezone.now())
        return report_done(
            request, _("The key is revoked. What it signed before remains valid."), back.url
        )
    return confirm_page(
        request,
        title=_("Revoke this key?"),
        sentence=_(
            "Nothing that the key %(name)s signs will be accepted any more. Attestations that it "
            "signed stay valid until withdrawn."
        )
        % {"name": _fingerprint(row)},
        button=_("Revoke the key"),
        warning=True,
        back=back.url,
        crumbs=(back,),
    )


def _key_row(row: AuditorKey) -> AuditorKeyRow:
    return AuditorKeyRow(
        fingerprint=_fingerprint(row),
        owner=str(row.owner),
        body=shown_name(row.body.name),
        registered=row.registered_at,
        state=StateWord(_("Revoked"), "no") if row.revoked_at else StateWord(_("May sign"), "ok"),
        revoke_url="" if row.revoked_at else reverse("web:revoke-auditor-key", args=[row.pk]),
    )


def _fingerprint(row: AuditorKey) -> str:
    return VerifyingKey.from_hex(row.public_key).key_id[:16]


def _assigned(request: HttpRequest, digest: str) -> SubmissionView:
    view = assigned_submission(person(request), digest)
    if view is None:
        raise Http404
    return view
