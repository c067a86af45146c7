"""Which process may hold what: a process that holds too much does not start."""

from __future__ import annotations

import os
import re
import shutil
import stat
import subprocess
import sys
import tempfile
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
_FOLDER = tempfile.TemporaryDirectory(prefix="steplabel-keys-")  # it vanishes with the process
PRODUCTION = {
    "DJANGO_SETTINGS_MODULE": "portal.settings.production",
    "STEPLABEL_KEYS": _FOLDER.name,
    "STEPLABEL_HOSTS": "portal.example",
    "STEPLABEL_MAIL": "mail.example",
}
# long and of many letters, as `./install` draws it
(Path(_FOLDER.name) / "secret_key").write_text("".join(map(chr, range(48, 110))), "ascii")


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


@pytest.mark.parametrize("role", ["web", "operator"])
def test_a_process_beside_whose_keys_the_processing_key_lies_does_not_start(
    tmp_path: Path, role: str
) -> None:
    (tmp_path / role).mkdir()
    (tmp_path / role / "secret_key").write_text("x" * 50, "ascii")
    given = {**PRODUCTION, "STEPLABEL_KEYS": str(tmp_path), "STEPLABEL_ROLE": role}
    assert load("settings.ROLE", **given).stdout.strip() == role
    (tmp_path / role / "processing.pem").touch()
    assert "Only the worker may hold the processing key" in load("settings.ROLE", **given).stderr
    (tmp_path / role / "processing.pem").unlink()
    token = load("settings.ROLE", **given, PROCESSING_KEY_TOKEN="pkcs11:")  # noqa: S106 - names none
    assert "Only the worker may hold the processing key" in token.stderr


def test_a_web_process_in_production_that_was_given_the_vault_does_not_start() -> None:
    ran = load(
        "settings.DEBUG",
        **PRODUCTION,
        STEPLABEL_ROLE="web",
        VAULT_DATABASE_URL="postgres://worker@localhost/vault",
    )
    assert "Only worker and operator may reach the vault" in ran.stderr


@pytest.mark.parametrize(
    ("role", "user"),
    [("web", "steplabel_web"), ("worker", "steplabel_worker"), ("operator", "steplabel_owner")],
)
def test_each_role_signs_in_to_postgresql_as_a_role_of_its_own(
    tmp_path: Path, role: str, user: str
) -> None:
    """By the socket where no address is set; with the passwords of its own folder where there are
    any.
    """
    expression = (
        "*((one['HOST'], one['NAME'], one['USER'], one['PASSWORD']) for one in "
        "settings.DATABASES.values())"
    )
    vault = "" if role == "web" else " ('', 'steplabel_vault', 'steplabel_worker', '')"
    ran = load(expression, **PRODUCTION, STEPLABEL_ROLE=role)
    assert ran.stdout.strip() == f"('', 'steplabel', '{user}', ''){vault}", ran.stderr
    (tmp_path / role).mkdir()
    for name in ("secret_key", "database_password", "vault_password"):
        (tmp_path / role / name).write_text(f"{name}\n", "ascii")
    given = {**PRODUCTION, "STEPLABEL_KEYS": str(tmp_path), "STEPLABEL_ROLE": role}
    ran = load(expression, **given, DATABASE_URL="postgres://127.0.0.1/")
    assert f"('127.0.0.1', 'steplabel', '{user}', 'database_password')" in ran.stdout, ran.stderr
    assert role == "web" or "'steplabel_worker', 'vault_password'" in ran.stdout


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
    expression = (
        "*settings.DATABASES, *(one['OPTIONS'].get('pool', {}).get('timeout') for one in "
        "settings.DATABASES.values())"
    )
    ran = load(
        expression,
        **PRODUCTION,
        STEPLABEL_ROLE=role,
        REPLICA_DATABASE_URL="postgres://localhost/",
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
@pytest.mark.parametrize("role", ["web", "operator", "worker"])
def test_djangos_own_check_for_deployment_has_nothing_to_say(tmp_path: Path, role: str) -> None:
    (tmp_path / role).mkdir()
    names = ["receipt.pem"] if role != "worker" else ["processing.pem", "processing.pem.password"]
    for name in ("directory.cbor", *(f"{role}/{name}" for name in names)):
        (tmp_path / name).touch()
    shutil.copy(Path(_FOLDER.name) / "secret_key", tmp_path / role)
    environment = {
        **PRODUCTION,
        "STEPLABEL_KEYS": str(tmp_path),
        "STEPLABEL_ROLE": role,
        "PATH": os.environ["PATH"],
    }
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


def test_pages_counts_and_messages_are_on_one_redis() -> None:
    expression = (
        "*(store['LOCATION'] for store in settings.CACHES.values()), settings.CELERY_BROKER_URL"
    )
    for more, url in (({}, "127.0.0.1:6379/0"), ({"REDIS_URL": "redis://[::1]/3"}, "[::1]/3")):
        ran = load(expression, **PRODUCTION, STEPLABEL_ROLE="web", **more)
        assert ran.stdout.split() == [f"redis://{url}"] * 3, ran.stderr


@pytest.mark.parametrize(
    ("factor", "rates"),
    [("1", "300 60 120/min"), ("10", "3000 600 1200/min"), ("0.01", "3 1 1/min")],
)
def test_one_number_raises_or_lowers_every_rate(factor: str, rates: str) -> None:
    expression = (
        "settings.PAGE_RATES['read'][0], settings.PAGE_RATES['send'][0], "
        "settings.RATES['submissions']"
    )
    ran = load(expression, **PRODUCTION, STEPLABEL_RATE_FACTOR=factor)
    assert ran.stdout.strip() == rates, ran.stderr


NONSENSE = {
    "STEPLABEL_RATE_FACTOR": "lots",
    "STEPLABEL_HOSTS": "",
    "STEPLABEL_URL": "http://portal.example",
    "STEPLABEL_MAIL": "mail.example:smtp",
    "DATABASE_URL": "nonsense",
}
MORE_NONSENSE = (
    ("STEPLABEL_RATE_FACTOR", "nan"),
    ("STEPLABEL_RATE_FACTOR", "0"),
    ("STEPLABEL_HOSTS", "*"),
    ("STEPLABEL_HOSTS", "portal.example:8000"),
    ("STEPLABEL_URL", "portal"),
    ("STEPLABEL_MAIL", "user@"),
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
    assert {*base.SECOND_FACTOR_ROLES} < {*base.ROLES_OF_PEOPLE} == {*Role.values}


def test_an_operator_may_set_fifteen_things_and_needs_to_set_one() -> None:
    table = (ROOT / "docs" / "portal.md").read_text("utf-8").split("| variable | what |", 1)[1]
    rows = table.split("\n\n", 1)[0].splitlines()[2:]
    assert (
        len({name for row in rows for name in re.findall(r"`([A-Z_]+)`", row.split("|")[1])}) <= 15
    )
    needed = {name: PRODUCTION[name] for name in ("DJANGO_SETTINGS_MODULE", "STEPLABEL_HOSTS")}
    ran = load("settings.ALLOWED_HOSTS", **needed, STEPLABEL_KEYS=_FOLDER.name)
    assert ran.stdout.strip() == "['portal.example']", ran.stderr
    del needed["STEPLABEL_HOSTS"]
    ran = load("settings.ALLOWED_HOSTS", **needed, STEPLABEL_KEYS=_FOLDER.name)
    assert "Production needs STEPLABEL_HOSTS" in ran.stderr


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
    monkeypatch.setenv("STEPLABEL_RATE_FACTORS", "1")
    monkeypatch.setenv("DJANGO_SETTINGS_MODULE", "portal.settings.production")
    settings.EMAIL_HOST = "mail.example"
    settings.DIRECTORY_FILE = settings.PROCESSING_KEY_FILE = None
    settings.RECEIPT_KEY_FILE = key
    (unknown,) = environment.check_environment()
    (missing,) = environment.check_key_files()
    assert (unknown.id, unknown.hint) == ("steplabel.W008", "Did you mean STEPLABEL_RATE_FACTOR?")
    assert (missing.id, missing.msg) == (
        "steplabel.E006",
        f"There is no file {str(key)!r} that this user may read.",
    )
    monkeypatch.delenv("STEPLABEL_RATE_FACTORS")
    key.touch()
    assert environment.check_environment() == environment.check_key_files() == []
    settings.EMAIL_HOST, settings.ROLE = "", roles.ProcessRole.WEB
    (no_mail,) = environment.check_environment()
    assert no_mail.id == "steplabel.W007"


@pytest.mark.parametrize(
    ("role", "named"),
    [
        ("web", ["directory.cbor", "receipt.pem"]),
        ("worker", ["directory.cbor", "processing.pem", "processing.pem.password"]),
    ],
)
def test_a_key_file_that_is_missing_fails_the_check_of_its_role_and_not_the_start(
    role: str, named: list[str]
) -> None:
    inherited = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    variables = {**inherited, **PRODUCTION, "STEPLABEL_ROLE": role}
    check = [sys.executable, "manage.py", "check", "--deploy", "--tag", environment.TAG]
    failed = subprocess.run(
        check, env=variables, capture_output=True, text=True, check=False, cwd=ROOT
    )
    assert failed.returncode == 1, failed.stderr
    assert re.findall(r"E006\) There is no file '.*/(\S+)' that", failed.stderr) == named
    assert "HINT: Put it there" in failed.stderr
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
    nameless = {name: value for name, value in PRODUCTION.items() if name != "STEPLABEL_MAIL"}
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
    )
    assert "SMTPException STEPLABEL_MAIL is not set" in ran.stdout, ran.stderr
    assert "secret" not in ran.stdout + ran.stderr


@pytest.mark.parametrize(
    ("server", "found", "encrypted"),
    [
        ("mail.example", "- mail.example 587", "tls"),
        ("mail.example:2587", "- mail.example 2587", "tls"),
        ("energy@portal.example@mail.example:465", "energy@portal.example mail.example 465", "ssl"),
        ("127.0.0.1:2525", "- 127.0.0.1 2525", ""),
    ],
)
def test_no_mail_leaves_the_machine_in_the_clear(server: str, found: str, encrypted: str) -> None:
    """A mail holds a link that lets its reader in. At port 465 the connection itself is
    encrypted.
    """
    expression = (
        "settings.EMAIL_HOST_USER or '-', settings.EMAIL_HOST, settings.EMAIL_PORT, "
        "settings.EMAIL_USE_TLS, settings.EMAIL_USE_SSL"
    )
    ran = load(expression, **{**PRODUCTION, "STEPLABEL_MAIL": server})
    assert ran.stdout.strip() == f"{found} {encrypted == 'tls'} {encrypted == 'ssl'}", ran.stderr


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
            require_checked_database("DATABASE_URL", {**dj_database_url.parse(url)})
    else:
        require_checked_database("DATABASE_URL", {**dj_database_url.parse(url)})


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
        assert require_checked_redis("REDIS_URL", url) == checked
    else:
        with pytest.raises(ImproperlyConfigured, match="REDIS_URL"):
            require_checked_redis("REDIS_URL", url)


def test_production_asks_it_of_both() -> None:
    ran = load(
        "settings.DEBUG",
        **(PRODUCTION | {"DATABASE_URL": "postgres://web@10.0.0.5/steplabel"}),
        STEPLABEL_ROLE="web",
    )
    assert "DATABASE_URL names 10.0.0.5" in ran.stderr
    ran = load(
        "settings.DEBUG",
        **(PRODUCTION | {"REDIS_URL": "redis://10.0.0.6/0"}),
        STEPLABEL_ROLE="web",
    )
    assert "REDIS_URL names 10.0.0.6" in ran.stderr
