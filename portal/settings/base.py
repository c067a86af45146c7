"""What every installation shares. Strict by default; `embedded` loosens only what plain HTTP on one
machine needs.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.conf.locale import LANG_INFO
from django.utils.translation import to_language

from portal import extras
from portal.settings.contact import contact_of_this_installation
from portal.settings.roles import processing_key_token, role_of_this_process
from portal.settings.values import number

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
# public pages. Here they are apart in each process's memory; in production both are on Redis.
# Counts are many and small, pages few and large.
CACHES: dict[str, Any] = {
    "default": {
        "BACKEND": "portal.redis_store.ProcessStore",
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
SECOND_FACTOR_ROLES = ("regulator", "certification-body")
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
AGENT_FILES: Path | None = None

# Mail. Without a server's name mails wait, and are not written anywhere.
EMAIL_HOST = ""
EMAIL_BACKEND = "portal.notifications.no_server.EmailBackend"
MAIL_LEASE_SECONDS = 300  # a claim on a mail older than this belonged to a worker that died
DEFAULT_FROM_EMAIL = "steplabel@localhost"

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

# How often in a minute, times what the installation says: a group's sites may share one address.
_TIMES = number("STEPLABEL_RATE_FACTOR", 1.0, least=0.01, most=10_000.0)


def _a_minute(most: int) -> tuple[int, int]:
    return max(1, round(most * _TIMES)), 60


# Pages: requests of each network that is not signed in (of each browser that once was); forms sent
# count apart.
PAGE_RATES = {"read": _a_minute(300), "send": _a_minute(60)}

# The API. Devices are known by their signatures, programs by their keys, nobody by a session;
# requests of each address or key.
RATES = {
    name: f"{_a_minute(most)[0]}/min"
    for name, most in (("submissions", 120), ("enrolments", 30), ("public", 600), ("keys", 300))
}
DEVICE_RATE = _a_minute(30)
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
    "NUM_PROXIES": 0,  # in production one stands in front
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
SWEEP_EVERY_SECONDS = (
    10.0  # from every worker's own timer: finds what a lost nudge or a dead worker left
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
