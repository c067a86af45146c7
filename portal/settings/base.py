"""What every installation shares. Strict by default; `embedded` loosens only what plain HTTP on one
machine needs.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from django.conf.locale import LANG_INFO
from django.utils.translation import to_language

from portal import extras
from portal.settings.contact import contact_of_this_installation
from portal.settings.in_transit import stays_on_this_machine
from portal.settings.rates import rate, rate_text
from portal.settings.roles import processing_key_token, role_of_this_process
from portal.settings.secret import optional_secret
from portal.settings.values import folder, several, whole_number

BASE_DIR = Path(__file__).resolve().parents[2]
ROLE = role_of_this_process()

DEBUG = False
ALLOWED_HOSTS: list[str] = []
PORTAL_URL = (
    "http://localhost:8000"  # what links in mails begin with; each installation says its own
)
CONTACT = contact_of_this_installation()

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django_htmx",
    "csp",
    "rest_framework",
    "drf_spectacular",
    "portal.auditlog",
    "portal.translog",
    "portal.notifications",
    "portal.accounts",
    "portal.catalogue",
    "portal.intake",
    "portal.standings",
    "portal.opening",
    "portal.publication",
    "portal.governance",
    "portal.practices",
    "portal.assurance",
    "portal.sharing",
    "portal.register",
    "portal.web",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
]
EXTRAS = extras.installed()
INSTALLED_APPS += EXTRAS

MIDDLEWARE = [
    "portal.logs.RequestIdMiddleware",
    "portal.web.middleware.probes.LocalProbesMiddleware",  # before anything that checks the host
    "portal.web.middleware.proxies.UnknownProxyMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "portal.web.middleware.compression.PageCompressionMiddleware",
    "csp.middleware.CSPMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "portal.request_sizes.RequestLimitsMiddleware",  # before anything that could read a body
    # before anything that asks the database
    "portal.web.middleware.page_rates.PageRatesMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "portal.web.middleware.zones.ReadersZoneMiddleware",
    "portal.web.middleware.outages.ServerAwayMiddleware",
    "portal.wall.WallMiddleware",
]

ROOT_URLCONF = "portal.urls"
WSGI_APPLICATION = "portal.wsgi.application"
TEMPLATES: list[dict[str, Any]] = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "django.template.context_processors.i18n",
            ],
        },
    },
]

# Two stores of what may be lost: counts (`default`: whatever nobody sends elsewhere) and rendered
# public pages. Here they are apart in each process's memory; an installation with Redis names a
# server for each. Counts are many and small, pages few and large.
CACHES: dict[str, Any] = {
    "default": {
        "BACKEND": "django.core.cache.backends.locmem.LocMemCache",
        "LOCATION": "counts",
        "OPTIONS": {"MAX_ENTRIES": 100_000},
    },
    "pages": {
        "BACKEND": "django.core.cache.backends.locmem.LocMemCache",
        "LOCATION": "pages",
        "OPTIONS": {"MAX_ENTRIES": 300},
    },
}

# Databases: the default one, the vault which only worker and operator can name, and for the web a
# replica of the default one to read.
DATABASE_ROUTERS = ["portal.read_replica.ReplicaRouter", "portal.routers.VaultRouter"]
REPLICA_LATE_S = 10.0  # public pages are not read from a replica that is further behind
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"


# People
AUTH_USER_MODEL = "accounts.User"
LOGIN_URL = "/sign-in/"
LOGIN_REDIRECT_URL = "/"
LOGOUT_REDIRECT_URL = "/"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 12},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]

# Signing in: a password, and for these roles a second factor; the rules of portal.accounts.attempts
# count the failures of both.
ROLES_OF_PEOPLE = (
    "regulator",
    "enterprise",
    "certification-body",
    "technology-provider",
    "energy-supplier",
    "academic",
)
SECOND_FACTOR_ROLES = several(
    "STEPLABEL_SECOND_FACTOR_ROLES", "regulator,certification-body", ROLES_OF_PEOPLE
)
ACCOUNT_ADAPTER = "portal.web.signing_in.AccountAdapter"
MFA_ADAPTER = "portal.web.signing_in.SecondFactorAdapter"
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_EMAIL_VERIFICATION = (
    "none"  # addresses come from the register or from an invitation that was answered
)
ACCOUNT_LOGOUT_ON_PASSWORD_CHANGE = False
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
ACCOUNT_REAUTHENTICATION_TIMEOUT = 15 * 60
ACCOUNT_FORMS = {
    "change_password": "portal.web.forms.account.ChangePasswordForm",
    "reauthenticate": "portal.web.forms.account.ConfirmPasswordForm",
    "reset_password": "portal.web.forms.account.ForgottenPasswordForm",
    "reset_password_from_key": "portal.web.forms.account.NewPasswordForm",
}
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes"]
MFA_ALLOW_UNVERIFIED_EMAIL = True
MFA_TOTP_ISSUER = "Steplabel"
MFA_TOTP_TOLERANCE = 1  # RFC 6238, 5.2: one step either way for clocks that differ
MFA_FORMS = {
    "activate_totp": "portal.web.forms.account.SetUpAppForm",
    "authenticate": "portal.web.forms.account.SecondFactorForm",
    "reauthenticate": "portal.web.forms.account.CodeAgainForm",
}
PASSWORD_RESET_TIMEOUT = 3600  # seconds that a link to a new password is good
ACCOUNT_PASSWORD_RESET_TOKEN_GENERATOR = "django.contrib.auth.tokens.PasswordResetTokenGenerator"  # noqa: S105 - a name; it asks the database nothing

# The folder that `python -m reporting_agent.single_file --whole` wrote: the agent's files for
# plants, on the page that offers them.
AGENT_FILES = folder("STEPLABEL_AGENT_FILES")

# Mail. Without a server's name mails wait, and are not written anywhere.
# The password may come as a file instead: STEPLABEL_MAIL_PASSWORD_FILE.
EMAIL_HOST = os.environ.get("STEPLABEL_MAIL_HOST", "")
EMAIL_PORT = whole_number("STEPLABEL_MAIL_PORT", 587, least=1, most=65_535)
EMAIL_HOST_USER = os.environ.get("STEPLABEL_MAIL_USER", "")
EMAIL_HOST_PASSWORD = optional_secret("STEPLABEL_MAIL_PASSWORD")
# mails hold links that let their reader in
EMAIL_USE_TLS = EMAIL_PORT == 587 or (EMAIL_PORT != 465 and not stays_on_this_machine(EMAIL_HOST))
EMAIL_USE_SSL = EMAIL_PORT == 465
EMAIL_TIMEOUT = 20
EMAIL_BACKEND = (
    "django.core.mail.backends.smtp.EmailBackend"
    if EMAIL_HOST
    else "portal.notifications.no_server.EmailBackend"
)
MAIL_LEASE_SECONDS = 300  # a claim on a mail older than this belonged to a worker that died
DEFAULT_FROM_EMAIL = os.environ.get("STEPLABEL_MAIL_FROM", "steplabel@localhost")

# Languages and time. Times are kept in UTC; a period's ends carry the time zone of its peer group.
LANGUAGE_CODE = "en"
LANGUAGES = [
    (code, str(LANG_INFO.get(code, {}).get("name_local", code)))
    for code in (
        "en",
        *sorted(
            to_language(folder.name)
            for folder in (BASE_DIR / "portal" / "web" / "locale").iterdir()
        ),
    )
]
USE_I18N = True
USE_TZ = True
TIME_ZONE = "Asia/Shanghai"

STATIC_URL = "/static/"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}

# Browsers
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'self'"],
        "base-uri": ["'none'"],
        "form-action": ["'self'"],
        "frame-ancestors": ["'none'"],
        "object-src": ["'none'"],
    }
}
X_FRAME_OPTIONS = "DENY"
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_AGE = 8 * 3600
CSRF_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_HTTPONLY = True

REFUSE_UNKNOWN_PROXY = (
    False  # in production it is: there a proxy stands in front (portal.web.middleware.proxies)
)

# Pages: requests a minute of each network that is not signed in (of each browser that once was);
# forms sent count apart.
PAGE_RATES = {
    "read": rate("STEPLABEL_RATE_PAGES", "300/min"),
    "send": rate("STEPLABEL_RATE_FORMS", "60/min"),
}

# The API. Devices are known by their signatures, programs by their keys, nobody by a session;
# requests a minute for each address or key.
RATES = {
    "submissions": rate_text("STEPLABEL_RATE_SUBMISSIONS", "120/min"),
    "enrolments": rate_text("STEPLABEL_RATE_ENROLMENTS", "30/min"),
    "public": rate_text("STEPLABEL_RATE_PUBLIC", "600/min"),
    "keys": rate_text("STEPLABEL_RATE_KEYS", "300/min"),
}
DEVICE_RATE = rate("STEPLABEL_RATE_DEVICE", "30/min")
"""Requests of a device whose signature held, which do not count for its network."""

REST_FRAMEWORK: dict[str, Any] = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["portal.accounts.key_authentication.KeyAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["portal.accounts.scopes.HoldsScope"],
    "UNAUTHENTICATED_USER": None,
    "DEFAULT_PARSER_CLASSES": ["portal.parsing.BoundedJSONParser"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "DEFAULT_THROTTLE_CLASSES": ["portal.accounts.request_limits.RateByKey"],
    "DEFAULT_THROTTLE_RATES": RATES,
    "EXCEPTION_HANDLER": "portal.problems.handle",
    "NUM_PROXIES": whole_number("STEPLABEL_PROXIES", 0, least=0, most=10),
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Steplabel",
    "DESCRIPTION": "Sealed reports in, published industry labels out. Every error is a problem "
    "document (RFC 9457).",
    "VERSION": "1",
    "SERVE_INCLUDE_SCHEMA": True,
    "SERVE_PUBLIC": True,
    "COMPONENT_SPLIT_REQUEST": True,
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "portal.schema.problems_in_their_own_media_type",
        "portal.schema.answers_of_every_address",
        "portal.schema.answers_that_have_not_changed",
        "portal.schema.as_readers_and_tools_want_it",
    ],
}

# Work: the row is the queue, tasks take no arguments and may run twice.
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_IGNORE_RESULT = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_DB_REUSE_MAX = (
    10**12
)  # tasks: `portal.celery.keep_what_answers` ends connections, by Django's rule and not by number
# then a sweep ends and asks for the next: a worker that is told to end is done within this and one
# report
SWEEP_FOR_SECONDS = 5.0
OPENING_LEASE_SECONDS = 60  # a claim older than this belonged to a worker that died
SWEEPS = (  # tasks that look for work left undone, or due
    "portal.opening.tasks.sweep",
    "portal.publication.tasks.release",
    "portal.web.tasks.send_mail",
    "portal.register.tasks.sweep",
    "portal.assurance.tasks.remind",
)
SWEEP_EVERY_SECONDS: float | None = (
    None  # from every worker's own timer: finds what a lost nudge or a dead worker left
)

# Keys: files made by `manage.py make_keys`; see docs/portal.md
DIRECTORY_FILE: Path | None = None  # assigned by the settings that know where
RECEIPT_KEY_FILE: Path | None = None
PROCESSING_KEY_FILE: Path | None = None
PROCESSING_KEY_TOKEN = processing_key_token(ROLE)

TRACES_URL: str | None = None  # a collector of traces (portal.tracing), where production names one

# Heads of the log, kept outside the database: on another disk in production
# (portal.translog.kept_heads)
HEADS_FILE: Path | None = None

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "{asctime} {levelname} {name} {message}", "style": "{"}},
    "filters": {"expected": {"()": "portal.log_lines.ExpectedErrors"}},
    "handlers": {
        "stderr": {
            "class": "logging.StreamHandler",
            "formatter": "line",
            "filters": ["expected"],
        }
    },
    "root": {"handlers": ["stderr"], "level": "WARNING"},
    "loggers": {"portal": {"level": "INFO"}},
}
