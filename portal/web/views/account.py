"""Sign in and out; what was typed when the session had ended, to send or throw away; the language
of pages and mails.
"""

from __future__ import annotations

from typing import Any

from allauth.account.internal.flows.login import perform_password_login
from allauth.account.models import Login
from django.conf import settings
from django.contrib.auth import views
from django.contrib.auth.forms import AuthenticationForm
from django.core.exceptions import NON_FIELD_ERRORS
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods
from django.views.i18n import set_language

from portal.notifications.telling import speak
from portal.web.access import for_anybody_signed_in, person
from portal.web.forms import unsent as unsent_forms
from portal.web.forms.drafts import ApprovalForm, CommentForm
from portal.web.forms.errors import mark_errors
from portal.web.forms.reasons import ReasonForm
from portal.web.forms.signing_in import SignInForm
from portal.web.signing_in import first_page

DECISIONS = (ApprovalForm, CommentForm, ReasonForm)
"""Forms before which a password may be asked for again, by whose words their fields are called."""


class SignInView(views.LoginView):
    """The password first; allauth then asks for a code where the person has a second factor, and
    leads to where they were going.
    """

    template_name = "web/sign_in.html"
    authentication_form = SignInForm

    def form_valid(self, form: AuthenticationForm) -> HttpResponse:
        user = form.get_user()
        unsent_forms.keep(self.request, self.request.POST.get(unsent_forms.FIELD, ""))
        login = Login(
            user=user, email=user.get_username(), redirect_url=self.get_redirect_url() or None
        )
        answer: HttpResponse = perform_password_login(
            self.request, {"email": user.get_username()}, login
        )
        return answer

    def form_invalid(self, form: AuthenticationForm) -> HttpResponse:
        mark_errors(form)
        response = super().form_invalid(form)
        response.status_code = 429 if form.has_error(NON_FIELD_ERRORS, SignInForm.TOO_MANY) else 400
        return response

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return {
            **super().get_context_data(**kwargs),
            "next": self.get_redirect_url(),
            "unsent": self.request.POST.get(unsent_forms.FIELD, ""),
        }


@require_http_methods(["GET", "POST"])
@for_anybody_signed_in
def not_sent(request: HttpRequest) -> HttpResponseBase:
    """What was typed when the session had ended: to send, or to throw away."""
    if request.method == "POST":
        unsent_forms.drop(request)
    unsent = unsent_forms.unsent_form(request)
    if unsent is None:
        return redirect(first_page(request))
    labels = {name: field.label for form in DECISIONS for name, field in form.base_fields.items()}
    typed = tuple((labels.get(name, name), value) for name, value in unsent.typed)
    return render(request, "web/unsent.html", {"unsent": unsent, "typed": typed})


def language(request: HttpRequest) -> HttpResponseBase:
    """Read on in another language; who is signed in is also written to in it."""
    answer = set_language(request)
    chosen = request.POST.get("language", "")
    if request.user.is_authenticated and chosen in dict(settings.LANGUAGES):
        speak(person(request).pk, chosen)
    return answer


sign_out = views.LogoutView.as_view(next_page="web:sectors")
