"""Price series from a real HTTPS server behind a real proxy: what goes out, what is saved, and what
stays when nobody answers.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from reporting_agent import cli
from reporting_agent.config import load_site
from reporting_agent.sources.price_series import prices_of
from tests.servers.way_out import NAME, WayOut, opened

DAY_AHEAD = "time,price\n2023-05-01T00:00Z,500\n2023-05-01T01:00Z,-20.5\n2023-05-01T02:00Z,900\n"
SITE = """
[site]
id = "secret-works-7"
timezone = "Asia/Shanghai"
pack = "steel"

[inputs]
batches = "batches.csv"
energy = "energy.csv"

[tariff]
currency = "EUR"
[[tariff.series]]
name = "day-ahead"
carrier = "electricity"
unit = "MWh"
currency = "EUR"
address = "https://{name}/prices.csv?area=X"
[[tariff.series]]
name = "gas"
carrier = "natural-gas"
unit = "MJ"
currency = "EUR"
address = "https://{name}/gas.json"
format = "json"
rows = "data.points"
time = "at"
price = "eur"
time_in = "unix-ms"
"""

Agent = Callable[..., tuple[int, dict[str, Any], str]]


class Exchange:
    """A server of prices: what it answers by path, and every request as it came."""

    def __init__(self) -> None:
        gas = {
            "data": {
                "points": [{"at": 1682899200000, "eur": 0.01}, {"at": 1682902800000, "eur": None}]
            }
        }
        self.answers: dict[str, tuple[int, str]] = {
            "/prices.csv?area=X": (200, DAY_AHEAD),
            "/gas.json": (200, json.dumps(gas)),
        }
        self.requests: list[str] = []
        exchange = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                exchange.requests.append(f"{self.requestline}\n{self.headers}")
                status, body = exchange.answers.get(self.path, (404, "no such list"))
                self.send_response(status)
                if status == 302:
                    self.send_header("Location", body)
                self.end_headers()
                self.wfile.write(b"" if status == 302 else body.encode())

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)


@pytest.fixture
def exchange() -> Iterator[Exchange]:
    service = Exchange()
    threading.Thread(target=service.server.serve_forever, daemon=True).start()
    yield service
    service.server.shutdown()
    service.server.server_close()


@pytest.fixture
def way(exchange: Exchange, tmp_path: Path) -> Iterator[WayOut]:
    folder = tmp_path / "way"
    folder.mkdir()
    with opened(folder, exchange.server.server_port) as way:
        yield way


@pytest.fixture
def agent(way: WayOut, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Agent:
    site = tmp_path / "site.toml"
    site.write_text(SITE.format(name=NAME), encoding="utf-8")

    def run(act: str, *more: str, ca_file: Path = way.ca_file) -> tuple[int, dict[str, Any], str]:
        reached = ("--proxy", way.proxy, "--ca-file", str(ca_file)) if act == "fetch" else ()
        code = cli.main(
            ["prices", act, "--site", str(site), "--lang", "en", "--json", *reached, *more]
        )
        output = capsys.readouterr()
        return code, json.loads(output.out), output.err

    return run


def saved(tmp_path: Path, series: str) -> list[Path]:
    return sorted((tmp_path / "prices" / series).glob("*"))


def test_prices_are_fetched_through_proxy_and_own_authority_and_the_request_says_nothing_of_the_site(
    agent: Agent, exchange: Exchange, way: WayOut, tmp_path: Path
) -> None:
    code, reply, errors = agent("fetch")
    assert (code, errors) == (0, "")
    assert [(row["series"], row["fetched"], row["prices"]) for row in reply["series"]] == [
        ("day-ahead", 3, 3),
        ("gas", 1, 1),
    ]
    assert set(way.asked) == {f"CONNECT {NAME}:443"}
    assert [text.splitlines()[0] for text in exchange.requests] == [
        "GET /prices.csv?area=X HTTP/1.1",
        "GET /gas.json HTTP/1.1",
    ]
    for request in exchange.requests:
        names = {line.partition(":")[0].lower() for line in request.splitlines()[1:] if line}
        assert names == {"host", "user-agent", "accept", "accept-encoding", "connection"}
        assert "secret-works-7" not in request
        assert "User-Agent: steplabel-agent\n" in request.replace("\r", "").replace(
            "user-agent", "User-Agent"
        )
    (file,) = saved(tmp_path, "day-ahead")
    assert file.read_text(encoding="utf-8") == DAY_AHEAD, "as it came, to the byte"
    assert reply["series"][0]["sha256"] in file.name


def test_a_second_answer_is_saved_beside_the_first_and_holds_where_both_tell_a_price(
    agent: Agent, exchange: Exchange, tmp_path: Path
) -> None:
    agent("fetch")
    code, reply, _errors = agent("fetch")
    assert [row["unchanged"] for row in reply["series"]] == [True, True]
    assert len(saved(tmp_path, "day-ahead")) == 1, "the same answer is saved once"
    exchange.answers["/prices.csv?area=X"] = (
        200,
        "time,price\n2023-05-01T02:00Z,111\n2023-05-01T03:00Z,222\n",
    )
    wait_a_second()
    code, reply, _errors = agent("fetch")
    assert code == 0
    assert len(saved(tmp_path, "day-ahead")) == 2
    code, shown, _errors = agent("show")
    assert shown["series"][0]["prices"] == 4
    site = load_site(tmp_path / "site.toml")
    assert site.tariff is not None
    assert prices_of(site.tariff.series[0], site).price.tolist() == [500, -20.5, 111, 222]


def test_without_an_answer_the_last_prices_stay_and_their_age_is_told(
    agent: Agent, exchange: Exchange, way: WayOut, tmp_path: Path
) -> None:
    assert agent("fetch")[0] == 0
    before = {
        file: file.read_bytes()
        for series in ("day-ahead", "gas")
        for file in saved(tmp_path, series)
    }
    code, reply, errors = agent("fetch", ca_file=way.other_ca_file)
    assert code == 3, "a certificate of nobody who is trusted"
    assert [row["error"]["code"] for row in reply["series"]] == ["prices-unreachable"] * 2
    assert "Those of 0 days ago stay in use." in errors
    for status, body, code_told in (
        (302, "https://elsewhere.example/", "prices-refused"),
        (500, "down", "prices-refused"),
    ):
        exchange.answers["/gas.json"] = (status, body)
        code, reply, errors = agent("fetch")
        assert code == 1
        assert reply["series"][0]["prices"] == 3, "one that fails leaves the others"
        assert reply["series"][1]["error"]["code"] == code_told
        assert str(status) in errors
    assert set(way.asked) == {f"CONNECT {NAME}:443"}, (
        "redirects are not followed: the proxy was asked for nobody else"
    )
    for body, code_told in (
        ('{"data": {"points": []}}', "file-empty"),
        ('{"data": {"points": [{"at": 1682899200000, "eur": null}]}}', "prices-none"),
        ('{"data": []}', "price-file-unreadable"),
        ("<html>", "price-file-unreadable"),
        (
            (
                '{"data": {"points": [{"at": 1682899200000, "eur": 1}, {"at": 1682902800000, '
                '"eur": '
                '"cheap"}]}}'
            ),
            "price-row-unreadable",
        ),
        (
            (
                '{"data": {"points": [{"at": 1682899200000, "eur": 1}, {"at": 1682899200000, '
                '"eur": '
                "2}]}}"
            ),
            "price-twice",
        ),
    ):
        exchange.answers["/gas.json"] = (200, body)
        code, reply, _errors = agent("fetch")
        refused = reply["series"][1]["error"]
        assert (code, refused["code"]) == (1, code_told), body
        assert code_told == "prices-none" or refused["place"]["file"] == f"https://{NAME}/gas.json"
    assert {file.read_bytes() for file in saved(tmp_path, "gas")} <= set(before.values()), (
        "what was saved is as it was"
    )
    code, shown, _errors = agent("show")
    assert (code, [row["age_days"] for row in shown["series"]]) == (0, [0, 0])


def test_a_saved_answer_that_was_altered_is_refused(agent: Agent, tmp_path: Path) -> None:
    agent("fetch")
    (file,) = saved(tmp_path, "day-ahead")
    file.write_text(DAY_AHEAD.replace("500", "5"), encoding="utf-8")
    code, reply, _errors = agent("show")
    assert (code, reply["error"]["code"]) == (1, "price-file-altered")


def test_a_series_that_cannot_be_saved_or_was_altered_leaves_the_others(
    agent: Agent, exchange: Exchange, tmp_path: Path
) -> None:
    (tmp_path / "prices").mkdir()
    (tmp_path / "prices" / "day-ahead").write_text("no folder", encoding="utf-8")
    code, reply, errors = agent("fetch")
    assert (code, reply["series"][0]["error"]["code"], reply["series"][1]["prices"]) == (
        1,
        "output-not-writable",
        1,
    )
    assert "The prices were fetched and cannot be saved." in errors
    (tmp_path / "prices" / "day-ahead").unlink()
    assert agent("fetch")[0] == 0
    (file,) = saved(tmp_path, "day-ahead")
    file.write_text(DAY_AHEAD.replace("500", "5"), encoding="utf-8")
    exchange.answers["/prices.csv?area=X"] = (200, "time,price\n2023-05-01T02:00Z,111\n")
    wait_a_second()
    code, reply, _errors = agent("fetch")
    assert (code, reply["series"][0]["error"]["code"], reply["series"][1]["prices"]) == (
        1,
        "price-file-altered",
        1,
    )


def wait_a_second() -> None:
    """Names of saved answers tell whole seconds."""
    time.sleep(1.1)
