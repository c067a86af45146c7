"""The road to the portal: what is tried again, what is a refusal, and which answers are not
believed.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any, cast

import httpx
import pytest
import yaml

from benchmarks.catalogue import in_language
from benchmarks.errors import InputError, Unreachable, UsageError, VerificationError
from benchmarks.wire import challenges
from benchmarks.wire.challenges import AnsweredCommitment, LedgerStand
from benchmarks.wire.commitments import ReportCommitment
from benchmarks.wire.device_requests import rotate
from benchmarks.wire.signing import DeviceKey, ReceiptKey
from reporting_agent.console import LANGUAGE
from reporting_agent.network import Network
from reporting_agent.sending.transport import (
    LONGEST_PAUSE_S,
    MAX_ANSWER_BYTES,
    MAX_OWN_LIST_BYTES,
    PAUSES_S,
    Portal,
    checked_address,
)
from tests.documents import openapi
from tests.unit.agent_send.cast import PORTAL, SOFTWARE, problem

TAKEN = httpx.Response(201, json={"receipt": base64.b64encode(b"receipt").decode()})


class Line:
    """A portal that gives prepared answers in turn, the last one for ever, and remembers what it
    was asked.
    """

    def __init__(self, *answers: httpx.Response | Exception) -> None:
        self.answers = list(answers)
        self.asked: list[httpx.Request] = []
        self.pauses: list[float] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request)
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Exception):
            raise answer
        return answer

    def submit(self) -> bytes:
        with Portal(
            PORTAL, sleep=self.pauses.append, software=SOFTWARE, transport=httpx.MockTransport(self)
        ) as portal:
            return portal.submit(b"sealed").receipt


def test_an_envelope_is_posted_as_it_is_and_the_receipt_comes_back() -> None:
    line = Line(TAKEN)
    assert line.submit() == b"receipt"
    (request,) = line.asked
    assert (request.method, str(request.url)) == ("POST", f"{PORTAL}/api/v1/submissions/")
    assert request.content == b"sealed"
    assert request.headers["content-type"] == "application/cbor"


def test_a_request_says_nothing_of_the_machine() -> None:
    line = Line(TAKEN)
    line.submit()
    assert set(line.asked[0].headers) == {
        "host",
        "user-agent",
        "accept",
        "accept-encoding",
        "accept-language",
        "connection",
        "content-type",
        "content-length",
    }
    assert line.asked[0].headers["user-agent"] == SOFTWARE


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_portal_is_asked_to_answer_in_the_terminals_language(language: str) -> None:
    line = Line(TAKEN)
    before = LANGUAGE.set(language)
    try:
        line.submit()
    finally:
        LANGUAGE.reset(before)
    assert line.asked[0].headers["accept-language"] == language


@pytest.mark.parametrize(
    "trouble",
    [
        httpx.ConnectError("refused"),
        httpx.ReadTimeout("slow"),
        httpx.RemoteProtocolError("cut"),
        httpx.Response(502),
        httpx.Response(503),
    ],
    ids=["connection", "timeout", "cut-short", "502", "503"],
)
def test_a_passing_trouble_is_tried_again(trouble: httpx.Response | Exception) -> None:
    line = Line(trouble, trouble, TAKEN)
    assert line.submit() == b"receipt"
    assert line.pauses == list(PAUSES_S[:2])


def test_a_lasting_trouble_ends_as_unreachable_and_says_that_the_work_is_kept() -> None:
    line = Line(httpx.ConnectError("no route"))
    with pytest.raises(Unreachable, match="no route") as refused:
        line.submit()
    assert refused.value.exit_code == 3
    assert "is kept" in refused.value.remedy
    assert line.pauses == list(PAUSES_S)
    assert len(line.asked) == len(PAUSES_S) + 1


def test_too_many_requests_waits_as_long_as_the_portal_asks() -> None:
    line = Line(problem(429, "too-many-requests", "Wait.", **{"retry-after": "7"}), TAKEN)
    assert line.submit() == b"receipt"
    assert line.pauses == [7.0]


def test_a_portal_cannot_make_the_agent_wait_for_ever() -> None:
    line = Line(problem(503, "busy", "Wait.", **{"retry-after": "86400"}), TAKEN)
    line.submit()
    assert line.pauses == [LONGEST_PAUSE_S]


@pytest.mark.parametrize("status", [400, 401, 403, 409, 413, 422])
def test_a_no_is_told_once_in_the_portals_words(status: int) -> None:
    line = Line(problem(status, "period-not-open", "The period 2031 is not open."))
    with pytest.raises(InputError) as refused:
        line.submit()
    words = (refused.value.code, refused.value.sentence, refused.value.remedy)
    assert words == ("period-not-open", "The period 2031 is not open.", "Do this.")
    assert refused.value.exit_code == 1
    assert line.pauses == []


def test_a_no_without_a_problem_document_still_has_code_sentence_and_remedy() -> None:
    with pytest.raises(InputError) as refused:
        Line(httpx.Response(401, text="<html>who are you?</html>")).submit()
    assert refused.value.code == "portal-401"
    assert "--replace" in refused.value.remedy


def test_a_redirect_is_not_followed() -> None:
    line = Line(httpx.Response(302, headers={"location": "https://elsewhere.example/"}))
    with pytest.raises(InputError) as refused:
        line.submit()
    assert refused.value.code == "portal-302"
    assert len(line.asked) == 1


@pytest.mark.parametrize(
    "answer",
    [
        httpx.Response(201, text="fine"),
        httpx.Response(201, json=["receipt"]),
        httpx.Response(201, json={}),
        httpx.Response(201, json={"receipt": 7}),
        httpx.Response(201, json={"receipt": "not base64!"}),
        httpx.Response(201, content=b'{"receipt": ' + b"7" * 5_000 + b"}"),
    ],
    ids=[
        "no-json",
        "no-object",
        "no-receipt",
        "receipt-no-text",
        "receipt-no-base64",
        "no-number-of-ours",
    ],
)
def test_an_answer_that_no_portal_gives_is_not_believed(answer: httpx.Response) -> None:
    with pytest.raises(VerificationError) as refused:
        Line(answer).submit()
    assert refused.value.code == "answer-unreadable"
    assert re.search("[a-z]+ [a-z]+", in_language(refused.value.sentence, "zh")) is None


@pytest.mark.parametrize("status", [201, 400])
def test_an_answer_that_cannot_be_unpacked_or_never_stops_opening_brackets_is_told_in_words(
    status: int,
) -> None:
    packed = httpx.Response(
        status, headers={"content-encoding": "gzip"}, stream=httpx.ByteStream(b"no gzip at all")
    )
    nested = httpx.Response(status, content=b"[" * 500_000)
    for answer, refusal in (
        (packed, VerificationError),
        (nested, VerificationError if status == 201 else InputError),
    ):
        with pytest.raises(refusal):
            Line(answer).submit()


@pytest.mark.parametrize(
    "ask",
    [lambda portal: portal.practices(), lambda portal: portal.pack("steel", "1")],
    ids=["practices", "pack"],
)
def test_a_day_of_the_log_that_is_none_is_told_in_words(ask: Callable[[Portal], object]) -> None:
    payload = {
        "document": {},
        "library": "",
        "pack_toml": "",
        "factors_toml": "",
        "log": {"index": 3, "on": "yesterday"},
    }
    answer = httpx.MockTransport(lambda _request: httpx.Response(200, json=payload))
    with (
        pytest.raises(VerificationError) as refused,
        Portal(PORTAL, sleep=print, software="x", transport=answer) as portal,
    ):
        ask(portal)
    assert refused.value.code == "answer-unreadable"


def test_an_answer_without_end_is_cut_off() -> None:
    with pytest.raises(VerificationError) as refused:
        Line(httpx.Response(201, content=b"x" * (MAX_ANSWER_BYTES + 1))).submit()
    assert refused.value.code == "answer-too-large"


def answered_commitments(number: int) -> list[bytes]:
    """The first and the last challenge of a site whose commitments were so many, which the list of
    all grows between in even steps.
    """
    key, commitment = (
        ReceiptKey.generate(),
        ReportCommitment("a-works-with-a-long-name", "2026-12", 1, bytes(32)),
    )
    before = tuple(
        AnsweredCommitment(position, "2026-12", 1, bytes(32)) for position in range(1, number)
    )
    stands = (LedgerStand(1), LedgerStand(number, before))
    return [
        challenges.issue(commitment, bytes(32), 10**6, date(2026, 12, 31), bytes(32), stand, key)
        for stand in stands
    ]


def test_a_site_that_reports_every_week_for_nineteen_years_hears_all_its_challenges() -> None:
    """All 1,000 are 53 MB: their size is worked out, and the agent is given more than another
    answer may have, and then too much.
    """
    size = (
        1000 * sum(len(base64.b64encode(challenge)) for challenge in answered_commitments(1000)) / 2
    )
    assert (
        0.7 * MAX_OWN_LIST_BYTES < size < 0.9 * MAX_OWN_LIST_BYTES
    )  # beside what stands around each in JSON

    def asked(items: int) -> tuple[bytes, ...]:
        line = Line(
            httpx.Response(
                200,
                json=[{"challenge": base64.b64encode(bytes(MAX_ANSWER_BYTES)).decode()}] * items,
            )
        )
        with Portal(
            PORTAL, sleep=line.pauses.append, software=SOFTWARE, transport=httpx.MockTransport(line)
        ) as portal:
            return portal.challenges(lambda method, path: f"{method} {path}")

    assert asked(2) == (bytes(MAX_ANSWER_BYTES),) * 2
    with pytest.raises(VerificationError) as refused:
        asked(49)
    assert refused.value.code == "answer-too-large"


@pytest.mark.parametrize(
    "url",
    [
        "http://portal.example",
        "ftp://portal.example",
        "portal.example",
        "https://",
        "https://a:b@portal.example",
    ],
)
def test_an_address_that_would_go_in_the_clear_or_nowhere_is_refused(url: str) -> None:
    with pytest.raises(UsageError) as refused:
        checked_address(url)
    assert refused.value.code == "portal-address"


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:8000/", "http://localhost:8000", "http://[::1]:8000"]
)
def test_plain_http_is_for_this_very_machine(url: str) -> None:
    assert checked_address(url) == url.rstrip("/")


def test_a_proxy_of_the_environment_is_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:1")
    with Portal(PORTAL, sleep=lambda _s: None, software=SOFTWARE) as portal:
        assert portal._client._mounts == {}


def test_a_file_without_certificates_is_refused(tmp_path: Path) -> None:
    empty = tmp_path / "ca.pem"
    empty.write_text("nothing")
    with pytest.raises(InputError) as refused:
        Portal(PORTAL, sleep=lambda _s: None, software=SOFTWARE, network=Network(ca_file=empty))
    assert refused.value.code == "ca-file"


@pytest.mark.parametrize(
    "proxy",
    ["proxy.example:3128", "socks5://proxy.example:1080", "http://", "http://user:secret@proxy:x"],
)
def test_a_proxys_address_that_is_none_is_refused_without_repeating_its_password(
    proxy: str,
) -> None:
    with pytest.raises(UsageError) as refused:
        Portal(PORTAL, sleep=lambda _s: None, software=SOFTWARE, network=Network(proxy=proxy))
    assert refused.value.code == "proxy-address"
    assert "secret" not in str(refused.value)


class Published:
    """A portal of nothing but the API's description: takes what it names, and answers with the fields
    that it promises.
    """

    def __init__(self, choose: Callable[[list[int]], int]) -> None:
        self.choose = choose  # of the statuses that an address may answer
        self.schema = yaml.safe_load(openapi.page())
        self.asked: set[str] = set()

    def __call__(self, request: httpx.Request) -> httpx.Response:
        operation = self.operation(request)
        self.asked.add(operation["operationId"])
        named = {
            (parameter["in"], parameter["name"]) for parameter in operation.get("parameters", ())
        }
        assert {("query", name) for name in request.url.params} <= named
        assert ("header", "Steplabel-Device") in named or "steplabel-device" not in request.headers
        if request.content:
            schema = operation["requestBody"]["content"][request.headers["content-type"]]["schema"]
            if "$ref" in schema:
                shape = self.shape(schema)
                assert (
                    set(shape["required"])
                    <= set(json.loads(request.content))
                    <= set(shape["properties"])
                )
        status = self.choose([int(code) for code in operation["responses"] if code.startswith("2")])
        answer = operation["responses"][str(status)]["content"]["application/json"]["schema"]
        return httpx.Response(status, json=self.made(answer))

    def operation(self, request: httpx.Request) -> dict[str, Any]:
        for path, methods in self.schema["paths"].items():
            if (
                re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", path), request.url.path)
                and request.method.lower() in methods
            ):
                return cast("dict[str, Any]", methods[request.method.lower()])
        raise AssertionError(f"{request.method} {request.url.path} is no address of the portal")

    def shape(self, schema: dict[str, Any]) -> dict[str, Any]:
        return (
            self.schema["components"]["schemas"][schema["$ref"].rsplit("/", 1)[1]]
            if "$ref" in schema
            else schema
        )

    def made(self, schema: dict[str, Any]) -> object:
        """The least that the schema promises: required fields alone, one item a list of objects,
        none of a list of texts.
        """
        shape = self.shape(schema["allOf"][0] if "allOf" in schema else schema)
        match shape.get("type", "object"):
            case "object":
                return {
                    name: self.made(shape["properties"][name]) for name in shape.get("required", ())
                }
            case "array":
                return [self.made(shape["items"])] if "$ref" in shape["items"] else []
            case "integer":
                return 1
            case _:
                return "2026-01-01" if schema.get("format") == "date" else "QUJD"


@pytest.mark.parametrize("choose", [min, max], ids=["lowest-status", "highest-status"])
def test_what_the_agent_asks_and_reads_is_what_the_portal_publishes(
    choose: Callable[[list[int]], int],
) -> None:
    published = Published(choose)
    old, new = DeviceKey.generate(), DeviceKey.generate()
    with Portal(
        PORTAL, sleep=lambda _: None, software=SOFTWARE, transport=httpx.MockTransport(published)
    ) as portal:
        requests: list[Callable[[], object]] = [
            lambda: portal.register(
                secret="s",  # noqa: S106
                device_public_key="k",
                seed_commitment="c",
                software=SOFTWARE,
            ),
            lambda: portal.rotate(rotate("device", old, new)),
            portal.directory,
            lambda: portal.receipts(lambda method, path: f"{method} {path}"),
            lambda: portal.challenges(lambda method, path: f"{method} {path}"),
            portal.packs,
            lambda: portal.pack("steel", "2"),
            portal.log_head,
            lambda: portal.log_checkpoint("newest"),
            lambda: portal.cosign_log(b"note"),
            lambda: portal.log_consistency(1, 2),
            lambda: portal.log_inclusion(1, 2),
            lambda: portal.commit(b"commitment"),
            lambda: portal.submit(b"envelope"),
        ]
        for request in requests:
            request()
    assert len(published.asked) == len(requests)
