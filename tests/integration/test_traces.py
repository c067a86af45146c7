"""One trace from the door through the queue to the vault, sent by OTLP to a collector that keeps
it; every span is looked into.
"""

from __future__ import annotations

from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.test import Client
from opentelemetry import trace
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from pytest_django.fixtures import Settings

from portal import tracing
from portal.intake.models import Submission
from portal.opening import tasks
from portal.settings.in_transit import require_checked_collector
from tests.integration.portal_cast import Cast, Plant, make_cast

pytestmark = [
    pytest.mark.django_db(databases=["default", "vault"]),
    pytest.mark.usefixtures("portal_keys"),
]

DOOR, WORKER = {"receive", "store"}, {"wait", "open", "unseal", "vault", "settle"}


class Collector(HTTPServer):
    """Takes what an exporter sends, as its protocol has it."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Taker)
        self.bodies: list[bytes] = []
        self.url = f"http://127.0.0.1:{self.server_port}/v1/traces"

    def spans(self) -> list[Any]:
        tracing.flush()
        sent = [ExportTraceServiceRequest.FromString(body) for body in self.bodies]
        return [
            span
            for request in sent
            for resource in request.resource_spans
            for scope in resource.scope_spans
            for span in scope.spans
        ]


class Taker(BaseHTTPRequestHandler):
    server: Collector

    def do_POST(self) -> None:
        self.server.bodies.append(self.rfile.read(int(self.headers["Content-Length"])))
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_arguments: object) -> None:
        pass


@pytest.fixture
def collector(settings: Settings) -> Iterator[Collector]:
    with Collector() as server:
        Thread(target=server.serve_forever, daemon=True).start()
        settings.TRACES_URL = server.url
        yield server
        settings.TRACES_URL = None
        server.shutdown()


def post(client: Client, raw: bytes) -> Any:
    return client.post("/api/v1/submissions/", raw, content_type="application/cbor")


def protected(plant: Plant, cast: Cast) -> set[str]:
    """What no span may hold: what the report says, and whose it is."""
    labels = plant.report(cast.pack).released.labels
    values = {
        str(label.grid.value(figure.grid_point))
        for label in labels
        for figure in (label.best, label.typical)
    }
    words = {
        word
        for label in labels
        for word in (label.step, label.product, label.variant, label.boundary)
    }
    return {text for text in values | words if len(text) > 3} | {
        plant.site.slug,
        str(plant.device.pk),
    }


def test_the_door_and_the_worker_write_one_trace_which_the_digest_names(
    collector: Collector, client: Client
) -> None:
    cast = make_cast(1)
    assert post(client, cast.plants[0].envelope(cast.pack)).status_code == 201
    tasks.sweep()
    row = Submission.objects.get()
    assert row.state == "accepted"
    spans = {span.name: span for span in collector.spans()}
    assert spans.keys() == DOOR | WORKER
    assert {span.trace_id.hex() for span in spans.values()} == {row.digest[:32]}
    assert spans["receive"].span_id.hex() == row.digest[32:48]
    parents = {
        name: next((other for other in spans if spans[other].span_id == span.parent_span_id), "")
        for name, span in spans.items()
    }
    within = {
        "receive": "",
        "store": "receive",
        "wait": "receive",
        "open": "receive",
        "unseal": "open",
        "vault": "open",
        "settle": "open",
    }
    assert parents == within
    assert len({span.span_id for span in spans.values()}) == len(spans)
    assert all(span.end_time_unix_nano >= span.start_time_unix_nano for span in spans.values())


def test_no_span_holds_a_value_a_site_or_a_message(
    collector: Collector, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    cast = make_cast(2)
    plant = cast.plants[0]
    post(client, plant.envelope(cast.pack))
    post(client, b"\x00" + plant.envelope(cast.pack))
    tasks.sweep()
    spans = collector.spans()
    refused = [span for span in spans if span.attributes]
    assert [
        (attribute.key, attribute.value.string_value)
        for span in refused
        for attribute in span.attributes
    ] == [("error.type", "cbor-malformed")]
    assert not [
        span
        for span in spans
        if span.events or span.status.message or span.links or span.trace_state
    ]
    forbidden = protected(plant, cast)
    assert len(forbidden) > 10
    everything = b"".join(collector.bodies)
    assert not [text for text in forbidden if text.encode() in everything]

    step = tracing.step  # the defence off: a span that says whose report it is
    monkeypatch.setattr(
        tracing,
        "step",
        lambda name, context=None: step(f"{name} {cast.plants[1].site.slug}", context),
    )
    post(client, cast.plants[1].envelope(cast.pack))
    collector.spans()
    assert cast.plants[1].site.slug.encode() in b"".join(collector.bodies)


def test_without_a_collector_there_is_no_trace_and_a_collector_that_is_away_costs_no_report(
    settings: Settings, client: Client
) -> None:
    cast = make_cast(2)
    with tracing.step("receive"):
        assert not trace.get_current_span().get_span_context().is_valid
    settings.TRACES_URL = "http://127.0.0.1:9/v1/traces"
    assert post(client, cast.plants[0].envelope(cast.pack)).status_code == 201
    tasks.sweep()
    assert Submission.objects.get().state == "accepted"


@pytest.mark.parametrize(
    "url", ["http://collector.example/v1/traces", "127.0.0.1:4318", "ftp://127.0.0.1/"]
)
def test_traces_leave_this_machine_by_https_alone(url: str) -> None:
    with pytest.raises(ImproperlyConfigured, match="STEPLABEL_TRACES_URL"):
        require_checked_collector(url)
    assert require_checked_collector("https://collector.example/v1/traces")
    assert require_checked_collector("http://127.0.0.1:4318/v1/traces")
    assert require_checked_collector("") is None
