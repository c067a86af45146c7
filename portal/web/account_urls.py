"""Addresses of signing in. The names are allauth's own, which it looks them up by; of its pages
only these are here.
"""

from __future__ import annotations

from allauth.account import views as account
from allauth.mfa.base import views as mfa
from allauth.mfa.recovery_codes import views as codes
from allauth.mfa.totp import views as totp
from django.urls import path, re_path
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from portal.web.access import for_anybody_signed_in
from portal.web.views import security
from portal.web.views.account import SignInView

urlpatterns = [
    path("sign-in/", never_cache(SignInView.as_view()), name="account_login"),
    path("sign-in/code/", never_cache(mfa.authenticate), name="mfa_authenticate"),
    path("account/", security.index, name="mfa_index"),
    path(
        "account/password/",
        for_anybody_signed_in(account.password_change),
        name="account_change_password",
    ),
    path(
        "account/confirm/",
        for_anybody_signed_in(account.reauthenticate),
        name="account_reauthenticate",
    ),
    path(
        "account/confirm/code/",
        for_anybody_signed_in(mfa.reauthenticate),
        name="mfa_reauthenticate",
    ),
    path(
        "account/second-factor/",
        for_anybody_signed_in(totp.activate_totp),
        name="mfa_activate_totp",
    ),
    path("account/second-factor/qr.svg", security.qr, name="second_factor_qr"),
    path(
        "account/second-factor/remove/",
        for_anybody_signed_in(totp.deactivate_totp),
        name="mfa_deactivate_totp",
    ),
    path(
        "account/recovery-codes/",
        for_anybody_signed_in(codes.view_recovery_codes),
        name="mfa_view_recovery_codes",
    ),
    path(
        "account/recovery-codes/new/",
        for_anybody_signed_in(codes.generate_recovery_codes),
        name="mfa_generate_recovery_codes",
    ),
    path(
        "account/recovery-codes/file/",
        require_safe(for_anybody_signed_in(codes.download_recovery_codes)),
        name="mfa_download_recovery_codes",
    ),
    path("password/forgotten/", never_cache(account.password_reset), name="account_reset_password"),
    path(
        "password/forgotten/sent/",
        never_cache(account.password_reset_done),
        name="account_reset_password_done",
    ),
    re_path(
        r"^password/new/(?P<uidb36>[0-9A-Za-z]+)-(?P<key>.+)/$",
        never_cache(account.password_reset_from_key),
        name="account_reset_password_from_key",
    ),
    path(
        "password/new/done/",
        never_cache(account.password_reset_from_key_done),
        name="account_reset_password_from_key_done",
    ),
]
