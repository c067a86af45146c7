"""The scripts that walk docs/portal.md: a line that fails ends them, and what they walk is on the
page.
"""

from __future__ import annotations

import re

import pytest

from tests.functional import containers
from tests.functional.containers.__main__ import commands
from tests.functional.first_publication import ROOT, Walk


def test_a_line_that_fails_ends_the_walk_with_what_it_said(
    capsys: pytest.CaptureFixture[str],
) -> None:
    walk = Walk()
    walk.run("cd /")
    walk.run('test "$PWD" = /')
    walk.run("echo a pipe reads what it is given | grep --quiet given")
    with pytest.raises(SystemExit, match="no such luck"):
        walk.run("(echo no such luck; exit 3)")
    assert "FAILED (3)" in capsys.readouterr().out
    walk.shell.kill()


def test_the_page_names_every_step_in_containers_in_its_order() -> None:
    assert containers.__doc__
    lines = commands()
    steps = [
        "docker/make-secrets",
        "cp keys/",
        "docker/make-secrets",
        "up --build",
        "register",
        "issue_token",
    ]
    places = [
        next(index for index, line in enumerate(lines) if step in line)
        for step in dict.fromkeys(steps)
    ]
    assert places == sorted(places)
    named = {word for line in lines for word in re.findall(r"(?<![\w./])docker/[\w./-]+", line)} - {
        "docker/secrets/"
    }
    assert {path for path in named if not (ROOT / path).exists()} == set()
