"""docs/live.md as a newcomer walks it: every command of its first part as it stands, on a clean
copy, to a first live label.

Of an administrator's step the packages are those of this machine (`tests.servers.mosquitto`); the
broker's settings are the page's.
"""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import time
from pathlib import Path

import pytest

pytestmark = [pytest.mark.mosquitto, pytest.mark.long, pytest.mark.slow, pytest.mark.timeout(1800)]

ROOT = Path(__file__).resolve().parents[4]
MINUTES = 15  # what the page's heading is held to
BY_ADMINISTRATOR = ("apt-get ", "systemctl ")


def commands() -> list[str]:
    """Those of the page's first part, in order; a line that ends with a backslash goes on in the
    next.
    """
    page = (ROOT / "docs" / "live.md").read_text("utf-8")
    part = page.split("## From an empty machine to a first live label\n")[1].split("\n## ")[0]
    lines = "\n".join(line[7:] for line in part.splitlines() if line.startswith("       "))
    return re.sub(r"\\\n\s*", "", lines).splitlines()


def test_every_command_of_the_page_as_it_stands_gives_a_label(tmp_path: Path) -> None:
    began_s = time.monotonic()
    subprocess.run(
        ["git", "clone", "--quiet", "--no-hardlinks", ROOT, tmp_path / "steplabel"], check=True
    )
    settings = tmp_path / "steplabel.conf"
    asked = [
        command.replace("/etc/mosquitto/conf.d/steplabel.conf", str(settings))
        for command in commands()
    ]
    ours = [command for command in asked if not command.startswith(BY_ADMINISTRATOR)]
    assert len(ours) == len(asked) - 3
    written, ours = ours[0], ours[1:]
    subprocess.run(["bash", "-ec", written], check=True)
    with settings.open("a") as file:  # as Debian's own settings have it
        file.write(
            f"persistence true\npersistence_location {tmp_path}/\n"
            + ("user root\n" if os.geteuid() == 0 else "")
        )
    for port in (1883, 8790):
        with socket.socket() as asking:
            assert asking.connect_ex(("127.0.0.1", port)), (
                f"port {port} of the page is taken on this machine"
            )
    with subprocess.Popen([os.environ["MOSQUITTO"], "-c", settings]) as broker:
        page = "curl --fail --silent --output page.html http://127.0.0.1:8790/"
        script = "\n".join(["set -e", *ours, page, "kill $!", "wait"])
        environment = {
            name: value
            for name, value in os.environ.items()
            if name not in ("PYTHONPATH", "VIRTUAL_ENV")
        }
        walked = tmp_path / "walked.log"
        with (
            walked.open("wb") as log,
            subprocess.Popen(
                ["bash", "-c", script],
                cwd=tmp_path / "steplabel",
                env=environment,
                start_new_session=True,
                stdout=log,
                stderr=log,
            ) as walk,
        ):
            try:
                assert walk.wait(1700) == 0
            finally:
                if walk.poll() is None:
                    os.killpg(walk.pid, signal.SIGKILL)
                broker.terminate()
    assert "eaf-1" in (tmp_path / "steplabel" / "page.html").read_text("utf-8")
    label = json.loads((tmp_path / "steplabel" / "label" / "label.json").read_text("utf-8"))
    used = [step["batches"]["used"] for step in label["steps"] if step["metric"] == "total"]
    assert sum(used) == 60  # two furnaces, thirty heats each
    assert "NOT EXPLAINED" not in walked.read_text("utf-8")  # nobody made a fault
    assert time.monotonic() - began_s < MINUTES * 60
