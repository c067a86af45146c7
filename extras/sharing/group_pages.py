"""Groups of sites: who runs one makes it, invites and reads what members show; a firm joins,
chooses what it shows, and leaves.
"""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from extras.sharing import groups
from extras.sharing import groups_shown as presenter
from extras.sharing.forms import ConsentForm, GroupForm, InviteSitesForm
from extras.sharing.group_counts import RecountOutcome, count_again, group_view
from extras.sharing.models import GroupMember, SiteGroup
from portal.accounts.models import Role, Site
from portal.accounts.selectors import managed_sites, own_sites, roles_of
from portal.days import scheme_day
from portal.problems import RefusedError
from portal.web.access import for_role, person
from portal.web.answers import confirm_page, form_page, report_done
from portal.web.forms.errors import add_error
from portal.web.lists.tables import csv_file
from portal.web.viewmodels.shared import Crumb
from portal.web.words.terms import Names, sentence_space, shown_name

READERS = (Role.REGULATOR, Role.ENTERPRISE)
State = GroupMember.State


@for_role(*READERS)
def page(request: HttpRequest) -> HttpResponse:
    user = person(request)
    run, joined = list(groups.groups_run_by(user)), list(groups.memberships_of(user))
    has_sites = Role.ENTERPRISE in roles_of(user)
    sheet = presenter.groups_page(
        run, joined, may_make=groups.runners(user).exists(), has_sites=has_sites
    )
    return render(request, "web/sheet.html", {"page": sheet})


@for_role(*READERS, posts=True)
def new(request: HttpRequest) -> HttpResponseBase:
    user = person(request)
    houses = [(str(runner.pk), shown_name(runner.name)) for runner in groups.runners(user)]
    form = GroupForm(request.POST if request.method == "POST" else None, runners=houses)
    if request.method == "POST" and form.is_valid():
        site_group = groups.make(
            form.about(), int(form.cleaned_data["runner"]), user, timezone.now()
        )
        return report_done(
            request,
            _("The group is made. Invite its first sites."),
            "web:site-group",
            site_group.pk,
        )
    return form_page(request, "web/form_sheet.html", {"page": presenter.new_group_page()}, form)


@for_role(*READERS, posts=True)
def group(request: HttpRequest, group: int) -> HttpResponseBase:
    """For who runs it. A POST invites sites."""
    row = _run(request, group)
    runs = groups.runners(person(request)).filter(pk=row.run_by_id).exists()
    if request.method == "POST" and not runs:
        raise Http404
    form = (
        InviteSitesForm(request.POST if request.method == "POST" else None)
        if runs and row.ended_at is None
        else None
    )
    if request.method == "POST" and form is not None and form.is_valid():
        slugs = form.cleaned_data["sites"]
        try:
            asked = groups.invite(row, slugs, person(request), timezone.now())
        except RefusedError as refusal:
            if refusal.code != "site-unknown":
                raise
            add_error(form, "sites", refusal)
        else:
            done = _("Invitations sent: %(n)s. Each firm decides for itself.") % {"n": asked}
            if before := len(set(slugs)) - asked:
                done += sentence_space() + _("Invited already, or members: %(n)s.") % {"n": before}
            return report_done(request, done, "web:site-group", group)
    context = {"page": presenter.group_page(row, group_view(row, scheme_day()), runs=runs)}
    return (
        form_page(request, "web/form_sheet.html", context, form)
        if form
        else render(request, "web/form_sheet.html", context)
    )


@for_role(*READERS)
def labels_csv(request: HttpRequest, group: int) -> HttpResponse:
    row = _run(request, group)
    if row.ended_at is not None:
        raise Http404
    return csv_file(
        f"steplabel-group-{group}.csv",
        presenter.COLUMNS,
        presenter.labels_table(group_view(row, scheme_day())),
    )


@for_role(*READERS, posts=True)
def count(request: HttpRequest, group: int) -> HttpResponseBase:
    row = _managed(request, group)
    if request.method == "POST":
        outcome = count_again(row, person(request), timezone.now())
        words = {
            RecountOutcome.COUNTED: _("The members are counted again."),
            RecountOutcome.STANDS: _(
                "The earlier count stays in force: too few firms have changed since."
            ),
            RecountOutcome.TOO_FEW: _("Too few firms are counted. No count is shown yet."),
        }
        messages.success(request, words[outcome])
    return redirect("web:site-group", group)


@for_role(*READERS, posts=True)
def end_group(request: HttpRequest, group: int) -> HttpResponseBase:
    row = _managed(request, group)
    if request.method == "POST":
        groups.end(row, person(request), timezone.now())
        return report_done(
            request,
            _("The group has ended. Nothing of its members is shown any more."),
            "web:site-group",
            group,
        )
    return confirm_page(
        request,
        title=_("End this group?"),
        sentence=_(
            "Members leave it at once, and nothing of them is shown any more. It cannot be opened "
            "again."
        ),
        button=_("End it"),
        warning=True,
        back=reverse("web:site-group", args=[group]),
        crumbs=_crumbs(row),
    )


@for_role(*READERS, posts=True)
def remove_member(request: HttpRequest, group: int, slug: str) -> HttpResponseBase:
    row = _managed(request, group)
    if not groups.is_invited_or_in(row, slug):
        return redirect("web:site-group", group)
    if request.method == "POST":
        groups.remove(row, slug, person(request), timezone.now())
        return report_done(
            request,
            _("%(site)s is no longer in the group.") % {"site": slug},
            "web:site-group",
            group,
        )
    return confirm_page(
        request,
        title=_("Remove %(site)s from the group?") % {"site": slug},
        sentence=_("You no longer see anything of this site. You may invite it again."),
        button=_("Remove it"),
        back=reverse("web:site-group", args=[group]),
        crumbs=_crumbs(row),
    )


@for_role(Role.ENTERPRISE, posts=True)
def join_group(request: HttpRequest, group: int, slug: str) -> HttpResponseBase:
    """What the firm agrees to, for all of its people. A POST joins, or changes what is shown."""
    row, site = _own(request, group, slug)
    manages = _manages(request, site)
    if not manages:
        if request.method == "POST":
            raise Http404
        return render(
            request,
            "web/form_sheet.html",
            {"page": presenter.consent_page(row, site, reported=False, manages=False)},
        )
    names = Names.newest(site.pack)
    steps = sorted(groups.steps_of(site))
    offered = [(step, names.step_name(step)) for step in steps]
    form = ConsentForm(
        request.POST if request.method == "POST" else None,
        offered=offered,
        initial={"steps": row.steps},
    )
    if request.method == "POST" and form.is_valid():
        groups.join(
            group, slug, form.cleaned_data.get("steps", []), person(request), timezone.now()
        )
        return report_done(request, _("Your decision is saved."), "web:site-groups")
    return form_page(
        request,
        "web/form_sheet.html",
        {"page": presenter.consent_page(row, site, reported=bool(steps), manages=True)},
        form,
    )


@for_role(Role.ENTERPRISE, posts=True)
def leave_group(request: HttpRequest, group: int, slug: str) -> HttpResponseBase:
    row, site = _own(request, group, slug)
    if not _manages(request, site):
        raise Http404
    member = row.state == State.JOINED
    if request.method == "POST":
        groups.leave(group, slug, person(request), timezone.now())
        done = _("The site has left the group.") if member else _("The invitation is declined.")
        return report_done(request, done, "web:site-groups")
    return confirm_page(
        request,
        title=_("Leave the group?") if member else _("Decline the invitation?"),
        sentence=_(
            "Nothing of the site is shown to the group from now on. What was read or saved before "
            "stays with who runs it."
        ),
        button=_("Leave it") if member else _("Decline it"),
        back=reverse("web:join-group", args=[group, slug]),
        crumbs=presenter.crumbs(),
    )


def _run(request: HttpRequest, group: int) -> SiteGroup:
    """A group of an organisation that the reader acts for; not found for anybody else, members
    included.
    """
    row = groups.groups_run_by(person(request)).filter(pk=group).first()
    if row is None:
        raise Http404
    return row


def _managed(request: HttpRequest, group: int) -> SiteGroup:
    row = _run(request, group)
    if not groups.runners(person(request)).filter(pk=row.run_by_id).exists():
        raise Http404
    return row


def _own(request: HttpRequest, group: int, slug: str) -> tuple[GroupMember, Site]:
    site = own_sites(person(request)).filter(slug=slug, retired_at=None).first()
    row = groups.memberships_of(person(request)).filter(group=group, slug=slug).first()
    if site is None or row is None:
        raise Http404
    return row, site


def _manages(request: HttpRequest, site: Site) -> bool:
    return managed_sites(person(request)).filter(pk=site.pk).exists()


def _crumbs(row: SiteGroup) -> tuple[Crumb, ...]:
    return (
        *presenter.crumbs(),
        Crumb(shown_name(row.name), reverse("web:site-group", args=[row.pk])),
    )
