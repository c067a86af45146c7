"""The agent as the services of deploy/agent run it: their own lines, in their own settings' file,
against a real HTTP server.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from reporting_agent import extras
from reporting_agent.cli import COMMANDS, command_parser
from reporting_agent.extras import EXTRA_OF
from tests.functional.test_submit_survives_kill import ROOT, Plant, Server

AGENT = ROOT / "deploy" / "agent"


class Service:
    """A unit of one site, its state and files in the plant's folder. systemd is not here: its lines
    are run as it would.
    """

    def __init__(self, plant: Plant, name: str, settings: str) -> None:
        self.lines = re.findall(
            r"^(Exec\w+)=(-?)(.*)$",
            (AGENT / "systemd" / f"steplabel-{name}@.service").read_text("utf-8"),
            re.MULTILINE,
        )
        assert self.lines
        self.folder = plant.site.parent
        self.environment = {
            **os.environ,
            **dict(re.findall(r"^([A-Z_]+)=(.*)$", settings, re.MULTILINE)),
        }

    def run(self) -> subprocess.CompletedProcess[str] | None:
        """The last line's answer; None where a condition says that there is nothing to do."""
        done = None
        for what, may_fail, line in self.lines:
            command = [
                re.sub(r"\$\{(\w+)\}", lambda name: self.environment[name[1]], word)
                for word in shlex.split(line)
            ]
            if command[0].endswith("/steplabel-agent"):
                command = [sys.executable, "-m", "reporting_agent", *command[1:]]
            environment = {**self.environment, "PYTHONPATH": str(ROOT)}
            done = subprocess.run(
                command,
                cwd=self.folder,
                env=environment,
                capture_output=True,
                text=True,
                timeout=300,
                check=False,
            )
            if done.returncode and not may_fail:
                return None if what == "ExecCondition" else done
        return done


def test_a_person_writes_the_period_and_the_services_do_the_rest(tmp_path: Path) -> None:
    with Server() as server:
        plant = Plant(tmp_path, server.url, server.portal.token.text())
        assert plant.enrol().returncode == 0
        settings = (
            (AGENT / "site.env")
            .read_text("utf-8")
            .replace("/var/lib/steplabel/SITE/state", str(plant.state))
        )
        assert Service(plant, "submit", settings).run() is None, "no period, nothing to send"
        assert plant.rows("SELECT COUNT(*) FROM parcel") == [(0,)]

        submit = Service(plant, "submit", settings.replace("PERIOD=", "PERIOD=2016"))
        for _night in range(2):
            sent = submit.run()
            assert sent is not None
            assert sent.returncode == 0, sent.stderr
        assert len(server.portal.bodies) == 1, "the second night sends nothing"

        morning = Service(
            plant, "status", settings
        ).run()  # this portal announces no version, and that stops nothing
        assert morning is not None
        assert morning.returncode == 0, morning.stderr
        status = json.loads((tmp_path / "status.json").read_text("utf-8"))
        assert [(report["period"], report["state"]) for report in status["reports"]] == [
            ("2016", "received")
        ]


def test_a_site_with_trouble_fails_its_unit_in_words(tmp_path: Path) -> None:
    with Server() as server:
        plant = Plant(tmp_path, server.url, server.portal.token.text())
        settings = (
            (AGENT / "site.env")
            .read_text("utf-8")
            .replace("/var/lib/steplabel/SITE/state", str(plant.state))
        )
        morning = Service(plant, "status", settings).run()
    assert morning is not None
    assert morning.returncode == 1
    assert "[not-enrolled]" in morning.stderr


def test_what_is_tried_again_is_what_may_pass_by_itself() -> None:
    unit = (AGENT / "systemd" / "steplabel-submit@.service").read_text("utf-8")
    assert re.search(r"^Restart=on-failure$", unit, re.MULTILINE)
    assert re.search(r"^RestartPreventExitStatus=1 2 4$", unit, re.MULTILINE), (
        "3 is a portal that was not reached"
    )


@pytest.mark.parametrize(
    "file",
    [AGENT / "windows" / "submit.cmd", *sorted((AGENT / "systemd").glob("*.service"))],
    ids=lambda file: file.name,
)
def test_every_command_is_one_of_the_agents(file: Path) -> None:
    asked = re.findall(r"(?:%AGENT%|/bin/steplabel-agent) ([^>\r\n]*)", file.read_text("utf-8"))
    assert asked
    for line in asked:
        words = shlex.split(line)
        assert words[0] in {*COMMANDS, *EXTRA_OF}
        if words[0] in {*COMMANDS, *extras.installed(extras.COMMANDS)}:
            assert command_parser(words).parse_args(words).command == words[0]


def test_the_task_of_windows_runs_that_file_as_a_user_without_rights() -> None:
    space = {"t": "http://schemas.microsoft.com/windows/2004/02/mit/task"}
    task = ET.parse(AGENT / "windows" / "steplabel.xml").getroot()  # noqa: S314  # our own file
    assert str(task.findtext(".//t:Exec/t:Command", namespaces=space)).endswith("submit.cmd")
    assert task.findtext(".//t:Principal/t:UserId", namespaces=space) == "S-1-5-19"  # LOCAL SERVICE
    assert task.findtext(".//t:RunLevel", namespaces=space) == "LeastPrivilege"
