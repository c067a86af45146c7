"""A firm leaves the scheme: what would be deleted, asking, undoing, and the certificate
afterwards.
"""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from portal.accounts.models import Organisation, Role
from portal.problems import RefusedError
from portal.register import leaving
from portal.register.inviting import led_firms
from portal.register.models import Leaving
from portal.sentences import in_words
from portal.web.access import for_role, freshly, person
from portal.web.answers import attachment
from portal.web.papers import deletion as deletion_paper
from portal.web.viewmodels.shared import Crumb
from portal.web.words.terms import shown_name


@for_role(Role.ENTERPRISE, posts=True)
@freshly
def leave(request: HttpRequest, firm: int) -> HttpResponseBase:
    """What is deleted, what stays and why; asking needs the firm's name, typed."""
    user, now = person(request), timezone.now()
    organisation = led_firms(user).filter(pk=firm).first()
    if organisation is None:
        raise Http404
    name, wrong = shown_name(organisation.name), False
    if request.method == "POST" and request.POST.get("do") == "stay":
        try:
            leaving.undo(user, firm, now)
        except Leaving.DoesNotExist:
            messages.error(request, _("No request to leave is open, so there is nothing to undo."))
        except RefusedError as refusal:
            messages.error(request, in_words(refusal.whole))
        else:
            messages.success(request, _("%(firm)s stays; nothing was deleted.") % {"firm": name})
        return redirect("web:people")
    if request.method == "POST":
        typed = request.POST.get("name", "").strip()
        wrong = (
            not typed or typed not in organisation.name.by_language.values()
        )  # a firm may have no Chinese name
        if not wrong:
            _ask(request, firm)
            return redirect("web:leave", firm)
    waiting = leaving.waiting(organisation)
    context = {
        "firm": name,
        "number": firm,
        "extent": leaving.extent(organisation),
        "waiting": waiting,
        "undoable": waiting is not None and waiting.due_at > now,
        "days": leaving.COOLING.days,
        "wrong": wrong,
        "staying": deletion_paper.staying(),
        "crumbs": (Crumb(_("People"), reverse("web:people")),),
    }
    return render(request, "web/leave.html", context, status=400 if wrong else 200)


@require_GET
@never_cache
def left(request: HttpRequest, secret: str) -> HttpResponse:
    """What was deleted, for whoever has the link: nobody of the firm can sign in any more."""
    done = leaving.deleted(secret, timezone.now())
    context = (
        {"rows": deletion_paper.facts(done), "firm": shown_name(done.firm), "secret": secret}
        if done
        else {}
    )
    return render(request, "web/left.html", context, status=200 if done else 404)


@require_GET
@never_cache
def left_pdf(request: HttpRequest, secret: str) -> HttpResponse:
    done = leaving.deleted(secret, timezone.now())
    if done is None:
        raise Http404
    return attachment(
        deletion_paper.pdf(done), "application/pdf", "steplabel-certificate-of-deletion.pdf"
    )


def _ask(request: HttpRequest, firm: int) -> None:
    try:
        leaving.ask(person(request), firm, timezone.now())
    except Organisation.DoesNotExist as error:  # parted with a moment ago
        raise Http404 from error
