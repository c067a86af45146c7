"""Each simulated plant writes its files and runs the real agent on them: enrol, then submit, over
HTTP.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path

from fixtures.simulator import Plant

STATE = "state"
AT_ONCE = max(2, os.cpu_count() or 2)


@dataclass(frozen=True, slots=True)
class PlantReport:
    """What came of one plant's report: the agent's exit code and its last message."""

    site: str
    exit_code: int
    message: str


def report_all(
    plants: tuple[Plant, ...],
    tokens: dict[str, str],
    address: str,
    folder: Path,
    hear: Callable[[PlantReport], None],
    *,
    submit: bool = True,
) -> None:
    """Every plant, a few at a time; `hear` is told of each as it ends. Without `submit` it only
    enrols; again with the same token, an agent asks the portal what was reported elsewhere
    meanwhile.
    """
    with ThreadPoolExecutor(AT_ONCE) as pool:
        try:
            ends = [
                pool.submit(
                    _report, plant, tokens[plant.site], address, folder / plant.site, submit=submit
                )
                for plant in plants
            ]
            for done in as_completed(ends):
                hear(done.result())
        except BaseException:
            pool.shutdown(
                cancel_futures=True
            )  # Ctrl-C must not wait for the plants that have not begun
            raise


def keys_of(folder: Path) -> tuple[bytes, bytes]:
    """What the enrolled agent of the plant in this folder signs with, as PEM, and its seed."""
    (key,) = (folder / STATE).glob("device-*.pem")
    return key.read_bytes(), (folder / STATE / "site.seed").read_bytes()


def _report(plant: Plant, token: str, address: str, folder: Path, *, submit: bool) -> PlantReport:
    site, state = str(folder / "site.toml"), ["--state", str(folder / STATE), "--json"]
    enrol = ["enrol", "--portal", address, "--token", token, *state]
    commands = [enrol]
    if submit:
        plant.write(folder)
        commands.append(["submit", "--site", site, "--period", str(plant.year), *state])
    for arguments in commands:
        ran = subprocess.run(  # noqa: S603
            [sys.executable, "-m", "reporting_agent", *arguments],
            capture_output=True,
            text=True,
            check=False,
        )
        if ran.returncode:
            return PlantReport(plant.site, ran.returncode, _message(ran.stdout, ran.stderr))
    return PlantReport(plant.site, 0, "")


def _message(answer: str, messages: str) -> str:
    """The agent's own sentence, from its JSON answer or, where there is none, its messages."""
    try:
        error = json.loads(answer)["error"]
    except (ValueError, KeyError, TypeError):
        return messages.strip()[-2000:]
    return f"{error['sentence']} {error['remedy']} [{error['code']}]"
