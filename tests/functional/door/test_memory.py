"""A wide file takes memory for what is used of it: peak resident memory above the process that
reads forty rows of the same file.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from reporting_agent.door.taking import take
from tests.functional.door.layouts import wide
from tests.functional.door.plant import habits, heats

ROWS = 8_000
MOST = 10  # times the file's own data
_PEAK = """
import resource, sys
from pathlib import Path
from reporting_agent.cli import main
from reporting_agent.door import nobody, settled
code = 0
if sys.argv[1] == "look":
    settled(Path(sys.argv[2]), None, {"timezone": "UTC", "step": "eaf"}, None, nobody)
else:
    code = main(sys.argv[1:])
print(code, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024, file=sys.stderr)
"""


def peak_bytes(*arguments: str) -> int:
    process = subprocess.run(
        [sys.executable, "-c", _PEAK, *arguments],
        capture_output=True,
        text=True,
        timeout=300,
        check=True,
    )
    code, peak = process.stderr.splitlines()[-1].split()
    assert code == "0", process.stderr[-2000:]
    return int(peak)


@pytest.mark.parametrize("command", ["look", "check"])
def test_a_hundred_columns_take_no_more_than_ten_times_their_data(
    command: str, tmp_path: Path
) -> None:
    habit = habits()[0]
    path = wide(habit, heats(1), tmp_path).path
    header, *rows = path.read_bytes().splitlines(keepends=True)
    answers = {"timezone": habit.zone, "step": "eaf", "energy.carrier": "electricity"}
    site = take([path], tmp_path / "site", {}, lambda asked: answers.get(asked.key), "steel")[0]
    run = {
        "look": ("look", str(path)),
        "check": ("check", "--site", str(site), "--out", str(tmp_path / "out")),
    }[command]
    bare = peak_bytes(*run)  # forty rows
    path.write_bytes(
        b"".join(
            [
                header,
                *(
                    b"H" + str(number).encode() + rows[number % len(rows)][6:]
                    for number in range(ROWS)
                ),
            ]
        )
    )
    assert peak_bytes(*run) - bare <= MOST * path.stat().st_size
