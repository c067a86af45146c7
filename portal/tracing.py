"""One trace a report, from the request at the door through the queue to the vault; off unless
STEPLABEL_TRACES_URL names a collector.

The first 16 bytes of the report's digest are the trace's id and the next 8 the id of its first
span: so the worker goes on with it, though nothing but the row lies between, and an operator finds
the trace of any digest. A span holds the name of a step, its times, and the code of a refusal or
the kind of an error; never a message, a value, or whose report it is.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import datetime
from functools import lru_cache
from typing import Any

from django.conf import settings

from benchmarks.errors import SteplabelError

_FIRST: ContextVar[bytes] = ContextVar("digest of the report whose first span begins", default=b"")


@contextmanager
def received(digest: bytes) -> Iterator[None]:
    """The first span of a report's trace: the door."""
    token = _FIRST.set(digest)
    try:
        with step("receive"):
            yield
    finally:
        _FIRST.reset(token)


@contextmanager
def opened(digest: bytes, waited_since: datetime) -> Iterator[None]:
    """What the worker does with it, and how long it had waited."""
    if (tracer := _tracer(settings.TRACES_URL)) is None:
        yield
        return
    from opentelemetry import trace

    door = trace.SpanContext(
        int.from_bytes(digest[:16]),
        int.from_bytes(digest[16:24]),
        True,
        trace.TraceFlags(trace.TraceFlags.SAMPLED),
    )
    context = trace.set_span_in_context(trace.NonRecordingSpan(door))
    tracer.start_span("wait", context, start_time=int(waited_since.timestamp() * 1e9)).end()
    with step("open", context):
        yield


@contextmanager
def step(name: str, context: Any = None) -> Iterator[None]:
    if (tracer := _tracer(settings.TRACES_URL)) is None:
        yield
        return
    with tracer.start_as_current_span(
        name, context, record_exception=False, set_status_on_exception=False
    ) as span:
        _FIRST.set(b"")
        try:
            yield
        except Exception as error:
            span.set_attribute(
                "error.type",
                error.code if isinstance(error, SteplabelError) else type(error).__qualname__,
            )
            raise


@lru_cache(maxsize=1)
def _tracer(url: str | None) -> Any:
    if url is None:
        return None
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor
    from opentelemetry.sdk.trace.id_generator import RandomIdGenerator

    class Ids(RandomIdGenerator):
        def generate_trace_id(self) -> int:
            return int.from_bytes(_FIRST.get()[:16]) or super().generate_trace_id()

        def generate_span_id(self) -> int:
            return int.from_bytes(_FIRST.get()[16:24]) or super().generate_span_id()

    provider = TracerProvider(
        resource=Resource({"service.name": f"steplabel-{settings.ROLE}"}), id_generator=Ids()
    )
    # a collector that is away costs nobody a request: what does not fit the queue is dropped
    provider.add_span_processor(
        BatchSpanProcessor(OTLPSpanExporter(endpoint=url, timeout=2), schedule_delay_millis=1000)
    )
    return provider.get_tracer("steplabel")


def flush() -> None:
    """What waits is sent now."""
    if (tracer := _tracer(settings.TRACES_URL)) is not None:
        tracer.span_processor.force_flush()
