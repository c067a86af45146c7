"""Sign in and out."""

from __future__ import annotations

from typing import Any

from django.contrib.auth import views
from django.core.exceptions import NON_FIELD_ERRORS
from django.forms import Form
from django.http import HttpResponse
from django.urls import reverse

from portal.accounts.models import Role, User
from portal.accounts.selectors import roles_of
from portal.web.forms import SignInForm, mark_errors

FIRST_PAGES = ((Role.REGULATOR, "web:publications"), (Role.ENTERPRISE, "web:submissions"), (Role.CERTIFICATION_BODY, "web:assigned"))


class SignIn(views.LoginView):
    """Leads to where the person was going, else to the first page of their role."""

    template_name = "web/sign_in.html"
    authentication_form = SignInForm

    def get_default_redirect_url(self) -> str:
        user = self.request.user
        roles = roles_of(user) if isinstance(user, User) else frozenset()
        return next((reverse(page) for role, page in FIRST_PAGES if role in roles), reverse("web:benchmarks"))

    def form_invalid(self, form: Form) -> HttpResponse:
        mark_errors(form)
        response = super().form_invalid(form)  # type: ignore[arg-type]
        response.status_code = 429 if form.has_error(NON_FIELD_ERRORS, SignInForm.TOO_MANY) else 400
        return response

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return {**super().get_context_data(**kwargs), "next": self.get_redirect_url()}


sign_out = views.LogoutView.as_view(next_page="web:benchmarks")
