"""`watch` of a site, run by a thread of the process that measures."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from tests.performance.measurement import Measurement

if TYPE_CHECKING:
    from extras.live.watching import SiteWatch


@contextmanager
def watching(folder: Path, site_text: str) -> Iterator[SiteWatch]:
    """The `SiteWatch` of a site.toml that is written into the folder."""
    from extras.live.watching import SiteWatch
    from reporting_agent.config import load_site

    (folder / "site.toml").write_text(site_text, "utf-8")
    watch, stop = SiteWatch(load_site(folder / "site.toml"), lambda _: None), threading.Event()
    running = threading.Thread(target=watch.run, args=(stop,))
    running.start()
    try:
        yield watch
    finally:
        stop.set()
        running.join()


def until(reached: Callable[[], bool], patience_s: float = 300) -> None:
    deadline = time.monotonic() + patience_s
    while not reached():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def resident_mb() -> float:
    pages = int(Path("/proc/self/statm").read_text("ascii").split()[1])
    return pages * 4096 / 1e6


def line(name: str, size: str, ours_s: float, reference: str, reference_s: float) -> Measurement:
    return {
        "name": name,
        "ours_s": ours_s,
        "reference": reference,
        "reference_s": reference_s,
        "ratio": ours_s / reference_s,
        "peak_rss_mb": round(resident_mb(), 1),
        "size": size,
    }
