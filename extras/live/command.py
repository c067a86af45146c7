"""`steplabel-agent watch`: stays, keeps what the plant's live sources send exactly once, and shows
what runs.
"""

from __future__ import annotations

import signal
import threading
from argparse import Namespace, _SubParsersAction
from typing import Any

from benchmarks.phrases import Phrase, joined
from reporting_agent.commands import add_language, add_site


def add_parser(sub: _SubParsersAction[Any]) -> None:
    """Declare the subcommand."""
    parser = sub.add_parser(
        "watch",
        help="stay and keep what the plant's live sources send, each numbered message exactly once",
    )
    add_site(parser)
    add_language(parser)


def run(args: Namespace) -> int:
    """Receive until SIGTERM or SIGINT."""
    from extras.live.control_room.room_view import contradictions
    from extras.live.watching import SiteWatch
    from reporting_agent.config import load_site
    from reporting_agent.console import emit, say

    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    watch = SiteWatch(load_site(args.site), say)
    if hasattr(
        signal, "SIGHUP"
    ):  # Windows has none: reload = "on-change" does there what it does here
        signal.signal(signal.SIGHUP, lambda *_: watch.reloading.asked.set())
    watch.run(stop)
    counts = {"kept": watch.stored} | {
        name: getattr(watch, name) for name in ("repeated", "contradicted", "late", "corrected")
    }
    sentence = Phrase(
        "Ended. Readings saved: %(kept)s; repeats dropped: %(repeated)s.",
        kept=f"{watch.stored:,}",
        repeated=f"{watch.repeated:,}",
    )
    if watch.contradicted:
        sentence = joined(sentence, contradictions(watch.contradicted))
    if watch.intake.full is not None:
        sentence = joined(
            sentence,
            Phrase("The spool was full: what came last was neither saved nor acknowledged."),
        )
    emit(args, counts, sentence)
    return 0
