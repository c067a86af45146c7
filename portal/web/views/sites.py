"""A firm's sites: ask for one, rename it, ask for another size class, retire it."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from portal.accounts.models import Organisation, Role, Site
from portal.accounts.selectors import led_sites
from portal.problems import RefusedError
from portal.register import siting
from portal.register.inviting import led_firms
from portal.web.access import for_role, freshly, person
from portal.web.answers import confirm_page, form_page, report_done
from portal.web.forms.errors import add_error
from portal.web.forms.registering import EditForm, SiteForm
from portal.web.viewmodels.shared import Crumb, SelectOption
from portal.web.words.terms import shown_name


@for_role(Role.ENTERPRISE, posts=True)
def new(request: HttpRequest) -> HttpResponseBase:
    user = person(request)
    firms = list(led_firms(user).order_by("name"))
    asked = request.POST.get("firm", "") or (str(firms[0].pk) if len(firms) == 1 else "")
    form = SiteForm(request.POST) if request.method == "POST" else SiteForm()
    if request.method == "POST" and form.is_valid():
        answers = form.cleaned_data
        wish = siting.SiteWish(**{name: answers[name] for name in SiteForm.field_order})
        chosen = next((firm.pk for firm in firms if str(firm.pk) == asked), None)
        if chosen is None:
            raise Http404
        try:
            siting.apply(user, chosen, wish, timezone.now())
        except RefusedError as refusal:
            add_error(form, "slug", refusal)
        except Organisation.DoesNotExist as error:
            raise Http404 from error
        else:
            return report_done(
                request,
                _(
                    "Your request has been sent to the regulator. The site appears here once it "
                    "is approved."
                ),
                "web:sites",
            )
    context = {
        "choices": tuple(
            SelectOption(str(firm.pk), shown_name(firm.name), str(firm.pk) == asked)
            for firm in firms
        ),
        "crumbs": _crumbs(),
    }
    return form_page(request, "web/site_new.html", context, form)


@for_role(Role.ENTERPRISE, posts=True)
def edit(request: HttpRequest, slug: str) -> HttpResponseBase:
    user = person(request)
    site = _own(request, slug)
    now: dict[str, object] = {
        "name": site.name,
        "name_zh": site.name_zh,
        "credit_code": site.credit_code,
        "since": site.since,
    }
    now["size_class"] = siting.wished_size(
        site
    )  # else a new name would take the wish for another one back
    form = EditForm(request.POST) if request.method == "POST" else EditForm(initial=now)
    if request.method == "POST" and form.is_valid():
        answers = form.cleaned_data
        code = answers.pop("credit_code")
        waits = siting.change(user, slug, **answers, code=code, now=timezone.now())
        messages.success(
            request,
            _("Your request for the other size class has been sent to the regulator.")
            if waits
            else _("The site is changed."),
        )
        return redirect("web:sites")
    context = {"site": slug, "crumbs": _crumbs()}
    return form_page(request, "web/site_edit.html", context, form)


@for_role(Role.ENTERPRISE, posts=True)
@freshly
def retire(request: HttpRequest, slug: str) -> HttpResponseBase:
    if request.method == "POST":
        try:
            siting.retire(person(request), slug, timezone.now())
        except Site.DoesNotExist as error:
            if not led_sites(person(request)).filter(slug=slug).exists():  # else sent twice
                raise Http404 from error
        return report_done(
            request, _("The site is retired. What it reported remains valid."), "web:sites"
        )
    site = _own(request, slug)
    return confirm_page(
        request,
        title=_("Retire %(site)s?") % {"site": shown_name(site.name)},
        sentence=_(
            "Its agents are revoked and its tokens stop working. What it reported remains valid, "
            "and you can still see it."
        ),
        button=_("Retire the site"),
        warning=True,
        back=reverse("web:sites"),
        crumbs=_crumbs(),
    )


def _own(request: HttpRequest, slug: str) -> Site:
    site = led_sites(person(request)).filter(slug=slug, retired_at=None).first()
    if site is None:
        raise Http404
    return site


def _crumbs() -> tuple[Crumb, ...]:
    return (Crumb(_("Sites and agents"), reverse("web:sites")),)
