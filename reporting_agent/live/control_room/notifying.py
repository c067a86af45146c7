"""Alerts to those who are to know: a journal beside the spool, a webhook, mail, MQTT. A thread of its own: a slow server delays no reading.

The journal is what a restart remembers: a batch that was told is not told again. What a server does not take is tried again every half
minute, as long as this process lives.
"""

from __future__ import annotations

import json
import os
import queue
import smtplib
import threading
import urllib.request
from collections.abc import Callable
from dataclasses import asdict, dataclass
from email.message import EmailMessage
from pathlib import Path
from typing import Any

from benchmarks.phrases import Phrase, restored, stored
from reporting_agent.live.control_room.answers import Answer
from reporting_agent.live.running.plant import Alert
from reporting_agent.live.sources.settings import Alerts
from reporting_agent.live.sources.source import reason

AGAIN_S = 30.0
PATIENCE_S = 10.0
MOST_WAITING = 1_000

Publish = Callable[[str, str], None]


@dataclass(frozen=True, slots=True)
class Told:
    """One message: its subject, its text, and the same as data."""

    subject: str
    text: str
    data: dict[str, Any]


class Journal:
    """alerts.jsonl in the spool's folder: a line an alert, and a line an answer to one, `{"answer": …}`."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / "alerts.jsonl"

    def load(self) -> list[Alert]:
        return [_alert(held) for held in self._lines() if "answer" not in held]

    def answers(self) -> dict[str, Answer]:
        """The last to each alert, by its key."""
        given = [Answer(**held["answer"]) for held in self._lines() if "answer" in held]
        return {answer.alert: answer for answer in given}

    def add(self, alert: Alert) -> None:
        self._write({**asdict(alert), "cause": str(alert.cause), "cause_phrase": stored(_phrase(alert.cause))})

    def answer(self, answer: Answer) -> None:
        self._write({"answer": asdict(answer)})

    def _lines(self) -> list[dict[str, Any]]:
        if not self._path.exists():
            return []
        return [json.loads(line) for line in self._path.read_text("utf-8").splitlines(keepends=True) if line.endswith("\n")]

    def _write(self, held: dict[str, Any]) -> None:
        """In one write, so that lines of two threads do not mix; on the disk once it returns."""
        with self._path.open("ab", buffering=0) as file:
            file.write(json.dumps(held, ensure_ascii=False).encode() + b"\n")
            os.fsync(file.fileno())


def _phrase(text: str) -> Phrase:
    return text if isinstance(text, Phrase) else Phrase(text)


def _alert(held: dict[str, Any]) -> Alert:
    """Its cause as a phrase, so that a page says it in its reader's language; journals of earlier versions hold its text alone."""
    phrase = held.pop("cause_phrase", None)
    return Alert(**{**held, "cause": restored(phrase) if phrase else Phrase(held["cause"])})


class Teller:
    """Sends what it is given by every way that site.toml names."""

    def __init__(self, settings: Alerts, folder: Path, say: Callable[[str], None], publish: Publish | None) -> None:
        self._say = say
        ways: dict[str, Callable[[Told], None]] = {}
        if settings.webhook is not None:
            ways["webhook"] = lambda message, url=settings.webhook: _post(url, message)  # type: ignore[misc]
        if settings.mail is not None:
            ways["mail"] = lambda message: _mail(settings, folder, message)
        if settings.topic is not None and publish is not None:
            ways["mqtt"] = lambda message: publish(settings.topic or "", json.dumps(message.data, ensure_ascii=False))
        self._queues: dict[str, queue.Queue[Told]] = {name: queue.Queue(MOST_WAITING) for name in ways}
        self._stop = threading.Event()
        for name, way in ways.items():
            threading.Thread(target=self._send, args=(name, way), daemon=True, name=f"alerts-{name}").start()

    def tell(self, told: Told) -> None:
        for waiting in self._queues.values():
            if waiting.full():
                waiting.get_nowait()  # the oldest is the least use
            waiting.put_nowait(told)

    def stop(self) -> None:
        self._stop.set()

    def _send(self, name: str, way: Callable[[Told], None]) -> None:
        failing = False
        while not self._stop.is_set():
            message = self._queues[name].get()
            while not self._stop.is_set():
                try:
                    way(message)
                except (OSError, smtplib.SMTPException, ValueError) as why:
                    if not failing:
                        self._say(Phrase("Alerts cannot be sent by %(way)s (%(why)s); the agent tries again.", way=name, why=reason(why)))
                    failing = True
                    self._stop.wait(AGAIN_S)
                else:
                    failing = False
                    break


def _post(url: str, told: Told) -> None:
    body = json.dumps({"text": told.text, **told.data}, ensure_ascii=False).encode()
    request = urllib.request.Request(url, body, {"Content-Type": "application/json"})  # noqa: S310 - http or https, as settings hold
    with urllib.request.urlopen(request, timeout=PATIENCE_S):  # noqa: S310
        pass


def _mail(settings: Alerts, folder: Path, told: Told) -> None:
    mail = settings.mail
    if mail is None:
        return
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = mail.sender, ", ".join(mail.to), told.subject
    message.set_content(told.text)
    with smtplib.SMTP(mail.server, mail.port, timeout=PATIENCE_S) as server:
        if mail.tls:
            import ssl

            server.starttls(context=ssl.create_default_context())
        if mail.username is not None and mail.password_file is not None:
            server.login(mail.username, (folder / mail.password_file).read_text("utf-8").strip())
        server.send_message(message)
