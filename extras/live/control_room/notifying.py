"""Alerts to those who are to know: a journal beside the spool, a webhook, mail, MQTT. A thread of
its own: a slow server delays no reading.

The journal is what a restart remembers: a batch that was told is not told again. What a server does
not take is tried again every half minute, and after a restart (`unsent`).
"""

from __future__ import annotations

import http.client
import json
import os
import smtplib
import threading
import urllib.request
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict
from datetime import UTC, datetime
from email.message import EmailMessage
from email.utils import format_datetime
from pathlib import Path
from typing import Any

from benchmarks.phrases import Phrase, as_phrase, restored, stored
from extras.live.control_room.answers import AlertAnswer
from extras.live.control_room.unsent import Notification, UnsentMessages, WaitingMessage
from extras.live.running.plant import Alert
from extras.live.sources.settings import Alerts
from extras.live.sources.source import not_saved, reason
from extras.live.spool.writer import now_us

AGAIN_S = 30.0
PATIENCE_S = 10.0
WAYS = ("webhook", "mail", "mqtt")

Publish = Callable[[str, str], None]
Way = Callable[[WaitingMessage], None]


class Journal:
    """alerts.jsonl in the spool's folder: a line an alert, and a line an answer to one, `{"answer":
    …}`.
    """

    def __init__(self, folder: Path, say: Callable[[str], None]) -> None:
        self._path, self._say, self._writing = folder / "alerts.jsonl", say, threading.Lock()

    def load(self) -> list[Alert]:
        return [_alert(entry) for entry in self._lines() if "answer" not in entry]

    def answers(self) -> dict[str, AlertAnswer]:
        """The last to each alert, by its key."""
        alert_answers = [
            AlertAnswer(**entry["answer"]) for entry in self._lines() if "answer" in entry
        ]
        return {answer.alert: answer for answer in alert_answers}

    def add(self, alert: Alert) -> None:
        self._write(
            {
                **asdict(alert),
                "cause": str(alert.cause),
                "cause_phrase": stored(as_phrase(alert.cause)),
            }
        )

    def answer(self, answer: AlertAnswer) -> None:
        self._write({"answer": asdict(answer)})

    def _lines(self) -> list[dict[str, Any]]:
        """But for what a full disk or a power cut left of one."""
        lines: list[dict[str, Any]] = []
        for line in self._path.read_bytes().split(b"\n") if self._path.exists() else ():
            with suppress(ValueError):
                lines.append(json.loads(line))
        return lines

    def _write(self, entry: dict[str, Any]) -> None:
        """On the disk once it returns, and a line of its own, also behind a torn one; where the
        disk takes nothing, that is said.
        """
        try:
            with self._writing, self._path.open("a+b") as file:
                if file.tell():
                    file.seek(-1, os.SEEK_END)
                    file.write(b"" if file.read() == b"\n" else b"\n")
                file.write(json.dumps(entry, ensure_ascii=False).encode() + b"\n")
                file.flush()
                os.fsync(file.fileno())
        except OSError as refused:
            self._say(not_saved(self._path.name, refused))


def _alert(entry: dict[str, Any]) -> Alert:
    """Its cause as a phrase, so that a page says it in its reader's language."""
    cause = restored(entry.pop("cause_phrase"))
    return Alert(**{**entry, "cause": cause})


class Notifier:
    """Sends what it is given by every way that site.toml names. It lasts as long as `watch`, so
    that a reload sends nothing twice.
    """

    def __init__(self, folder: Path, say: Callable[[str], None], publish: Publish | None) -> None:
        """`folder`: the spool's. Nothing is sent before `use`."""
        self._say, self._publish = say, publish
        self._unsent = UnsentMessages(folder, say)
        self._ways: dict[str, Way] = {}
        self._changed = threading.Condition()
        self._ended = False
        for name in WAYS:
            threading.Thread(
                target=self._send, args=(name,), daemon=True, name=f"alerts-{name}"
            ).start()

    def use(self, settings: Alerts, folder: Path) -> None:
        """Send by these ways from now on, what waits too; `folder`: that of site.toml."""
        ways: dict[str, Way] = {}
        if (url := settings.webhook) is not None:
            ways["webhook"] = lambda entry: _post(url, entry.notification)
        if settings.mail is not None:
            ways["mail"] = lambda entry: _mail(settings, folder, entry)
        if (topic := settings.topic) is not None and (publish := self._publish) is not None:
            ways["mqtt"] = lambda entry: publish(topic, entry.notification.as_json())
        self._unsent.give_up(ways, now_us())
        with self._changed:
            self._ways = ways
            self._changed.notify_all()

    def tell(self, notification: Notification) -> None:
        """It is on the disk once this returns."""
        self._unsent.add(notification, self._ways, now_us())
        with self._changed:
            self._changed.notify_all()

    def stop(self) -> None:
        """What waits is sent after a restart."""
        with self._changed:
            self._ended = True
            self._changed.notify_all()

    def _send(self, name: str) -> None:
        failing = False
        while (due := self._due(name)) is not None:
            way, entry = due
            try:
                way(entry)
            except (OSError, smtplib.SMTPException, http.client.HTTPException, ValueError) as why:
                if not failing:
                    self._say(
                        Phrase(
                            "Alerts cannot be sent by %(way)s (%(why)s); the agent tries again.",
                            way=name,
                            why=reason(why),
                        )
                    )
                failing = True
                with self._changed:
                    self._changed.wait_for(lambda: self._ended, AGAIN_S)
                self._unsent.give_up(self._ways, now_us())
            else:
                self._unsent.taken(entry, name)
                if failing:
                    self._say(Phrase("Alerts are sent by %(way)s again.", way=name))
                failing = False

    def _due(self, name: str) -> tuple[Way, WaitingMessage] | None:
        """What this way is to send next, once there is something; None at the end."""
        with self._changed:
            while not self._ended:
                if name in self._ways and (entry := self._unsent.first(name)) is not None:
                    return self._ways[name], entry
                self._changed.wait()
        return None


def _post(url: str, notification: Notification) -> None:
    request = urllib.request.Request(  # noqa: S310 - http or https, as settings hold
        url, notification.as_json().encode(), {"Content-Type": "application/json"}
    )
    with urllib.request.urlopen(request, timeout=PATIENCE_S):  # noqa: S310
        pass


def _mail(settings: Alerts, folder: Path, entry: WaitingMessage) -> None:
    mail = settings.mail
    if mail is None:
        return
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = (
        mail.sender,
        ", ".join(mail.to),
        entry.notification.subject,
    )
    message["Date"] = format_datetime(
        datetime.fromtimestamp(entry.at_us / 1e6, UTC)
    )  # when it was raised, though it is sent later
    message["Message-ID"] = f"<{entry.notification.id}@{mail.sender.rpartition('@')[2]}>"
    message.set_content(entry.notification.text)
    with smtplib.SMTP(mail.server, mail.port, timeout=PATIENCE_S) as server:
        if mail.tls:
            import ssl

            server.starttls(context=ssl.create_default_context())
        if mail.username is not None and mail.password_file is not None:
            server.login(mail.username, (folder / mail.password_file).read_text("utf-8").strip())
        server.send_message(message)
