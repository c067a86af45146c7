"""Walks through the product, counted as they are walked: `python -m tests.house --walks`.

A room is a module that is entered; a return is a step back into one that had been left. Counted are
functions in the order in which each is called for the first time, so that a loop over ten thousand
rows is one step, from the call that begins the walk until it returns. A tree is walked by its own
code: this file is run in it, as a program and as a plugin of its tests.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from types import CodeType, FrameType
from typing import Any

import pytest

ROOT = Path(os.environ.get("STEPLABEL_WALKED", Path(__file__).resolve().parents[2]))
PRODUCT = ("benchmarks", "reporting_agent", "portal", "extras")
READING = "reporting_agent/pipeline/metered.py:measure"
ON_REQUEST = {
    "an envelope at the door": "portal/intake/receiving.py:receive",
    "an envelope opened": "portal/opening/unsealing.py:open_one",
    "a version drafted": "portal/publication/drafting.py:draft",
    "our plant": "portal/web/views/our_plant.py:plants",
}
TESTS = ("tests/integration/test_publication.py", "tests/integration/test_our_plant.py")
_OUT = "STEPLABEL_WALKS"
SITE = {
    "site.toml": """[site]
id = "works-2"
timezone = "Asia/Shanghai"
pack = "steel"
[inputs]
batches = "batches.csv"
readings = "readings.csv"
[[meters]]
id = "main"
step = "eaf"
carrier = "electricity"
reading = "register"
unit = "kWh"
rollover = 1000000.0
[steps.eaf]
not_used = ["natural-gas", "coke"]
""",
    "batches.csv": """batch_id,step,start,end,output_quantity,var.hot_metal_pct
H1,eaf,2016-05-14T08:00,2016-05-14T08:50,122.4,0
H2,eaf,2016-05-14T09:00,2016-05-14T09:45,121.9,10
H3,eaf,2016-05-14T09:50,2016-05-14T10:40,122.8,0
""",
    "readings.csv": "meter_id,timestamp,value\n"
    + "".join(
        f"main,2016-05-14T{8 + n // 12:02}:{n % 12 * 5:02},{(988_000 + 4_800 * n) % 1_000_000}\n"
        for n in range(34)
    ),
}


def of(tree: Path) -> dict[str, list[str]]:
    """Every walk through a tree, by its name: the rooms in turn."""
    ours = Path(__file__).resolve()
    environment = {**os.environ, "STEPLABEL_WALKED": str(tree), "PYTHONPATH": str(tree)}
    with tempfile.TemporaryDirectory() as folder:
        plugin = Path(folder) / "steplabel_walks.py"
        plugin.write_text(ours.read_text(encoding="utf-8"), encoding="utf-8")
        environment["PYTHONPATH"] += f"{os.pathsep}{folder}"
        out = Path(folder) / "walks.json"
        ran = subprocess.run(
            [sys.executable, str(plugin)],
            cwd=tree,
            env=environment,
            capture_output=True,
            check=True,
        )
        tests = ["-m", "pytest", "-q", "-p", "steplabel_walks", "-p", "no:cacheprovider", *TESTS]
        subprocess.run(
            [sys.executable, *tests],
            cwd=tree,
            env={**environment, _OUT: str(out)},
            check=True,
            stdout=sys.stderr,
        )
        walks = {
            "a reading, from file to batches": json.loads(ran.stdout),
            **json.loads(out.read_text()),
        }
    if lost := [name for name, rooms in walks.items() if not rooms]:
        raise SystemExit(
            f"Nobody walked {', '.join(lost)}: no call began it. Its start was renamed, or the "
            "tests lead there no more."
        )
    return walks


class Walk:
    """The rooms of one walk, in turn; to be given to `sys.setprofile`. It begins at `start`
    (file:function) and ends with its return.
    """

    def __init__(self, start: str) -> None:
        self.start = start
        self.rooms: list[str] = []
        self._codes_met: set[CodeType] = set()
        self._first: FrameType | None = None
        self._over = False

    def __call__(self, frame: FrameType, event: str, _argument: Any) -> None:
        if event == "return" and frame is self._first:
            self._over = True
        code = frame.f_code
        if event != "call" or self._over or code in self._codes_met or code.co_name.startswith("<"):
            return
        room = code.co_filename.removeprefix(f"{ROOT}/")
        if room.partition("/")[0] not in PRODUCT:
            return
        if self._first is None:
            if f"{room}:{code.co_name}" != self.start:
                return
            self._first = frame
        self._codes_met.add(code)
        if self.rooms[-1:] != [room]:
            self.rooms.append(room)

    @property
    def counted(self) -> tuple[int, int]:
        """Rooms and returns."""
        return len(set(self.rooms)), len(self.rooms) - len(set(self.rooms))


def reading() -> list[str]:
    """A reading of a small site from its file to the batches that it is cut along."""
    from reporting_agent.cli import main as agent

    walk = Walk(READING)
    with (
        tempfile.TemporaryDirectory() as folder,
        contextlib.redirect_stdout(io.StringIO()),
        contextlib.redirect_stderr(io.StringIO()),
    ):
        for name, content in SITE.items():
            (Path(folder) / name).write_text(content, encoding="utf-8")
        for out in ("once", "again"):  # what is loaded late is loaded the first time
            sys.setprofile(walk if out == "again" else None)
            agent(
                [
                    "label",
                    "--site",
                    f"{folder}/site.toml",
                    "--period",
                    "2016",
                    "--out",
                    f"{folder}/{out}",
                ]
            )
            sys.setprofile(None)
    return walk.rooms


_walks = {name: Walk(start) for name, start in ON_REQUEST.items()}


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_call() -> Iterator[None]:
    """Where pytest runs with this module as a plugin: every walk that is not over yet looks on."""
    if _OUT not in os.environ:
        yield
        return

    def look_on(frame: FrameType, event: str, argument: Any) -> None:
        for walk in _walks.values():
            walk(frame, event, argument)

    sys.setprofile(look_on)
    yield
    sys.setprofile(None)


def pytest_sessionfinish() -> None:
    if out := os.environ.get(_OUT):
        Path(out).write_text(json.dumps({name: walk.rooms for name, walk in _walks.items()}))


if __name__ == "__main__":
    print(json.dumps(reading()))
