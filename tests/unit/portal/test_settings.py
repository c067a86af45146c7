"""Which process may hold what: a process that holds too much does not start."""

from __future__ import annotations

import os
import re
import stat
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import dj_database_url
import pytest
from django.core.exceptions import ImproperlyConfigured
from pytest_django.fixtures import Settings

from portal import environment
from portal.accounts.models import Role
from portal.settings import base, roles
from portal.settings.in_transit import require_checked_database, require_checked_redis
from portal.settings.secret import secret_kept_in

ROOT = Path(__file__).parents[3]
PRODUCTION = {
    "DJANGO_SETTINGS_MODULE": "portal.settings.production",
    "SECRET_KEY": "x" * 50,
    "STEPLABEL_HOSTS": "portal.example",
    "STEPLABEL_PLAIN_HOSTS": "db,cache,limits,broker",
    "DATABASE_URL": "postgres://web@db/steplabel",
    "STEPLABEL_CACHE_URL": "redis://cache/0",
    "STEPLABEL_LIMITS_URL": "redis://limits/0",
    "STEPLABEL_BROKER_URL": "redis://broker/0",
    "STEPLABEL_MAIL_HOST": "mail.example",
    "DIRECTORY_FILE": "/keys/directory.cbor",
    "RECEIPT_KEY_FILE": "/keys/receipt.pem",
}


def load(expression: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Load the settings in a process of their own, and print an expression over them."""
    inherited = {
        name: os.environ[name]
        for name in ("PATH", "HOME", "LANG", "SYSTEMROOT")
        if name in os.environ
    }
    program = f"from django.conf import settings; print({expression})"
    return subprocess.run(
        [sys.executable, "-c", program],
        env={**inherited, **environment},
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_test_settings_load_without_any_environment() -> None:
    ran = load("sorted(settings.DATABASES)", DJANGO_SETTINGS_MODULE="portal.settings.test")
    assert ran.stdout.strip() == "['default', 'vault']", ran.stderr


@pytest.mark.parametrize(
    ("role", "databases", "receipt", "processing"),
    [
        ("web", "['default']", True, False),
        ("worker", "['default', 'vault']", False, True),
        ("operator", "['default', 'vault']", True, False),
        ("", "['default']", True, False),
    ],
)
def test_each_role_on_one_machine_gets_what_it_needs_and_no_more(
    tmp_path: Path, role: str, databases: str, receipt: bool, processing: bool
) -> None:
    expression = (
        "sorted(settings.DATABASES), settings.RECEIPT_KEY_FILE is not None, "
        "settings.PROCESSING_KEY_FILE is not None"
    )
    named = {"STEPLABEL_ROLE": role} if role else {}
    ran = load(
        expression,
        DJANGO_SETTINGS_MODULE="portal.settings.embedded",
        STEPLABEL_VAR=str(tmp_path),
        **named,
    )
    assert ran.stdout.strip() == f"{databases} {receipt} {processing}", ran.stderr


@pytest.mark.parametrize("settings", ["embedded", "production"])
def test_a_web_process_that_was_given_the_processing_key_does_not_start(
    tmp_path: Path, settings: str
) -> None:
    environment = {
        **PRODUCTION,
        "DJANGO_SETTINGS_MODULE": f"portal.settings.{settings}",
        "STEPLABEL_VAR": str(tmp_path),
    }
    ran = load(
        "settings.DEBUG",
        **environment,
        STEPLABEL_ROLE="web",
        PROCESSING_KEY_FILE="/keys/processing.pem",
    )
    assert ran.returncode != 0
    assert "Only the worker may hold the processing key" in ran.stderr


def test_a_web_process_in_production_that_was_given_the_vault_does_not_start() -> None:
    ran = load(
        "settings.DEBUG",
        **PRODUCTION,
        STEPLABEL_ROLE="web",
        VAULT_DATABASE_URL="postgres://worker@db/vault",
    )
    assert "Only worker and operator may reach the vault" in ran.stderr


def test_a_worker_in_production_needs_the_processing_key() -> None:
    ran = load(
        "settings.DEBUG",
        **PRODUCTION,
        STEPLABEL_ROLE="worker",
        VAULT_DATABASE_URL="postgres://worker@db/vault",
    )
    assert "needs PROCESSING_KEY_FILE" in ran.stderr


def test_a_misspelt_role_is_refused() -> None:
    assert (
        "must be web, worker or operator"
        in load("settings.DEBUG", **PRODUCTION, STEPLABEL_ROLE="wbe").stderr
    )


@pytest.mark.parametrize(
    ("role", "databases"), [("web", "default replica"), ("worker", "default vault")]
)
def test_the_web_alone_reads_from_a_replica_and_waits_for_it_less_long(
    role: str, databases: str
) -> None:
    more = (
        {
            "VAULT_DATABASE_URL": "postgres://worker@db/vault",
            "PROCESSING_KEY_FILE": "/keys/processing.pem",
        }
        if role == "worker"
        else {}
    )
    expression = (
        "*settings.DATABASES, *(one['OPTIONS'].get('pool', {}).get('timeout') for one in "
        "settings.DATABASES.values())"
    )
    ran = load(
        expression,
        **PRODUCTION,
        STEPLABEL_ROLE=role,
        REPLICA_DATABASE_URL="postgres://web@db/steplabel",
        **more,
    )
    assert ran.stdout.strip() == f"{databases} {'10 2' if role == 'web' else 'None None'}", (
        ran.stderr
    )


@pytest.mark.parametrize(
    "contact", ["", "operator@example.org", "https://example.org/help", "https://example.org"]
)
def test_a_contact_is_a_mail_address_or_a_page_or_nothing(tmp_path: Path, contact: str) -> None:
    environment = {
        "DJANGO_SETTINGS_MODULE": "portal.settings.embedded",
        "STEPLABEL_VAR": str(tmp_path),
        "STEPLABEL_CONTACT": contact,
    }
    ran = load("repr(settings.CONTACT)", **environment)
    assert ran.stdout.strip() == repr(contact), ran.stderr


@pytest.mark.parametrize(
    "contact",
    [
        "ring 123",
        "http://example.org",
        "javascript:alert(1)",
        "a@b",
        'https://example.org/"onclick=',
    ],
)
def test_a_contact_that_nobody_can_follow_stops_the_portal_at_its_start(contact: str) -> None:
    ran = load("settings.CONTACT", **PRODUCTION, STEPLABEL_CONTACT=contact)
    assert ran.returncode != 0
    assert "must be a mail address or an https address" in ran.stderr


def test_production_is_strict() -> None:
    expression = (
        "settings.DEBUG, settings.SECURE_HSTS_SECONDS >= 31536000, "
        "settings.SESSION_COOKIE_SECURE, settings.CSRF_COOKIE_SECURE"
    )
    ran = load(expression, **PRODUCTION, STEPLABEL_ROLE="web")
    assert ran.stdout.strip() == "False True True True", ran.stderr


@pytest.mark.slow
@pytest.mark.parametrize(
    ("role", "more"),
    [
        ("web", {}),
        ("operator", {"VAULT_DATABASE_URL": "postgres://worker@db/vault"}),
        (
            "worker",
            {
                "VAULT_DATABASE_URL": "postgres://worker@db/vault",
                "PROCESSING_KEY_FILE": "/keys/processing.pem",
            },
        ),
    ],
)
def test_djangos_own_check_for_deployment_has_nothing_to_say(
    tmp_path: Path, role: str, more: dict[str, str]
) -> None:
    secret = "".join(
        map(chr, range(48, 110))
    )  # long and of many letters, as `make_keys` and the embedded settings draw theirs
    environment = {
        **PRODUCTION,
        "SECRET_KEY": secret,
        "STEPLABEL_ROLE": role,
        "PATH": os.environ["PATH"],
        **more,
    }
    for name in environment.keys() & {"DIRECTORY_FILE", "RECEIPT_KEY_FILE", "PROCESSING_KEY_FILE"}:
        file = tmp_path / name
        file.touch()
        file.with_name(f"{name}.password").touch()
        environment[name] = str(file)
    command = [sys.executable, "manage.py", "check", "--deploy", "--fail-level", "WARNING"]
    ran = subprocess.run(
        command, env=environment, cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert ran.returncode == 0, ran.stderr


def test_on_one_machine_nothing_is_written_outside_the_folder_that_was_named(
    tmp_path: Path,
) -> None:
    var, elsewhere = tmp_path / "var", tmp_path / "elsewhere"
    elsewhere.mkdir()
    environment = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "portal.settings.embedded",
        "STEPLABEL_VAR": str(var),
        "PYTHONPATH": str(ROOT),
    }
    program = "import portal.celery; portal.celery.nudge('portal.opening.tasks.sweep')"
    ran = subprocess.run(
        [sys.executable, "-c", program],
        env=environment,
        cwd=elsewhere,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    assert list(elsewhere.iterdir()) == []
    assert list((var / "broker" / "control").iterdir()) != []


def test_a_lazy_stand_in_for_a_row_is_routed_as_the_row_itself() -> None:
    from django.utils.functional import SimpleLazyObject

    from portal.accounts.models import Site, User
    from portal.opening.models import OpenedReport
    from portal.routers import VaultRouter

    person = SimpleLazyObject(User)
    assert VaultRouter().allow_relation(person, Site()) is True  # type: ignore[arg-type]  # it stands in for a model
    assert VaultRouter().allow_relation(person, OpenedReport()) is False  # type: ignore[arg-type]


def test_processes_that_start_at_once_agree_on_the_secret(tmp_path: Path) -> None:
    file = tmp_path / "secret_key"
    with ThreadPoolExecutor(8) as pool:
        secrets = set(pool.map(secret_kept_in, [file] * 8))
    assert len(secrets) == 1
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert [path.name for path in tmp_path.iterdir()] == ["secret_key"]


STORES = (
    "settings.CACHES['pages']['LOCATION'], settings.CACHES['default']['LOCATION'], "
    "settings.CELERY_BROKER_URL"
)


def test_pages_counts_and_broker_have_a_redis_server_each() -> None:
    ran = load(STORES, **PRODUCTION, STEPLABEL_ROLE="web")
    assert ran.stdout.strip() == "redis://cache/0 redis://limits/0 redis://broker/0", ran.stderr


@pytest.mark.slow
def test_one_redis_stands_for_those_that_are_not_named() -> None:
    older = {
        name: value for name, value in PRODUCTION.items() if not name.startswith("STEPLABEL_")
    } | {
        "STEPLABEL_HOSTS": "portal.example",
        "STEPLABEL_PLAIN_HOSTS": "db,cache,one",
    }
    ran = load(STORES, **older, REDIS_URL="redis://one/0", STEPLABEL_ROLE="web")
    assert ran.stdout.strip() == "redis://one/0 redis://one/0 redis://one/0", ran.stderr
    ran = load(
        STORES,
        **older,
        REDIS_URL="redis://one/0",
        STEPLABEL_CACHE_URL="redis://cache/0",
        STEPLABEL_ROLE="web",
    )
    assert ran.stdout.strip() == "redis://cache/0 redis://one/0 redis://one/0", ran.stderr
    assert "Production needs REDIS_URL" in load(STORES, **older, STEPLABEL_ROLE="web").stderr


@pytest.mark.parametrize(
    ("text", "rate"), [("300/min", "(300, 60)"), ("5/s", "(5, 1)"), ("", "None")]
)
def test_a_rate_is_a_number_and_a_time_or_nothing(tmp_path: Path, text: str, rate: str) -> None:
    environment = {
        "DJANGO_SETTINGS_MODULE": "portal.settings.embedded",
        "STEPLABEL_VAR": str(tmp_path),
        "STEPLABEL_RATE_PAGES": text,
    }
    assert load("settings.PAGE_RATES['read']", **environment).stdout.strip() == rate


@pytest.mark.parametrize("text", ["many", "300", "300/fortnight", "-1/min"])
def test_a_misspelt_rate_stops_the_portal_at_its_start(text: str) -> None:
    assert (
        "must be a number and a time"
        in load("settings.DEBUG", **PRODUCTION, STEPLABEL_RATE_PAGES=text).stderr
    )


NONSENSE = {
    "STEPLABEL_RATE_PUBLIC": "lots",
    "STEPLABEL_RATE_PAGES": "0/min",
    "STEPLABEL_RATE_DEVICE": "5/fortnight",
    "STEPLABEL_PROXIES": "-1",
    "STEPLABEL_DATABASE_CONNECTIONS": "0",
    "STEPLABEL_SECOND_FACTOR_ROLES": "regulators",
    "STEPLABEL_HOSTS": "",
    "STEPLABEL_URL": "http://portal.example",
    "STEPLABEL_AGENT_FILES": "/nope",
    "STEPLABEL_SWEEP_SECONDS": "often",
    "STEPLABEL_REPLICA_LATE_SECONDS": "nan",
    "STEPLABEL_MAIL_PORT": "smtp",
    "STEPLABEL_MAIL_PASSWORD_FILE": "/nope",
    "SECRET_KEY_FILE": "/nope",
    "DATABASE_URL": "nonsense",
}
MORE_NONSENSE = (
    ("STEPLABEL_PROXIES", "one"),
    ("STEPLABEL_HOSTS", "*"),
    ("STEPLABEL_HOSTS", "portal.example:8000"),
    ("STEPLABEL_URL", "portal"),
    ("STEPLABEL_SWEEP_SECONDS", "0"),
    ("STEPLABEL_SWEEP_SECONDS", "61"),  # the worker would count as gone between two sweeps
    ("DATABASE_URL", "postgres://web@127.0.0.1:port/steplabel"),
)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *NONSENSE.items(),
        *(pytest.param(*nonsense, marks=pytest.mark.slow) for nonsense in MORE_NONSENSE),
    ],
)
def test_a_setting_that_makes_no_sense_stops_the_portal_with_its_name_and_what_to_write(
    name: str, value: str
) -> None:
    refusal = load(
        "settings.DEBUG", **{**PRODUCTION, name: value}, STEPLABEL_ROLE="web"
    ).stderr.splitlines()[-1]
    assert refusal.startswith("django.core.exceptions.ImproperlyConfigured: " + name)
    assert "must be" in refusal
    assert name == "DATABASE_URL" or repr(value) in refusal  # an address may hold a password


def test_the_roles_that_a_second_factor_is_asked_of_are_those_that_there_are() -> None:
    assert {*base.ROLES_OF_PEOPLE} == {*Role.values}


def test_the_names_that_are_known_are_those_that_the_page_lists() -> None:
    listed = set(
        re.findall(r"`(STEPLABEL_[A-Z_]+)`", (ROOT / "docs" / "portal.md").read_text("utf-8"))
    )
    assert listed <= environment.KNOWN
    of_code = {
        name
        for file in (ROOT / "portal").rglob("*.py")
        for name in re.findall(r"\"(STEPLABEL_[A-Z_]+)\"", file.read_text("utf-8"))
    }
    assert of_code <= environment.KNOWN


def test_a_name_that_is_no_setting_and_a_key_file_that_is_not_there_are_told(
    tmp_path: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = tmp_path / "receipt.pem"
    for name in (name for name in os.environ if name.startswith("STEPLABEL_")):
        monkeypatch.delenv(name)
    monkeypatch.setenv("STEPLABEL_PROXYS", "1")
    monkeypatch.setenv("DJANGO_SETTINGS_MODULE", "portal.settings.production")
    settings.EMAIL_HOST = "mail.example"
    settings.DIRECTORY_FILE = settings.PROCESSING_KEY_FILE = None
    settings.RECEIPT_KEY_FILE = key
    (unknown,) = environment.check_environment()
    (missing,) = environment.check_key_files()
    assert (unknown.id, unknown.hint) == ("steplabel.W008", "Did you mean STEPLABEL_PROXIES?")
    assert (missing.id, missing.msg.split(": ")[0]) == (
        "steplabel.E006",
        f"RECEIPT_KEY_FILE is {str(key)!r}",
    )
    monkeypatch.delenv("STEPLABEL_PROXYS")
    key.touch()
    assert environment.check_environment() == environment.check_key_files() == []
    settings.EMAIL_HOST, settings.ROLE = "", roles.ProcessRole.WEB
    (no_mail,) = environment.check_environment()
    assert no_mail.id == "steplabel.W007"


@pytest.mark.parametrize(
    ("role", "named"),
    [
        ("web", ["DIRECTORY_FILE", "RECEIPT_KEY_FILE"]),
        ("worker", ["DIRECTORY_FILE", "PROCESSING_KEY_FILE", "PROCESSING_KEY_FILE"]),
    ],
)
def test_a_key_file_that_is_missing_fails_the_check_of_its_role_and_not_the_start(
    role: str, named: list[str], tmp_path: Path
) -> None:
    inherited = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    secrets = {
        "worker": {
            "PROCESSING_KEY_FILE": str(tmp_path / "processing.pem"),
            "VAULT_DATABASE_URL": "postgres://worker@db/vault",
        }
    }
    production = {
        name: value
        for name, value in PRODUCTION.items()
        if role == "web" or name != "RECEIPT_KEY_FILE"
    }
    variables = {**inherited, **production, **secrets.get(role, {}), "STEPLABEL_ROLE": role}
    check = [sys.executable, "manage.py", "check", "--deploy", "--tag", environment.TAG]
    failed = subprocess.run(
        check, env=variables, capture_output=True, text=True, check=False, cwd=ROOT
    )
    assert failed.returncode == 1, failed.stderr
    assert re.findall(r"steplabel\.E006\) (\w+) is ", failed.stderr) == named
    assert "HINT: Put the file there" in failed.stderr
    started = subprocess.run(
        [
            sys.executable,
            "-c",
            "import portal.wsgi" if role == "web" else "import django; django.setup()",
        ],
        env=variables,
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
    )
    assert started.returncode == 0, started.stderr
    assert role == "worker" or "steplabel.E006" in started.stderr + started.stdout, (
        "and says so in the log"
    )


def test_without_a_mail_server_no_mail_is_written_out() -> None:
    nameless = {name: value for name, value in PRODUCTION.items() if name != "STEPLABEL_MAIL_HOST"}
    program = """settings.EMAIL_BACKEND)
from django.core.mail import EmailMessage
try:
    EmailMessage("Subject", "https://portal.example/password/new/4-secret/", None, ["reader@portal.example"]).send()
except Exception as error:
    print(type(error).__name__, error"""
    ran = load(
        program,
        **nameless,
        STEPLABEL_ROLE="worker",
        VAULT_DATABASE_URL="postgres://worker@db/vault",
        PROCESSING_KEY_FILE="/keys/p",
    )
    assert "SMTPException STEPLABEL_MAIL_HOST is not set" in ran.stdout, ran.stderr
    assert "secret" not in ran.stdout + ran.stderr


@pytest.mark.parametrize(
    ("host", "port", "encrypted"),
    [
        ("mail.example", "587", True),
        ("mail.example", "2587", True),
        ("mail.example", "465", False),
        ("127.0.0.1", "2525", False),
    ],
)
def test_no_mail_leaves_the_machine_in_the_clear(host: str, port: str, encrypted: bool) -> None:
    """A mail holds a link that lets its reader in. At port 465 the connection itself is
    encrypted.
    """
    ran = load(
        "settings.EMAIL_USE_TLS, settings.EMAIL_USE_SSL",
        **{**PRODUCTION, "STEPLABEL_MAIL_HOST": host, "STEPLABEL_MAIL_PORT": port},
    )
    assert ran.stdout.split() == [str(encrypted), str(port == "465")], ran.stderr


VERIFIED = "sslmode=verify-full&sslrootcert=/ca.pem"
NAMED = "ssl_cert_reqs=required&ssl_check_hostname=true"


@pytest.mark.parametrize(
    ("url", "refused"),
    [
        ("postgres://web@10.0.0.5/steplabel", "10.0.0.5"),
        ("postgres://web@10.0.0.5/steplabel?sslmode=require", "10.0.0.5"),
        ("postgres://web@10.0.0.5/steplabel?sslmode=verify-full", "10.0.0.5"),
        ("postgres://web@/steplabel?host=127.0.0.1,10.0.0.5", "10.0.0.5"),
        ("postgres://web@localhost/steplabel?hostaddr=10.0.0.5", "10.0.0.5"),
        (f"postgres://web@10.0.0.5/steplabel?{VERIFIED}", ""),
        (f"postgres://web@/steplabel?host=10.0.0.5,10.0.0.7&{VERIFIED}", ""),
        ("postgres://web@%2Fvar%2Frun%2Fpostgresql/steplabel", ""),
    ],
)
def test_a_database_elsewhere_has_to_prove_its_name(url: str, refused: str) -> None:
    if refused:
        with pytest.raises(
            ImproperlyConfigured, match=f"DATABASE_URL names {refused}, which is not this machine"
        ):
            require_checked_database("DATABASE", {**dj_database_url.parse(url)})
    else:
        require_checked_database("DATABASE", {**dj_database_url.parse(url)})


@pytest.mark.parametrize(
    ("url", "checked"),
    [
        ("redis://10.0.0.6/0", None),
        ("rediss://10.0.0.6/0", None),
        ("rediss://10.0.0.6/0?ssl_ca_certs=/ca.pem&ssl_cert_reqs=none", None),
        ("rediss://10.0.0.6/0?ssl_ca_certs=/ca.pem&ssl_check_hostname=false", None),
        (
            "rediss://10.0.0.6/0?ssl_ca_certs=/ca.pem",
            f"rediss://10.0.0.6/0?ssl_ca_certs=/ca.pem&{NAMED}",
        ),
        ("redis://localhost/0", "redis://localhost/0"),
    ],
)
def test_a_redis_elsewhere_has_to_prove_its_name(url: str, checked: str | None) -> None:
    if checked:
        assert require_checked_redis("STEPLABEL_CACHE_URL", url) == checked
    else:
        with pytest.raises(ImproperlyConfigured, match="STEPLABEL_CACHE_URL"):
            require_checked_redis("STEPLABEL_CACHE_URL", url)


def test_production_asks_it_of_both() -> None:
    ran = load(
        "settings.DEBUG",
        **(PRODUCTION | {"DATABASE_URL": "postgres://web@10.0.0.5/steplabel"}),
        STEPLABEL_ROLE="web",
    )
    assert "DATABASE_URL names 10.0.0.5" in ran.stderr
    ran = load(
        "settings.DEBUG",
        **(PRODUCTION | {"STEPLABEL_BROKER_URL": "redis://10.0.0.6/0"}),
        STEPLABEL_ROLE="web",
    )
    assert "STEPLABEL_BROKER_URL names 10.0.0.6" in ran.stderr
