"""Messages to the worker: those who ask at the same moment share one, and who asks after it gets
another.
"""

from __future__ import annotations

from time import monotonic, sleep

import pytest

from portal import celery


def sent_by(asked: int, monkeypatch: pytest.MonkeyPatch, wanted: int) -> list[str]:
    sent: list[str] = []
    monkeypatch.setattr(celery, "nudge", sent.append)
    for _ in range(asked):
        celery.nudge_soon("a.task")
    until = monotonic() + 20
    while len(sent) < wanted and monotonic() < until:
        sleep(0.01)
    return sent


def test_many_who_ask_at_once_share_a_message_and_the_next_gets_its_own(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert sent_by(50, monkeypatch, 1) == ["a.task"]
    assert sent_by(1, monkeypatch, 1) == ["a.task"]
