"""A person's saved filters: made at a list, found there and on the first page, renamed, deleted."""

from __future__ import annotations

from django import forms
from django.http import Http404, HttpRequest, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from portal.accounts.models import Role, SavedFilter
from portal.accounts.saved_filters import MOST, full, keep, saved_by
from portal.web.access import for_role, person
from portal.web.answers import confirm_page, report_done
from portal.web.forms.fields import line
from portal.web.lists.saved_lists import LISTS, list_at
from portal.web.viewmodels.shared import Crumb


class FilterNameForm(forms.Form):
    name = line(
        gettext_lazy("Name of the filter"),
        gettext_lazy("A name to find it by, such as “late in Hebei”. Nobody else sees it."),
        gettext_lazy("Name the filter."),
        most=60,
        width=20,
    )


@for_role(*Role, posts=True)
def save(request: HttpRequest) -> HttpResponseBase:
    """The filter of the list at the address that `of` names."""
    user, listed = person(request), list_at(request.GET.get("of", ""))
    if listed is None:
        raise Http404
    page, path, query = listed
    form = FilterNameForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        row = SavedFilter(user=user, page=page, path=path, query=query, saved_at=timezone.now())
        if full(user):
            form.add_error(
                "name",
                _(
                    "You have saved %(n)d filters, which is the most that can be stored. Delete "
                    "one first."
                )
                % {"n": MOST},
            )
        elif _named(row, form):
            return report_done(
                request,
                _("The filter is saved. You can find it on this list and on your first page."),
                f"{path}?{query}",
            )
    return confirm_page(
        request,
        form,
        title=_("Save this filter"),
        sentence=_("The list “%(list)s” with its present filter and order.")
        % {"list": LISTS[page].title},
        button=_("Save"),
        back=f"{path}?{query}",
        crumbs=(Crumb(_("Your account"), reverse("mfa_index")),),
    )


@for_role(*Role, posts=True)
def rename(request: HttpRequest, saved: int) -> HttpResponseBase:
    row = get_object_or_404(saved_by(person(request)), pk=saved)
    form = (
        FilterNameForm(request.POST)
        if request.method == "POST"
        else FilterNameForm(initial={"name": row.name})
    )
    if request.method == "POST" and form.is_valid() and _named(row, form):
        return report_done(
            request,
            _("The filter is now called “%(name)s”.") % {"name": row.name},
            "mfa_index",
        )
    return confirm_page(
        request,
        form,
        title=_("Rename a saved filter"),
        sentence=_("Only its name changes. It still filters its list as before."),
        button=_("Rename"),
        back=reverse("mfa_index"),
        crumbs=(Crumb(_("Your account"), reverse("mfa_index")),),
    )


@for_role(*Role, posts=True)
def delete(request: HttpRequest, saved: int) -> HttpResponseBase:
    row = saved_by(person(request)).filter(pk=saved).first()
    if row is None and request.method == "POST":  # sent twice
        return redirect("mfa_index")
    if row is None:
        raise Http404
    if request.method == "POST":
        row.delete()
        return report_done(
            request,
            _("The filter “%(name)s” is deleted.") % {"name": row.name},
            "mfa_index",
        )
    return confirm_page(
        request,
        title=_("Delete the filter “%(name)s”?") % {"name": row.name},
        sentence=_(
            "The list does not change. The deleted filter cannot be restored; save it again if "
            "you need it."
        ),
        button=_("Delete"),
        warning=True,
        back=reverse("mfa_index"),
        crumbs=(Crumb(_("Your account"), reverse("mfa_index")),),
    )


def _named(row: SavedFilter, form: FilterNameForm) -> bool:
    if keep(row, form.cleaned_data["name"]):
        return True
    form.add_error(
        "name", _("You already have a filter with this name on this list. Choose another name.")
    )
    return False
