"""What a person was told: to read, to mark as read, and how it shall reach them by mail."""

from __future__ import annotations

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from portal.accounts.selectors import roles_of
from portal.notifications import selectors, telling
from portal.notifications.kinds import MailFrequency
from portal.web.access import for_anybody_signed_in, person
from portal.web.answers import report_done
from portal.web.lists.tables import PAGE_ROWS, pages_of
from portal.web.presenters.notices import kinds_of, notice_page, wish_rows
from portal.web.viewmodels.shared import SelectOption


@require_http_methods(["GET", "POST"])
@for_anybody_signed_in
def notices(request: HttpRequest) -> HttpResponseBase:
    """What the person was told, and how each kind shall reach them by mail, which a POST sets; the
    link at the foot of every mail leads there.
    """
    user = person(request)
    kinds = kinds_of(roles_of(user))
    if request.method == "POST":
        frequencies = {
            kind.value: MailFrequency(chosen)
            for kind in kinds
            if (chosen := request.POST.get(kind.value, "")) in MailFrequency.values
        }
        language = request.POST.get("language", "")
        mail_language = (
            language if language in dict(settings.LANGUAGES) else selectors.language_of(user.pk)
        )
        telling.wish(user.pk, frequencies, mail_language)
        return report_done(request, _("Your settings are saved."), "web:notifications")
    asked = [kind for kind in kinds if kind.value == request.GET.get("kind")]
    only_unread = request.GET.get("unread") == "1"
    total = selectors.count(user.pk, asked, only_unread=only_unread)
    pages = pages_of(total, request.GET)
    rows = selectors.notices(
        user.pk, pages.first - 1 if pages else 0, PAGE_ROWS, asked, only_unread=only_unread
    )
    spoken = selectors.language_of(user.pk)
    context = {
        "page": notice_page(rows, total, selectors.unread(user.pk), pages, kinds, request.GET),
        "rows": wish_rows(selectors.wishes(user.pk, kinds)),
        "languages": tuple(
            SelectOption(code, name, code == spoken) for code, name in settings.LANGUAGES
        ),
        "email": user.email,
        "fault": selectors.fault_of(user.pk),
    }
    return render(request, "web/notifications.html", context)


@require_GET
@for_anybody_signed_in
def notice(request: HttpRequest, notice: int) -> HttpResponseBase:
    """Read it, and go where it leads; that page says who may see it."""
    user = person(request)
    view = selectors.notice(user.pk, notice)
    if view is None:
        raise Http404
    telling.mark_read(user.pk, timezone.now(), notice)
    return redirect(view.url or "web:notifications")


@require_http_methods(["GET", "POST"])
@for_anybody_signed_in
def mark_read(request: HttpRequest) -> HttpResponseBase:
    if request.method == "POST":
        telling.mark_read(person(request).pk, timezone.now())
        messages.success(request, _("All notifications are marked as read."))
    return redirect("web:notifications")
