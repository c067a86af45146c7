"""`manage.py`: help, answers and refusals of our commands are in the language of the terminal, or
in that which `--language` names.
"""

from __future__ import annotations

import errno
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from django.core.management import load_command_class
from django.core.management.base import BaseCommand

from benchmarks.wire.directory import Directory
from portal import keys
from portal.keys import PublishedDirectory
from portal.operator_command import OperatorCommand
from portal.translog import restarts
from tests.documents.refusals import ROOT
from tests.unit.languages.pseudo import LANGUAGE, pseudo
from tests.unit.languages.test_pages_in_it import english, pages_spoken

SAME_IN_ALL = re.compile(
    r"""`[^`]*`|\S*/\S+|\b[\w-]+\.(?:pem|toml|cbor|pyz|sql|md)\b|--\w[\w-]*|\[[\w-]+\]|\b[0-9a-f]{16,}\b|CommandError
    |STEPLABEL_\w+=\w+|PROCESSING_KEY_TOKEN|DIRECTORY_FILE|PKCS\#11|AES-256|TOML|JSON|HTTP|UTF-8|make_keys|restart_log|rotate|witnesses|take|FILE
    |steplabel-agent-SYSTEM-pythonVERSION|cement|TEXT|\[Errno\ 2\]|No\ such\ file\ or\ directory|\ben\b|\bzh\b""",
    re.VERBOSE,
)
"""Files, options, settings, steps of a command, codes and ids, and what the operating system
says.
"""


@pytest.fixture(scope="module", autouse=True)
def third_language(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    with pages_spoken(tmp_path_factory.mktemp("pages")):
        yield


FILES = (ROOT / "portal").glob("*/management/commands/[a-z]*.py")
OURS = {file.stem: f"portal.{file.parts[-4]}" for file in FILES if file.stem != "migrate"}
"""Command -> its app; `migrate` is Django's own."""


@pytest.mark.parametrize("name", sorted(OURS))
def test_the_help_of_a_command_is_said_in_it(name: str) -> None:
    command = load_command_class(OURS[name], name)
    assert isinstance(command, OperatorCommand)
    parser = command.create_parser("manage.py", name)
    of_django = {action.help for action in BaseCommand().create_parser("manage.py", name)._actions}
    helps = [action.help or "" for action in parser._actions if action.help not in of_django]
    assert parser.description == pseudo(command.help)
    assert english(*(SAME_IN_ALL.sub(" ", text) for text in (parser.description, *helps))) == set()
    assert set(filter(None, parser.format_help().split())) > {"--language"}


def run(*arguments: str) -> int:
    command = load_command_class(OURS[arguments[0]], arguments[0])
    try:
        command.run_from_argv(["manage.py", *arguments])
    except SystemExit as end:
        return int(end.code or 0)
    return 0


def test_keys_are_made_rotated_and_signed_in_it(tmp_path: Path, printed: Callable[[], str]) -> None:
    spoken = ("--dir", str(tmp_path / "keys"), "--language", LANGUAGE)
    for step in ("new", "rotate", "sign", "witnesses"):
        assert run("make_keys", step, *spoken) == 0
        screen = printed()
        assert screen
        assert english(SAME_IN_ALL.sub(" ", screen)) == set(), step
    assert run("make_keys", "new", *spoken) == 1
    assert pseudo("There are keys in this folder already.") in (screen := printed())
    assert english(SAME_IN_ALL.sub(" ", screen)) == set()


REFUSED = {
    "a register that is not there": ("register", "/nowhere/register.toml"),
    "an announcement of nothing": ("announce_agent", "/nowhere", "--dir", "/nowhere"),
    "a restart without a reason": ("restart_log", "ask", "--dir", "/nowhere"),
    "a restart without a file": ("restart_log", "take", "--dir", "/nowhere"),
    "a signature without a request": ("restart_log", "sign", "--dir", "/nowhere"),
    "keys without a directory": ("make_keys", "rotate", "--dir", "/nowhere"),
    "no token": ("wrap_key",),
    "no days": ("issue_token", "site", "--days", "0"),
    "another role": ("refill_vault",),
    "no enterprises": ("demo", "--enterprises", "0"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_a_refusal_is_said_in_the_language_of_the_terminal(
    case: str, printed: Callable[[], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LC_ALL", f"{LANGUAGE}.UTF-8")
    assert run(*REFUSED[case]) == 1
    screen = printed()
    assert screen
    assert english(SAME_IN_ALL.sub(" ", screen)) == set()


def test_the_option_comes_before_the_terminal(
    tmp_path: Path, printed: Callable[[], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LC_ALL", LANGUAGE)
    assert run("make_keys", "--dir", str(tmp_path / "keys"), "--language", "en") == 0
    assert "Take offline.pem off this machine." in printed()


def test_a_language_that_there_is_not_is_refused(printed: Callable[[], str]) -> None:
    assert run("check_log", "--language", "xx") == 2
    assert "invalid choice: 'xx'" in printed()


def test_who_may_not_write_a_file_is_told_how_a_command_runs_as_who_may(
    monkeypatch: pytest.MonkeyPatch, printed: Callable[[], str]
) -> None:
    def refused_by_the_system(_file: Path, _content: bytes) -> None:
        raise PermissionError(
            errno.EACCES, "Permission denied", "/etc/steplabel/log-restart-request.cbor"
        )

    monkeypatch.setattr(restarts, "ask", lambda *_: b"")
    monkeypatch.setattr(keys, "receipt_key", lambda: None)
    monkeypatch.setattr(
        keys, "published_directory", lambda: PublishedDirectory(b"", Directory(1, (), ()), "")
    )
    monkeypatch.setattr(
        Path, "write_bytes", refused_by_the_system
    )  # root, as whom tests may run, may write anywhere
    assert (
        run(
            "restart_log",
            "ask",
            "--reason",
            "A disk failed.",
            "--dir",
            "/etc/steplabel",
            "--language",
            "en",
        )
        == 1
    )
    assert (
        "/etc/steplabel/log-restart-request.cbor: this user may not use it. On Debian, `deploy/as "
        "root:ROLE" in printed()
    )


PROGRAM = """
import os, sys
from pathlib import Path
from portal import beside_installed
beside_installed.INSTALLED = Path(sys.argv.pop(1))
beside_installed.refuse_beside_installed(sys.argv, os.environ)
print("goes on")
"""


@pytest.mark.parametrize(
    ("named", "command", "refused"),
    [
        ({}, "check_installation", True),
        ({}, "changepassword", True),
        ({}, "demo", False),
        ({"STEPLABEL_VAR": "/srv/trial"}, "make_keys", False),
        ({"DJANGO_SETTINGS_MODULE": "portal.settings.production"}, "migrate", False),
    ],
)
def test_a_command_beside_an_installed_portal_that_names_no_role_ends_before_it_begins(
    named: dict[str, str], command: str, refused: bool, tmp_path: Path
) -> None:
    environment = {
        name: value
        for name, value in os.environ.items()
        if name not in ("DJANGO_SETTINGS_MODULE", "STEPLABEL_VAR")
    }
    said = {}
    for language in ("en", "zh"):
        ended = subprocess.run(
            [sys.executable, "-c", PROGRAM, str(tmp_path), command],
            env={**environment, **named, "LANGUAGE": language},
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=False,
        )
        assert ended.returncode == int(refused), ended.stderr
        assert ("goes on" in ended.stdout) is not refused
        said[language] = ended.stderr
    if refused:
        assert f"As root: deploy/as ROLE python manage.py {command}" in said["en"]
        assert "本机已安装平台" in said["zh"]


def test_manage_py_asks_before_the_settings_are_read() -> None:
    lines = (ROOT / "manage.py").read_text(encoding="utf-8")
    assert lines.index("refuse_beside_installed(sys.argv") < lines.index("DJANGO_SETTINGS_MODULE")
