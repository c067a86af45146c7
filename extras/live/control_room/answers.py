"""What the control room answers to an alert, seen or a false alarm, counted by shift; and tokens
that guard the form.

An answer changes no threshold: the rate of false alarms is kept by the history. It is counted in
the shift's summary and lies in the journal, so that a chosen rate can be held against what people
found.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal, get_args

from benchmarks.phrases import Phrase
from extras.live.running.plant import Alert

Kind = Literal["seen", "not-so", "taken-back"]
KINDS: tuple[str, ...] = get_args(Kind)
LONGEST_WORD = 200  # characters


@dataclass(frozen=True, slots=True)
class AlertAnswer:
    """To the alert of that key; `at_us` is this machine's time."""

    alert: str
    kind: Kind
    word: str
    at_us: int


def key_of(alert: Alert) -> str:
    """By which an alert is answered."""
    return f"{alert.step}/{alert.batch}/{alert.at_us}"


class Tokens:
    """What a form carries, so that no page of another site can answer: it cannot read the page that
    has the token.
    """

    def __init__(self) -> None:
        self._secret = secrets.token_bytes(32)

    def of(self, alert: str) -> str:
        return hmac.new(self._secret, alert.encode(), hashlib.sha256).hexdigest()

    def holds(self, alert: str, token: str) -> bool:
        return hmac.compare_digest(self.of(alert).encode(), token.encode())


def sentence_of(answer: AlertAnswer, clock: str) -> Phrase | None:
    """As a sentence; None for one that was taken back."""
    if answer.kind == "taken-back":
        return None
    if answer.kind == "seen":
        return Phrase("Seen at %(at)s.", at=clock)
    return Phrase("False alarm, reported at %(at)s: %(word)s", at=clock, word=answer.word)


def counted(alerts: Iterable[Alert], answers: Mapping[str, AlertAnswer]) -> Phrase:
    """How many of a shift's alerts were answered, and how."""
    kinds = [answers[key].kind if (key := key_of(alert)) in answers else "" for alert in alerts]
    return Phrase(
        "Alerts: %(all)s; seen %(seen)s, false alarms %(false)s, without an answer %(open)s.",
        all=len(kinds),
        seen=kinds.count("seen"),
        false=kinds.count("not-so"),
        open=len(kinds) - kinds.count("seen") - kinds.count("not-so"),
    )
