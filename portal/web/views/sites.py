"""A firm's sites: ask for one, rename it, ask for another size class, retire it."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from portal.accounts.models import Organisation, Role, Site
from portal.accounts.selectors import led_sites
from portal.problems import RefusedError
from portal.register import siting
from portal.register.inviting import led_firms
from portal.web.access import for_role, freshly, person
from portal.web.forms import add_error, mark_errors
from portal.web.register_forms import NameForm, SiteForm
from portal.web.viewmodels.shared import Choice, Crumb
from portal.web.words import in_language


@require_http_methods(["GET", "POST"])
@for_role(Role.ENTERPRISE)
def new(request: HttpRequest) -> HttpResponseBase:
    user = person(request)
    firms = list(led_firms(user).order_by("name"))
    asked = request.POST.get("firm", "") or (str(firms[0].pk) if len(firms) == 1 else "")
    form = SiteForm(request.POST) if request.method == "POST" else SiteForm()
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        wish = siting.SiteWish(given["slug"], given["name"], given["name_zh"], given["jurisdiction"], given["pack"], given["size_class"])
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
            messages.success(request, _("The regulator is asked. The site appears here when it is approved."))
            return redirect("web:sites")
    if form.errors:
        mark_errors(form)
    told = {
        "form": form,
        "choices": tuple(Choice(str(firm.pk), in_language(firm.name, firm.name_zh), str(firm.pk) == asked) for firm in firms),
        "crumbs": _crumbs(),
    }
    return render(request, "web/site_new.html", told, status=400 if form.errors else 200)


@require_http_methods(["GET", "POST"])
@for_role(Role.ENTERPRISE)
def edit(request: HttpRequest, slug: str) -> HttpResponseBase:
    user = person(request)
    site = _own(request, slug)
    now = {"name": site.name, "name_zh": site.name_zh, "size_class": site.size_class}
    form = NameForm(request.POST) if request.method == "POST" else NameForm(initial=now)
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        waits = siting.change(user, slug, name=given["name"], name_zh=given["name_zh"], size_class=given["size_class"], now=timezone.now())
        messages.success(request, _("The regulator is asked for the other size class.") if waits else _("The site is changed."))
        return redirect("web:sites")
    if form.errors:
        mark_errors(form)
    told = {"form": form, "site": slug, "crumbs": _crumbs()}
    return render(request, "web/site_edit.html", told, status=400 if form.errors else 200)


@require_http_methods(["GET", "POST"])
@for_role(Role.ENTERPRISE)
@freshly
def retire(request: HttpRequest, slug: str) -> HttpResponseBase:
    site = _own(request, slug)
    if request.method == "POST":
        siting.retire(person(request), slug, timezone.now())
        messages.success(request, _("The site is retired. What it reported stands."))
        return redirect("web:sites")
    told = {
        "title": _("Retire %(site)s?") % {"site": in_language(site.name, site.name_zh)},
        "sentence": _("Its agents are revoked and its tokens end. What it reported stands, and you go on seeing it."),
        "button": _("Retire the site"),
        "warning": True,
        "back": reverse("web:sites"),
        "crumbs": _crumbs(),
    }
    return render(request, "web/confirm.html", told)


def _own(request: HttpRequest, slug: str) -> Site:
    site = led_sites(person(request)).filter(slug=slug, retired_at=None).first()
    if site is None:
        raise Http404
    return site


def _crumbs() -> tuple[Crumb, ...]:
    return (Crumb(_("Sites and agents"), reverse("web:sites")),)
