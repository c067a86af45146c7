"""What the control room's page says: words and figures that hold, also before there is a threshold,
and an answer at once.
"""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from benchmarks.phrases import Phrase
from extras.live.control_room.answers import key_of
from extras.live.control_room.drawing import tenths
from extras.live.control_room.moment import PlantMoment
from extras.live.control_room.notifying import Notifier
from extras.live.control_room.room import Room
from extras.live.control_room.room_view import RoomView
from extras.live.control_room.shifts import Shift
from extras.live.reloading import settings_of
from extras.live.running.plant import Alert, IdleEquipment
from fixtures.simulator.furnaces import Furnaces
from reporting_agent.config import load_site

AT_US = round(datetime(2026, 11, 25, 14, tzinfo=UTC).timestamp() * 1e6)
START = datetime(2026, 11, 25, 13, tzinfo=UTC)
ALERT = Alert("H1", "eaf", "eaf-1", AT_US, 1200.0, 9.8, "held", None)
SHIFT = Shift(START, START.replace(hour=21), (), ())
MOMENT = PlantMoment(
    AT_US, AT_US, [], [], [], [], [], [ALERT], SHIFT, 1, 0, 0, 0.0, 1.0, vouched=False
)
SOURCE = """[[source.files]]
path = "x.csv"
[source.files.readings]
columns = { meter = "tag", time = "at", value = "value" }
"""


@pytest.fixture
def room(tmp_path: Path) -> Room:
    site = load_site(Furnaces(heats=1).fed_by(tmp_path, SOURCE))
    settings = settings_of(site)
    room = Room(
        site,
        settings,
        lambda sentence: None,
        Notifier(settings.folder, lambda sentence: None, None),
    )
    room.latest, room.alerts = MOMENT, [ALERT]
    return room


@pytest.mark.parametrize(
    ("weeks", "rate", "sentence"),
    [
        (0.3539, 5.0, "No alerts yet. Weeks of history: 0.35 of 0.4, for"),
        (0.3999, 5.0, "No alerts yet. Weeks of history: 0.39 of 0.4, for"),
        (0.666, 3.0, "No alerts yet. Weeks of history: 0.66 of 0.67, for"),
        (1.0, 1.0, "No alerts yet. Weeks of history: 1 of 2, for"),
    ],
)
def test_history_that_is_not_enough_does_not_look_as_if_it_were(
    room: Room, weeks: float, rate: float, sentence: str
) -> None:
    assert sentence in " ".join(
        RoomView(room.pages.words).of(replace(MOMENT, weeks=weeks, rate=rate), "en")["foot"]
    )


@pytest.mark.parametrize(("weeks", "written"), [(0.35, "0.35"), (8.0, "8"), (25.96, "25.9")])
def test_history_that_is_enough_is_never_nought_weeks(
    room: Room, weeks: float, written: str
) -> None:
    foot = " ".join(
        RoomView(room.pages.words).of(replace(MOMENT, weeks=weeks, vouched=True), "en")["foot"]
    )
    assert f"Weeks of history: {written}." in foot


def test_a_difference_of_nothing_has_no_sign() -> None:
    assert [tenths(value) for value in (-0.04, 0.04, -0.06, 0.06, None)] == [
        "0.0",
        "0.0",
        "−0.1",
        "+0.1",
        "–",
    ]


def test_equipment_that_is_idle_since_another_day_stands_with_that_day(room: Room) -> None:
    zone, days = room.site.zone, (0, 3)
    idle = [
        IdleEquipment(f"eaf-{day}", AT_US - day * 86_400_000_000, (("steam", 3.0, "t"),), None)
        for day in days
    ]
    since = [datetime.fromtimestamp(entry.since_us / 1e6, UTC).astimezone(zone) for entry in idle]
    view = RoomView(room.pages.words).of(replace(MOMENT, idle=idle), "en")
    assert [row["since"] for row in view["idle"]] == [
        f"{since[0]:%H:%M}",
        f"{since[1]:%Y-%m-%d %H:%M}",
    ]


def test_the_page_after_an_answer_shows_the_answer(room: Room) -> None:
    """Without waiting for the next picture: who sees the buttons again presses twice."""
    room.settings.folder.mkdir()
    key = key_of(ALERT)
    assert room.answer(key, "seen", "")
    moment = room.shown()
    assert moment is not None
    assert moment.answers[key].kind == "seen"
    assert "Seen at" in room.pages.room(moment, "en", hold=True)


def test_repeats_with_another_value_are_counted_on_the_page(room: Room) -> None:
    foot = RoomView(room.pages.words).of(replace(MOMENT, repeated=3, contradicted=2), "en")["foot"]
    assert "Repeats with another value than the saved one: 2." in " ".join(foot)
    assert "another value" not in " ".join(
        RoomView(room.pages.words).of(replace(MOMENT, repeated=3), "en")["foot"]
    )


@pytest.mark.parametrize(
    ("money", "en", "zh"),
    [
        (
            (211.0, None, None),
            " (without 2 of 3, whose price is not known)",
            "（不含价格未知的 2 台，共 3 台）",
        ),
        ((211.0, 50.0), "", ""),
        ((None, None), "", ""),
    ],
)
def test_a_sum_of_money_says_what_it_leaves_out(
    room: Room, money: tuple[float | None, ...], en: str, zh: str
) -> None:
    idle = [
        IdleEquipment(f"eaf-{number}", AT_US, (("steam", 3.0, "t"),), amount)
        for number, amount in enumerate(money)
    ]
    for lang, left_out in (("en", en), ("zh", zh)):
        page = room.pages.room(replace(MOMENT, idle=idle), lang, hold=True)
        assert left_out in page
        assert ("price is not known" in page or "价格未知" in page) is bool(left_out)


WELL = replace(
    MOMENT, alerts=[], sources=[("broker.works:8883", ""), ("mes.csv", "")], weeks=8.0, vouched=True
)


def test_the_page_says_that_all_is_well_and_what_is_normal_in_few_words(room: Room) -> None:
    page = room.pages.room(WELL, "en", hold=True)
    assert "All is well" in page
    assert "every source is connected, no meter is silent" in page
    seen = re.sub(r"<[^>]+>", " ", re.sub(r"(?s)<(head|script|title)\b.*?</\1>", " ", page))
    assert len(seen.split()) <= 120
    assert "一切正常" in room.pages.room(WELL, "zh", hold=True)
    assert "what chance makes" not in room.pages.room(replace(WELL, vouched=False), "en", hold=True)


@pytest.mark.parametrize(
    "trouble",
    [
        {"at_us": 0},
        {"alerts": [ALERT]},
        {"sources": [("broker.works:8883", "refused")]},
        {"silent": [("eaf-1-main", AT_US)]},
        {"missing": 1},
        {"contradicted": 1},
        {"untold": ["eaf-1-gas"]},
        {"notices": [("Clock", Phrase("is behind"), False)]},
    ],
    ids=lambda trouble: next(iter(trouble)),
)
def test_nothing_is_called_well_that_needs_a_look(room: Room, trouble: dict[str, Any]) -> None:
    assert "All is well" not in room.pages.room(replace(WELL, **trouble), "en", hold=True)
