"""The files under deploy/: read by the programs that they are for, and each role given what it
needs and no more.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from benchmarks.wire import MAX_ENVELOPE_BYTES
from portal.catalogue.obliged_list import MOST_BYTES
from portal.intake.by_hand import MOST_FILES
from portal.request_sizes import MAX_FORM_BYTES
from portal.settings import base
from portal.web.forms.packs import MOST_PACK_BYTES
from portal.web.sight import metrics
from tests.functional.first_publication import REGISTER, TRIAL
from tests.servers import nginx

ROOT = Path(__file__).parents[3]
DEPLOY = ROOT / "deploy"
ROLES = ("web", "worker", "operator")
UNITS = {
    "web": DEPLOY / "systemd" / "steplabel-web@.service",
    "worker": DEPLOY / "systemd" / "steplabel-worker.service",
}
NIGHTLY = {name: DEPLOY / "systemd" / f"steplabel-{name}.service" for name in ("backup", "check")}
AT_PLANTS = {unit.name: unit for unit in sorted((DEPLOY / "agent" / "systemd").glob("*.service"))}
SCRIPTS = (
    ROOT / "install",
    DEPLOY / "agent" / "install",
    DEPLOY / "as",
    DEPLOY / "postgresql" / "make-roles",
)
EXPOSURE = 2.0
"""Most that `systemd-analyze security` may give a unit: 0 to 10, and up to 2 it says `OK`."""


def lines(unit: Path) -> list[tuple[str, str]]:
    """Key and value of every setting of a unit, in its order."""
    pairs = re.findall(r"^(\w+)=(.*)$", unit.read_text("utf-8"), re.MULTILINE)
    return [(str(key), str(value)) for key, value in pairs]


SETTINGS = (DEPLOY / "portal.env").read_text("utf-8")


def systemd(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    if shutil.which("systemd-analyze") is None:
        pytest.skip(
            "no systemd-analyze on this machine: the units are not read by what they are for"
        )
    return subprocess.run(
        ["systemd-analyze", *arguments], capture_output=True, text=True, check=False
    )


def as_installed(unit: Path, folder: Path) -> Path:
    """The unit, its program put to one that is here: systemd looks whether it can be started."""
    name = unit.name.replace("@.", "@8001.")
    text = re.sub(r"(ExecStart(?:Post)?)=-?\S+", rf"\1={sys.executable}", unit.read_text("utf-8"))
    (folder / name).write_text(
        re.sub(r"file:///\S+", (ROOT / "docs" / "portal.md").as_uri(), text), "utf-8"
    )
    return folder / name


@pytest.mark.parametrize("role", UNITS | NIGHTLY | AT_PLANTS)
def test_systemd_reads_the_unit_and_finds_nothing(role: str, tmp_path: Path) -> None:
    unit = as_installed((UNITS | NIGHTLY | AT_PLANTS)[role], tmp_path)
    process = systemd("verify", "--man=no", unit)
    assert unit.name not in process.stderr, process.stderr
    unit.write_text(unit.read_text("utf-8").replace("ProtectHome=yes", "ProtectsHome=yes"), "utf-8")
    assert "Unknown key" in systemd("verify", "--man=no", unit).stderr, (
        "a misspelt key would be told"
    )


@pytest.mark.parametrize("role", UNITS | NIGHTLY | AT_PLANTS)
def test_systemd_finds_the_unit_shut_in(role: str, tmp_path: Path) -> None:
    unit = as_installed((UNITS | NIGHTLY | AT_PLANTS)[role], tmp_path)

    def exposure() -> float:
        process = systemd("security", "--offline=true", "--no-pager", unit)
        return float(
            process.stdout.rsplit("Overall exposure level for", 1)[1].split(": ", 1)[1].split()[0]
        )

    assert exposure() <= EXPOSURE
    unit.write_text(
        re.sub(
            r"^(Protect|Restrict|NoNew|SystemCall|Capability).*\n",
            "",
            unit.read_text("utf-8"),
            flags=re.MULTILINE,
        ),
        "utf-8",
    )
    assert exposure() > EXPOSURE, "without its walls it would be told"


@pytest.mark.parametrize("role", UNITS)
def test_a_process_that_dies_is_started_again_within_a_second_however_often(role: str) -> None:
    unit = dict(lines(UNITS[role]))
    assert (unit["Restart"], unit["RestartSec"], unit["StartLimitIntervalSec"]) == (
        "always",
        "1",
        "0",
    )


def test_each_night_the_backup_is_followed_by_the_check_of_either_role() -> None:
    backup, check = dict(lines(NIGHTLY["backup"])), dict(lines(NIGHTLY["check"]))
    assert backup["ExecStartPost"].endswith("manage.py check_installation")
    assert NIGHTLY["check"].name in backup["Wants"].split()
    assert NIGHTLY["backup"].name in check["After"].split()
    assert (check["User"], check["EnvironmentFile"]) == (
        "steplabel-worker",
        "-/etc/steplabel/worker.env",
    )
    assert check["ExecStart"].endswith("manage.py check_installation")


def test_the_web_cannot_read_what_is_the_workers() -> None:
    web, worker = dict(lines(UNITS["web"])), dict(lines(UNITS["worker"]))
    assert (web["User"], worker["User"]) == ("steplabel-web", "steplabel-worker")
    assert "/etc/steplabel/worker" in web["InaccessiblePaths"].split()
    assert "/etc/steplabel/web" in worker["InaccessiblePaths"].split()


def test_the_file_of_settings_names_every_setting_and_no_other() -> None:
    table = (ROOT / "docs" / "portal.md").read_text("utf-8").split("| variable | what |", 1)[1]
    documented = set(re.findall(r"^\| `([A-Z_]+)`", table.split("\n\n", 1)[0], re.MULTILINE))
    named = set(re.findall(r"^#?([A-Z_]+)=", SETTINGS, re.MULTILINE))
    of_one_role = {"VAULT_DATABASE_URL", "PROCESSING_KEY_TOKEN"}
    assert named == documented - of_one_role - {"STEPLABEL_KEYS", "STEPLABEL_VAR"}
    assert all(name in SETTINGS for name in of_one_role)


@pytest.mark.slow
@pytest.mark.parametrize("unit", [*UNITS.values(), *NIGHTLY.values()], ids=lambda unit: unit.name)
def test_a_process_starts_as_its_unit_says_and_as_its_role(unit: Path, tmp_path: Path) -> None:
    (stated,) = (value for key, value in lines(unit) if key == "Environment")
    environment = dict(pair.split("=", 1) for pair in stated.split())
    environment |= dict(re.findall(r"^([A-Z_]+)=(.*)$", SETTINGS, re.MULTILINE))
    role = dict(lines(unit))["User"].removeprefix("steplabel-")
    (tmp_path / role).mkdir()
    (tmp_path / role / "secret_key").write_text("x" * 50, "ascii")
    ran = subprocess.run(
        [sys.executable, "-c", "from django.conf import settings; print(settings.ROLE)"],
        env={"PATH": os.environ["PATH"], "STEPLABEL_KEYS": str(tmp_path), **environment},
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.stdout.strip() == role, ran.stderr


def test_the_proxy_that_the_web_believes_is_the_one_that_stands_there() -> None:
    assert base.REST_FRAMEWORK["NUM_PROXIES"] == 0, "without one nobody is believed"
    production = (ROOT / "portal" / "settings" / "production.py").read_text("utf-8")
    assert '"NUM_PROXIES": 1}' in production
    text = nginx.CONFIGURATION.read_text("utf-8")
    assert re.findall(r"proxy_set_header X-Forwarded-For (.+);", text) == ["$remote_addr"]
    ports = re.findall(r"server 127\.0\.0\.1:(\d+)", text)
    assert [f"steplabel-web@{port}" for port in ports] == [
        "steplabel-web@8001",
        "steplabel-web@8002",
    ]


def test_prometheus_scrapes_the_ports_of_the_proxy_under_the_name_that_the_alarms_ask_for() -> None:
    scraped = yaml.safe_load((DEPLOY / "prometheus.yml").read_text("utf-8"))
    (job,) = scraped["scrape_configs"]
    ports = re.findall(r"server (127\.0\.0\.1:\d+)", nginx.CONFIGURATION.read_text("utf-8"))
    assert job["static_configs"] == [{"targets": ports}]
    assert [Path(file).relative_to("/opt/steplabel") for file in scraped["rule_files"]] == [
        Path("deploy/alarms.yml")
    ]
    assert set(re.findall(r'job="([^"]*)"', (DEPLOY / "alarms.yml").read_text("utf-8"))) == {
        job["job_name"]
    }


def test_what_the_alarms_ask_for_is_measured_by_the_names_that_they_ask_by() -> None:
    """Also what a portal without fault, witness, backup or refusal has no value of: an alarm on a
    name that nobody measures never rings.
    """
    asked = {
        name.removesuffix("_total")
        for name in re.findall(r"steplabel_\w+", (DEPLOY / "alarms.yml").read_text("utf-8"))
    }
    measured = set(re.findall(r'"(steplabel_\w+)"', Path(metrics.__file__).read_text("utf-8")))
    assert len(asked) > 10
    assert asked <= measured


def test_the_proxy_takes_the_longest_form_and_no_longer_envelope() -> None:
    forms, envelopes = (
        int(kib) * 1024
        for kib in re.findall(
            r"client_max_body_size (\d+)k", nginx.CONFIGURATION.read_text("utf-8")
        )
    )
    longest = max(
        MAX_FORM_BYTES + (MOST_FILES - 1) * MAX_ENVELOPE_BYTES,
        2 * MOST_PACK_BYTES + MAX_FORM_BYTES,
        MOST_BYTES + MAX_FORM_BYTES,
    )
    assert longest <= forms < longest * 1.05
    assert envelopes == MAX_ENVELOPE_BYTES


def test_nginx_reads_its_configuration(tmp_path: Path) -> None:
    file = nginx.configured(tmp_path, [8001, 8002], 8443)
    assert nginx.checked(file).returncode == 0, nginx.checked(file).stderr
    file.write_text(
        file.read_text("utf-8").replace("client_body_timeout", "client_bodies_timeout"), "utf-8"
    )
    assert nginx.checked(file).returncode != 0


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script.name)
def test_shellcheck_finds_nothing(script: Path) -> None:
    ran = subprocess.run(
        [Path(sys.executable).parent / "shellcheck", script],
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout


def test_the_page_names_what_the_walk_of_an_installation_types() -> None:
    page = (ROOT / "docs" / "portal.md").read_text("utf-8")
    section = page.split("## In production, from nothing", 1)[1].split("\n## ", 1)[0]
    assert TRIAL in section
    assert REGISTER in section
    said = section.split("\n### ", 1)[0]
    assert len(said.split()) <= 800
    install = (ROOT / "install").read_text("utf-8")
    for option in re.findall(r"(?<=\s|`)--[a-z-]+", said.split("1. **The offline")[0]):
        assert f"  {option})" in install, option


def refused(*arguments: str) -> str:
    ran = subprocess.run(
        ["sh", ROOT / "install", *arguments],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 2, ran.stdout + ran.stderr
    return ran.stderr.splitlines()[-1]


def test_the_installer_refuses_what_makes_no_sense_before_it_does_anything() -> None:
    assert refused("--hots", "portal.example") == "install: --hots is no option."
    if os.getuid():
        assert refused("--host", "portal.example") == "install: run it as root."
        return
    assert "is no name of a host" in refused("--host", "portal.example; rm")
    assert "is no name of a host" in refused("--host", "https://portal.example")
    given = ("--host", "portal.example", "--no-systemd")
    assert "cannot be read" in refused(*given, "--certificate", "/nope.pem", "/nope.key")
    if not Path("/etc/ssl/steplabel/portal.crt").exists():
        assert "give a certificate" in refused(*given)
    assert "holds no directory.cbor" in refused(*given, "--trial", "--keys", "/tmp")  # noqa: S108 - only named
    assert "nobody can be asked here" in refused(*given, "--trial")


def test_a_command_runs_as_root_with_a_roles_settings_where_that_is_asked(tmp_path: Path) -> None:
    (tmp_path / "deploy").mkdir()
    (tmp_path / "portal.env").write_text("STEPLABEL_HOSTS=portal.example\n", "utf-8")
    (tmp_path / "worker.env").write_text("PROCESSING_KEY_TOKEN=pkcs11:\n", "utf-8")
    script = (DEPLOY / "as").read_text("utf-8").replace("/etc/steplabel", str(tmp_path))
    (tmp_path / "deploy" / "as").write_text(script, "utf-8")
    asked = ["sh", "-c", 'echo "$STEPLABEL_ROLE $STEPLABEL_HOSTS $PROCESSING_KEY_TOKEN $(id -u)"']
    ran = subprocess.run(
        ["sh", "deploy/as", "root:worker", *asked],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.stdout.split() == ["worker", "portal.example", "pkcs11:", str(os.getuid())], (
        ran.stderr
    )


@pytest.mark.parametrize(
    ("terminal", "language"),
    [
        ({"LANG": "zh_CN.UTF-8"}, "zh"),
        ({"LC_MESSAGES": "zh_CN.UTF-8", "LANG": "en_US.UTF-8"}, "zh"),
        ({"LANGUAGE": "en", "LC_ALL": "zh_CN.UTF-8"}, "en"),
        ({}, "en"),
    ],
    ids=str,
)
def test_a_command_speaks_the_language_of_the_terminal_also_as_a_role(
    tmp_path: Path, terminal: dict[str, str], language: str
) -> None:
    (tmp_path / "deploy").mkdir()
    (tmp_path / "portal.env").write_text("STEPLABEL_HOSTS=portal.example\n", "utf-8")
    (tmp_path / "deploy" / "as").write_text(
        (DEPLOY / "as").read_text("utf-8").replace("/etc/steplabel", str(tmp_path)), "utf-8"
    )
    script = (
        f"import os, sys; sys.path.insert(0, {str(ROOT)!r}); from benchmarks.catalogue import "
        "own_language; print(own_language(os.environ))"
    )
    asked = ["sh", "deploy/as", "root:worker", sys.executable, "-c", script]
    ran = subprocess.run(
        asked,
        cwd=tmp_path,
        env={"PATH": os.defpath, **terminal},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.stdout.strip() == language, ran.stderr


def test_what_an_agent_tried_all_night_is_tried_again_the_next() -> None:
    """systemd counts starts from the first of a window: one that lasts to the next night's, or to
    that of a day of 23 hours, refuses it.
    """
    unit = dict(lines(AT_PLANTS["steplabel-submit@.service"]))
    minutes = {"h": 60, "d": 24 * 60, "min": 1}

    def length(name: str) -> int:
        number, of = re.fullmatch(r"(\d+)(h|d|min)", unit[name]).groups()  # type: ignore[union-attr]
        return int(number) * minutes[of]

    assert length("StartLimitIntervalSec") < 23 * 60
    assert int(unit["StartLimitBurst"]) * length("RestartSec") < length("StartLimitIntervalSec"), (
        "or it is tried for ever"
    )


@pytest.mark.parametrize("name", ["steplabel-submit@.service", "steplabel-watch@.service"])
def test_what_an_agent_fetches_from_object_storage_lies_where_it_may_write(name: str) -> None:
    """Its user has no home, and the unit may write below the site's folder alone."""
    unit = lines(AT_PLANTS[name])
    folder = dict(value.split("=", 1) for key, value in unit if key == "Environment")[
        "STEPLABEL_OBJECTS"
    ]
    assert folder.startswith(dict(unit)["ReadWritePaths"] + "/")
    names = [key for key, _ in unit]
    assert names.index("Environment") < names.index("EnvironmentFile"), (
        "a person's own setting counts"
    )


@pytest.mark.parametrize("page", ["portal.md", "runbook.md"])
def test_the_pages_run_what_writes_below_etc_as_who_may_write_there(page: str) -> None:
    text = (ROOT / "docs" / page).read_text("utf-8")
    writing = (
        r"restart_log ask|restart_log take|make_keys rotate|make_keys take|make_keys witnesses "
        r"--add|destroy_key|wrap_key"
    )
    typed = re.findall(rf"[^\n`]*manage\.py (?:{writing})[^\n`]*", text)
    assert typed
    assert [
        line
        for line in typed
        if not re.match(r" *deploy/as root:(worker|web|operator) python", line)
    ] == []


def test_a_copy_into_the_archive_that_was_cut_short_is_made_again_and_whole(tmp_path: Path) -> None:
    """PostgreSQL asks again for the same file until it is told 0; what it keeps meanwhile fills its
    disk.
    """
    (asked,) = re.findall(
        r"archive_command = '([^']+)'", (ROOT / "docs" / "runbook.md").read_text("utf-8")
    )
    archive, segment = tmp_path / "archive", tmp_path / "000000010000000000000007"
    (tmp_path / "programs").mkdir()
    archive.mkdir()
    segment.write_bytes(b"changes of a minute" * 100)
    command = (
        asked.replace("$ARCHIVE", str(archive))
        .replace("%f", segment.name)
        .replace("%p", str(segment))
    )

    def archived(path: str) -> int:
        return subprocess.run(
            ["/bin/sh", "-c", command], env={"PATH": path}, capture_output=True, check=False
        ).returncode

    dying = tmp_path / "programs" / "cp"
    dying.write_text('#!/bin/sh\nhead -c 100 "$1" >"$2"\nkill -9 $$\n', "ascii")
    dying.chmod(0o755)
    assert archived(f"{dying.parent}:{os.defpath}") != 0
    assert archived(os.defpath) == 0
    assert (archive / segment.name).read_bytes() == segment.read_bytes()
    assert archived(os.defpath) != 0, "another file of that name is never written over"
    assert (archive / segment.name).read_bytes() == segment.read_bytes()
