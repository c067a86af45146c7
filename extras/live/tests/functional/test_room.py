"""The control room's page in a real Chromium: both languages, wall and phone, without JavaScript,
and by known names only.
"""

from __future__ import annotations

import http.client
import os
import socket
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import cast
from urllib.parse import urlencode

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, sync_playwright

from extras.live.control_room.answers import AlertAnswer, Kind
from extras.live.control_room.moment import PlantMoment
from extras.live.control_room.pages import SitePages
from extras.live.control_room.serving import Server
from extras.live.control_room.shifts import LineDone, Shift
from extras.live.running.batch_log import RunningBatch
from extras.live.running.plant import Alert, IdleEquipment, Open
from extras.live.sources.settings import PageAddress
from extras.live.unreadable import Message
from fixtures.simulator.furnaces import Furnaces
from reporting_agent.config import load_site
from tests.functional.browser.conftest import ARGUMENTS
from tests.servers import free_port

pytestmark = [pytest.mark.browser, pytest.mark.slow]

AT_US = round(datetime(2025, 1, 2, 8, 40, tzinfo=UTC).timestamp() * 1e6)
BAND = tuple((look / 20, -3.0 - look / 10, 3.0 + look / 10) for look in range(1, 21))
KEY = f"eaf/H1-0002/{AT_US}"
FORM = f"/answer?alert={KEY}"
COURSE = tuple((look / 20, look**2 / 20) for look in range(1, 15))


def moment() -> PlantMoment:
    """Two furnaces, one of which wastes and one whose meters are silent; one that stands idle."""
    bad = RunningBatch("H1-0002", "eaf", "k", "eaf-1", AT_US - 2_000_000_000, sure_us=AT_US)
    other = RunningBatch("H2-0002", "eaf", "k", "eaf-2", AT_US - 2_000_000_000)
    alert = Alert(
        "H1-0002",
        "eaf",
        "eaf-1",
        AT_US,
        1200.0,
        9.8,
        "Longer than usual: holding or waiting",
        5400.0,
    )
    start = datetime(2025, 1, 2, 5, tzinfo=UTC)
    shift = Shift(
        start,
        start.replace(hour=13),
        (LineDone("eaf-1", 2, 240.0, 4.2), LineDone("eaf-2", 1, 118.0, None)),
        (alert,),
        ("H1-0001",),
    )
    opened = [
        Open(bad, 0.7, 9.8, COURSE, BAND, 5.1, "wastes", cause=alert.cause),
        Open(other, 0.4, 0.2, COURSE[:5], BAND, 4.9, "unknown", silent_since_us=AT_US),
    ]
    idle = [
        IdleEquipment(
            "eaf-3", AT_US, (("electricity", 300.0, "kWh"), ("natural-gas", 20.0, "Nm3")), 211.0
        )
    ]
    unreadable = [("works/x", 3, (Message(AT_US, "works/x", "no JSON: <b>", "<b>bad"),))]
    return PlantMoment(
        AT_US,
        AT_US,
        opened,
        idle,
        [("eaf-2-gas", AT_US), ("eaf-2-electricity", 0)],
        unreadable,
        [("broker:1883", ""), ("b:1", "refused")],
        [alert],
        shift,
        12_345,
        3,
        7,
        8.0,
        1.0,
        vouched=True,
        unread=3,
        untold=["steam-1"],
    )


@pytest.fixture
def latest() -> list[PlantMoment]:
    return [moment()]


@pytest.fixture
def address(tmp_path: Path, latest: list[PlantMoment]) -> Iterator[str]:
    port = free_port()

    def answer(key: str, kind: str, word: str) -> bool:
        if key == KEY:
            latest.append(
                replace(latest[-1], answers={key: AlertAnswer(key, cast(Kind, kind), word, AT_US)})
            )
        return key == KEY

    pages = SitePages(load_site(Furnaces(heats=1).write(tmp_path)))
    server = Server(
        PageAddress(port=port, names=("Steplabel.Works",)), pages, lambda: latest[-1], answer
    )
    server.start()
    yield f"http://127.0.0.1:{port}"
    server.stop()


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=os.environ["CHROMIUM"], args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.mark.parametrize("width", [360, 1920])
@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("/", "H1-0002 is wasting energy"),
        ("/zh/", "正在浪费能源"),
        ("/shift", "Counted again after late or corrected data: H1-0001."),
        ("/zh/shift", "重新计算"),
        ("/unreadable", "<b>bad"),
        ("/zh/unreadable", "无法读取的消息"),
        (FORM, "What happened?"),
        (f"/zh{FORM}", "自"),
    ],
)
def test_every_screen_is_sound(
    address: str, chromium: Browser, path: str, text: str, width: int
) -> None:
    page = chromium.new_page(viewport={"width": width, "height": 1080})
    noticed: list[str] = []
    page.on("console", lambda message: noticed.append(message.text))
    page.on("pageerror", lambda error: noticed.append(str(error)))
    page.goto(address + path)
    page.wait_for_timeout(1500)  # for the first event
    assert text in page.inner_text("main")
    assert [rule["id"] for rule in Axe().run(page).response["violations"]] == []
    assert noticed == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    if width == 1920 and path not in ("/unreadable", "/zh/unreadable", "/shift", "/zh/shift"):
        assert page.evaluate(
            "document.documentElement.scrollHeight <= innerHeight"
        )  # a wall cannot be scrolled
    page.close()


def test_without_javascript_it_reloads_and_with_it_parts_come_by_events(
    address: str, latest: list[PlantMoment], chromium: Browser
) -> None:
    plain = chromium.new_context(java_script_enabled=False).new_page()
    plain.goto(address)
    assert "H1-0002 is wasting energy" in plain.content()
    assert '<meta http-equiv="refresh" content="10">' in _asked(address)[1]
    assert "refresh" not in _asked(address, "/?hold")[1]
    live = chromium.new_page()
    live.goto(address)
    live.evaluate("window.loaded = 'once'")
    assert "eaf-3" in live.inner_text("#idle")
    latest.append(
        replace(
            moment(), idle=[IdleEquipment("eaf-4", AT_US, (("electricity", 90.0, "kWh"),), 63.0)]
        )
    )
    live.locator(
        "#idle", has_text="eaf-4"
    ).wait_for()  # a function would be asked for by eval, which the policy refuses
    assert live.evaluate("window.loaded") == "once"  # the part came, not the page


def test_a_name_of_another_site_is_refused_and_nothing_may_be_fetched(address: str) -> None:
    assert _asked(address, host="evil.example")[0].status == 421
    answer, page = _asked(address)
    assert "default-src 'none'" in (answer.getheader("Content-Security-Policy") or "")
    assert "&lt;b&gt;" in page  # what a message held is text


@pytest.mark.parametrize(
    ("host", "path", "status"),
    [
        ("steplabel.works", "/", 200),
        ("STEPLABEL.Works:80", "/", 200),
        ("[", "/", 421),
        ("steplabel.works", "http://[", 404),
    ],
)
def test_a_name_is_known_in_capitals_too_and_what_is_no_address_is_answered(
    address: str, host: str, path: str, status: int
) -> None:
    """A browser writes it in small letters, however the settings have it."""
    assert _asked(address, path, host)[0].status == status


def test_an_alert_is_answered_without_javascript_and_the_answer_taken_back(
    address: str, latest: list[PlantMoment], chromium: Browser
) -> None:
    page = chromium.new_context(java_script_enabled=False).new_page()
    page.goto(address)
    page.click("button")
    assert page.url == f"{address}/"
    assert "Seen at 09:40." in page.inner_text("#alerts")
    page.click("text=Change the answer")
    page.fill("#word", " the scale  was stuck ")
    page.click("text=It was a false alarm")
    assert "False alarm, reported at 09:40: the scale was stuck" in page.inner_text("#alerts")
    page.goto(f"{address}/shift")
    assert "Alerts: 1; seen 0, false alarms 1, without an answer 0." in page.inner_text("main")
    page.click("text=Change the answer")
    assert page.input_value("#word") == "the scale was stuck"
    page.click("text=Withdraw the answer")
    assert page.locator("#alerts button").count() == 1
    assert [shown.answers[KEY].kind for shown in latest[1:]] == ["seen", "not-so", "taken-back"]


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({}, 303),
        ({"Origin": "http://evil.example"}, 403),
        ({"Origin": ""}, 403),
        ({"Origin": "null"}, 403),
        ({"Host": "evil.example"}, 421),
        ({"token": "0"}, 403),
        ({"alert": "eaf/H9/1"}, 403),
        ({"answer": "forget"}, 400),
        ({"word": "x" * 201}, 400),
        ({"word": "x" * 5000}, 413),
    ],
)
def test_only_a_form_of_this_page_answers(
    address: str, latest: list[PlantMoment], change: dict[str, str], status: int
) -> None:
    """The first is the control: all of it as the page sends it."""
    page = _asked(address)[1]
    token = page.split('name="token" value="')[1].split('"')[0]
    sent = {
        name: change.get(name, value)
        for name, value in {"alert": KEY, "token": token, "answer": "seen", "word": ""}.items()
    }
    headers = {"Origin": address, "Content-Type": "application/x-www-form-urlencoded"}
    headers |= {name: value for name, value in change.items() if name in ("Origin", "Host")}
    connection = http.client.HTTPConnection(address.removeprefix("http://"), timeout=60)
    connection.request("POST", "/answer", urlencode(sent), headers)
    assert connection.getresponse().status == status
    assert len(latest) == (2 if status == 303 else 1)


@pytest.mark.parametrize("path", ["/", "/zh/", "/shift", "/room.css", "/events/", "/nowhere"])
def test_head_is_answered_as_get_without_its_content(address: str, path: str) -> None:
    connection = http.client.HTTPConnection(address.removeprefix("http://"), timeout=60)
    connection.request("HEAD", path)
    head = connection.getresponse()
    head.read()
    connection.close()
    connection.request("GET", path)
    whole = connection.getresponse()
    assert (head.status, head.getheader("Content-Type")) == (
        whole.status,
        whole.getheader("Content-Type"),
    )
    if path != "/events/":  # which has no end
        assert head.getheader("Content-Length") == str(len(whole.read()))
    connection.close()
    bare = socket.create_connection(("127.0.0.1", int(address.rpartition(":")[2])), timeout=60)
    bare.sendall(f"HEAD {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode())
    answer = b"".join(
        iter(lambda: bare.recv(4096), b"")
    )  # a client of HTTP would read no content after a HEAD
    bare.close()
    assert answer.endswith(b"\r\n\r\n")
    assert answer.count(b"\r\n\r\n") == 1


def _asked(
    address: str, path: str = "/", host: str | None = None
) -> tuple[http.client.HTTPResponse, str]:
    connection = http.client.HTTPConnection(address.removeprefix("http://"), timeout=60)
    connection.request("GET", path, headers={"Host": host} if host else {})
    answer = connection.getresponse()
    return answer, answer.read().decode()
