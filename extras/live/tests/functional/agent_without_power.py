"""`watch` as a process whose power may fail: it notes how much of each file the disk was told to
keep, and may die at a named instant.

    python -m extras.live.tests.functional.agent_without_power SITE MARKS [DIE_AT] [acknowledge-first]

`cut` then takes from the files what was never synced, the worst that a power failure does.
`acknowledge-first` is the control: the same agent with its two acts in the wrong order.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
import time
from collections.abc import Sequence
from pathlib import Path

from extras.live.spool.acknowledging import Intake, MessageArrival
from extras.live.spool.repeats import ArrivalOutcome
from extras.live.watching import SiteWatch
from reporting_agent.config import load_site

DEATHS = ("before-writing", "before-sync", "after-sync", "after-acknowledging")
AFTER_ARRIVALS = 5  # a death at a named instant comes with so many messages taken
FOR_THE_WIRE_S = 0.3  # in which the client's own thread sends its acknowledgements


class _Intake(Intake):
    die_at = ""
    acknowledge_first = False
    arrivals_taken = 0

    def _keep(self, waiting: Sequence[MessageArrival]) -> ArrivalOutcome:
        _Intake.arrivals_taken += len(waiting)
        if self.acknowledge_first:
            for arrival in waiting:
                arrival.acknowledge()
            positions = [
                row for arrival in waiting for row in arrival.rows if row["table"] == "position"
            ]
            if positions:  # a polled source's acknowledgement is its position
                self.spool.append((), positions)
            time.sleep(FOR_THE_WIRE_S)
            waiting = [MessageArrival(arrival.readings, arrival.rows) for arrival in waiting]
        reached("before-writing")
        outcome = super()._keep(waiting)
        time.sleep(FOR_THE_WIRE_S if self.die_at == "after-acknowledging" and due() else 0)
        reached("after-acknowledging")
        return outcome


def due() -> bool:
    return _Intake.arrivals_taken >= AFTER_ARRIVALS


def reached(instant: str) -> None:
    if instant == _Intake.die_at and due():
        os.kill(os.getpid(), signal.SIGKILL)


def cut(marks: Path, segments: Path) -> None:
    """What was written and never synced is gone; files that were never synced are empty."""
    synced: dict[str, int] = {}
    for line in marks.read_text("utf-8").splitlines() if marks.exists() else ():
        noted = json.loads(line)
        synced[noted["file"]] = noted["bytes"]
    for path in segments.glob("*.log"):
        if path.stat().st_size > (size := synced.get(str(path), 0)):
            os.truncate(path, size)


def main() -> None:
    site, marks, *more = sys.argv[1:]
    _Intake.die_at = next((word for word in more if word in DEATHS), "")
    _Intake.acknowledge_first = "acknowledge-first" in more
    sync = os.fdatasync

    def marked(handle: int) -> None:
        reached("before-sync")
        sync(handle)
        with Path(marks).open("a", encoding="utf-8") as file:
            file.write(
                json.dumps(
                    {
                        "file": os.readlink(f"/proc/self/fd/{handle}"),
                        "bytes": os.fstat(handle).st_size,
                    }
                )
                + "\n"
            )
        reached("after-sync")

    os.fdatasync = marked  # type: ignore[assignment]  # the same call, noted
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    watch = SiteWatch(
        load_site(site), lambda sentence: print(sentence, file=sys.stderr, flush=True), _Intake
    )
    signal.signal(signal.SIGHUP, lambda *_: watch.reloading.asked.set())
    watch.run(stop)


if __name__ == "__main__":
    main()
