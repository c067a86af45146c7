"""One line of Modbus devices, polled at an even pace.

A device tells neither times nor what it measured before: a reading's time is when it was received,
and a poll that was missed cannot be asked for again. A register of energy goes on counting
meanwhile, so that energy is complete, and only its course over the gap is not known.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.phrases import Phrase
from extras.live.sources.clients import client_of
from extras.live.sources.lifeline import Lifeline
from extras.live.sources.modbus.batches import PolledBatches
from extras.live.sources.modbus.registers import RegisterBlock, blocks, readings, tagged
from extras.live.sources.modbus.settings import Modbus, Register, Tag
from extras.live.sources.source import Word, reason, troubles
from extras.live.spool.acknowledging import Intake, MessageArrival
from extras.live.spool.kept_rows import kept_rows
from extras.live.spool.reading import Reading
from extras.live.spool.writer import now_us

LEAVING_S = 10.0


class _Silence:
    """Polls that a block of registers missed in a row, and what is to be said of it."""

    def __init__(self) -> None:
        self.why = ""
        self.since = ""
        self.polls = 0

    def missed(self, why: str, polls: int = 1) -> None:
        if not self.why:
            self.since, self.polls = datetime.now(UTC).isoformat(timespec="seconds"), 0
        self.why, self.polls = why, self.polls + polls

    def answered(self) -> None:
        self.why = ""


class ModbusSource:
    """Polled by a thread of its own."""

    def __init__(self, settings: Modbus, folder: Path, intake: Intake) -> None:
        del folder  # nothing of it lies in a file
        with client_of("Modbus", "pymodbus and pyserial", "source.modbus"):
            from extras.live.sources.modbus.line import NoAnswer, NotReached, RequestLine
        self.settings, self._intake = settings, intake
        self._line, self._missed, self._not_reached = RequestLine(settings), NoAnswer, NotReached
        # whether the last poll took longer than the time between polls, though all answered
        self._slow = False
        self._silences = {block: _Silence() for block in blocks(settings.values)}
        self._batches: list[PolledBatches] = []
        self.lifeline = Lifeline()
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name=self.name, daemon=True)

    @property
    def name(self) -> str:
        return self.settings.name

    def start(self) -> None:
        """Poll until `stop`."""
        self._thread.start()

    def stop(self) -> None:
        """Poll no more."""
        self._ended.set()
        self._thread.join(LEAVING_S)

    def trouble(self) -> str:
        """What keeps readings from coming; empty for nothing."""
        if self.lifeline.trouble is not None:
            return self.lifeline.trouble
        return troubles(
            {_place(block): silence.why for block, silence in self._silences.items() if silence.why}
        )

    def words(self) -> Iterator[Word]:
        """Blocks of registers that do not answer, and, once they do again, what was missed."""
        every = f"{self.settings.every_s:g}"
        for block, silence in list(self._silences.items()):
            meters = ", ".join(register.name_in_words for register in block.values)
            if silence.why:
                sentence = Phrase(
                    "%(source)s, %(place)s: no reading of %(meters)s (%(why)s). The agent tries "
                    "again every %(every)s s.",
                    source=self.name,
                    place=_place(block),
                    meters=meters,
                    why=silence.why,
                    every=every,
                )
            else:
                sentence = _again(self.name, block, silence)
            yield Word(_place(block), silence.why, sentence)

        sentence = (
            Phrase(
                "%(source)s: a poll takes longer than the %(every)s s between polls. Raise "
                "every_s.",
                source=self.name,
                every=every,
            )
            if self._slow
            else Phrase("%(source)s: polls are on time again.", source=self.name)
        )
        yield Word("pace", "slow" if self._slow else "", sentence)

    def _run(self) -> None:
        with self.lifeline.guard():
            self._polling()
        self._line.close()

    def _polling(self) -> None:
        rows = kept_rows(self._intake.spool.folder) if self.settings.batches else []
        self._batches = [PolledBatches(batch, rows) for batch in self.settings.batches]
        due_s = time.monotonic()
        while not self._ended.wait(max(0.0, due_s - time.monotonic())):
            self._poll()
            over = int(
                (time.monotonic() - due_s) // self.settings.every_s
            )  # polls that were due meanwhile
            due_s += (over + 1) * self.settings.every_s
            silent = [quiet for quiet in self._silences.values() if quiet.why]
            for silence in silent:
                silence.polls += over
            self._slow = over > 0 and not silent

    def _poll(self) -> None:
        polled: list[Reading] = []
        texts: list[dict[str, str]] = [{} for _ in self._batches]
        unreached = ""
        for block, silence in self._silences.items():
            if self._ended.is_set():
                break
            if unreached:
                silence.missed(unreached)
                continue
            try:
                raw_words = self._line.read(block)
            except self._missed as missed:
                silence.missed(reason(missed))
                unreached = reason(missed) if isinstance(missed, self._not_reached) else ""
            else:
                polled += readings(block, raw_words, now_us())
                for tag, text in tagged(block, raw_words):
                    texts[tag.index][tag.column] = text
                silence.answered()
        rows = [
            row
            for unit, values in zip(self._batches, texts, strict=True)
            for row in unit.rows(values, now_us())
        ]
        if polled or rows:
            self._intake.put(MessageArrival(polled, rows))


def _again(source: str, block: RegisterBlock, silence: _Silence) -> Phrase:
    """That a block answers again, and what the missed polls mean for what it holds."""
    named = {
        "source": source,
        "place": _place(block),
        "polls": f"{silence.polls:,}",
        "meters": ", ".join(value.name_in_words for value in block.values),
        "since": silence.since,
    }
    of_meters, of_batches = (
        any(isinstance(value, kind) for value in block.values) for kind in (Register, Tag)
    )
    if not of_batches:
        return Phrase(
            "%(source)s, %(place)s answers again; polls of %(meters)s missed since %(since)s: "
            "%(polls)s. What a register of energy "
            "counted meanwhile is complete, but not how; the values of a rate are not known.",
            **named,
        )
    if not of_meters:
        return Phrase(
            "%(source)s, %(place)s answers again; polls of %(meters)s missed since %(since)s: "
            "%(polls)s. A batch that began and ended "
            "meanwhile was not seen, and one that began or ended then has the time of the next "
            "poll.",
            **named,
        )
    return Phrase(
        "%(source)s, %(place)s answers again; polls of %(meters)s missed since %(since)s: "
        "%(polls)s. What a register of energy counted "
        "meanwhile is complete, but not how; the values of a rate are not known. A batch that "
        "began and ended meanwhile was not seen.",
        **named,
    )


def _place(block: RegisterBlock) -> str:
    return f"unit {block.unit} {block.table} {block.address}"
