"""Memory of `watch` over an hour, in a process of its own: 1,000 meters send each second by MQTT,
ten furnaces run batches of 5 minutes.

    python -m extras.live.tests.performance.memory [SECONDS] [METERS]

Prints what was kept and the resident memory every five minutes (of a shorter run twelve times),
with how much of it is the process's own: the rest are pages of libraries and files, which the
system takes back where it needs room. At the end how both rose since a quarter.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

import numpy as np

from extras.live.tests.performance import live
from tests.servers import free_port

SECONDS = 3_600
TIMES = 12
BATCH_S = 300
ROOT = Path(__file__).resolve().parents[4]


def main(seconds: int = SECONDS, meters: int = live.METERS) -> None:
    with (
        tempfile.TemporaryDirectory(prefix="steplabel-memory-") as directory,
        live.broker(Path(directory)) as port,
    ):
        page, site = free_port(), Path(directory) / "site.toml"
        site.write_text(live.site_text(port, page, meters), "utf-8")
        command = [sys.executable, "-m", "reporting_agent", "watch", "--site", str(site)]
        with (
            (Path(directory) / "watch.log").open("w") as log,
            subprocess.Popen(command, cwd=ROOT, stdout=log, stderr=log) as watch,
        ):
            try:
                _until_served(page)
                _report(_send(port, page, watch.pid, seconds, meters))
            finally:
                watch.terminate()


def _send(
    port: int, page: int, pid: int, seconds: int, meters: int
) -> list[tuple[float, float, float]]:
    """Readings each second; gives back minutes, MB resident, and MB of the process's own."""
    client = live.connected(port, "sender")
    began, samples = time.time(), list[tuple[float, float, float]]()
    for second in range(seconds):
        time.sleep(max(0.0, began + second - time.time()))
        at = began + second
        if second % BATCH_S == 0:
            live.send_batches(client, at, second // BATCH_S)
        for meter in range(meters):
            client.publish(
                f"works/meters/m-{meter}",
                f'{{"t": {int(at * 1e6)}, "v": {second * 2.5}, "n": {second}}}',
                1,
            )
        if (second + 1) % (seconds // TIMES) == 0:
            samples.append(((time.time() - began) / 60, _mb(pid, "VmRSS"), _mb(pid, "RssAnon")))
            sent = (second + 1) * meters
            print(
                f"{samples[-1][0]:6.1f} min  {sent:>10,} sent  {_readings_held(page):>10,} kept  "
                f"{samples[-1][1]:7.1f} MB, {samples[-1][2]:7.1f} its own",
                flush=True,
            )
    client.disconnect()
    client.loop_stop()
    return samples


def _report(samples: list[tuple[float, float, float]]) -> None:
    since = np.array(samples[len(samples) // 4 :])
    for name, memory_mb in (("resident", since[:, 1]), ("its own", since[:, 2])):
        slope = np.polyfit(since[:, 0], memory_mb, 1)[0] * 60
        print(
            f"{name} since a quarter: {memory_mb[-1] / memory_mb[0] - 1:+.1%}, slope {slope:+.1f} "
            "MB an hour"
        )


def _readings_held(page: int) -> int:
    with urllib.request.urlopen(f"http://127.0.0.1:{page}/?hold", timeout=30) as answer:
        return live.kept_in(answer.read().decode())


def _until_served(page: int) -> None:
    for _ in range(600):
        try:
            _readings_held(page)
        except (OSError, ValueError):
            time.sleep(0.2)
        else:
            return
    raise TimeoutError("watch serves no page")


def _mb(pid: int, field: str) -> float:
    """Of proc(5), `status`: kB there."""
    line = next(
        line
        for line in Path(f"/proc/{pid}/status").read_text("ascii").splitlines()
        if line.startswith(f"{field}:")
    )
    return int(line.split()[1]) * 1024 / 1e6


if __name__ == "__main__":
    main(*map(int, sys.argv[1:3]))
