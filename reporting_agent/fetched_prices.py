"""Prices by HTTPS: asked for when a person says so, read whole before they are saved, and saved
beside those of before.

What goes out is a GET of the address as site.toml has it, with no cookie and no word of the site.
Redirects are not followed: nobody chose where they lead. On any failure what was fetched before
stays in use.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory

import httpx

from benchmarks.errors import InputError, Place, Unreachable
from benchmarks.phrases import Phrase, in_number
from reporting_agent.config import SiteSettings
from reporting_agent.config.tariff import PriceSeries
from reporting_agent.network import Network
from reporting_agent.sources.price_series import (
    FetchedAnswer,
    fetched_answers,
    kept_at,
    read_prices,
)
from reporting_agent.state import sync_folder, write_whole

TIMEOUT_S = 60.0
MOST_BYTES = 50_000_000  # prices of a hundred years by the hour are less
HEADERS = {"User-Agent": "steplabel-agent", "Accept": "*/*"}


@dataclass(frozen=True, slots=True)
class FetchedPrices:
    """One answer. `unchanged`: it is the one that was there, to the byte."""

    answer: FetchedAnswer
    prices: int
    first: datetime
    last: datetime
    unchanged: bool


def fetch(
    series: PriceSeries, site: SiteSettings, network: Network, now: datetime
) -> FetchedPrices:
    """Ask for a series, read it and save it.

    Raises:
        Unreachable: `prices-unreachable`. UsageError: `proxy-address`.
        InputError: `prices-refused`, `prices-too-large`, `prices-none`, `ca-file`,
            `output-not-writable`, and what `read_prices` raises; nothing is saved.
    """
    before = fetched_answers(series, site.folder)
    content = _asked(series, network, _age(before[-1], now) if before else None)
    with TemporaryDirectory() as folder:
        answer = Path(folder) / f"{series.name}.{series.format}"
        answer.write_bytes(content)
        try:
            read = read_prices(answer, series, site.zone)
        except InputError as refusal:
            if (
                refusal.place is not None
            ):  # the answer's file is gone: what stays is where it came from
                refusal.place = replace(refusal.place, file=str(series.address))
            raise
    if not len(read.start_us):
        raise InputError(
            "prices-none",
            Phrase("The answer for the series %(series)s has no price.", series=series.name),
            "Check the address in a browser, and rows, time and price under [[tariff.series]].",
            found=str(series.address),
        )
    path = kept_at(series, site.folder, content, now)
    digest = sha256(content).hexdigest()
    unchanged = bool(before) and before[-1].digest == digest
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if unchanged:
            before[-1].path.replace(path)
            sync_folder(path.parent)
        else:
            write_whole(path, content)
    except OSError as refused:
        raise InputError(
            "output-not-writable",
            "The prices were fetched and cannot be saved.",
            "Make the folder writable, and check that its disk has room.",
            place=Place(str(path.parent)),
            found=refused.strerror or str(refused),
            wanted=Phrase("a folder that can be written to"),
        ) from refused
    first, last = (datetime.fromtimestamp(int(read.start_us[end]) / 1e6, UTC) for end in (0, -1))
    return FetchedPrices(
        FetchedAnswer(path, now, digest), len(read.start_us), first, last, unchanged
    )


def _asked(series: PriceSeries, network: Network, age: timedelta | None) -> bytes:
    body = bytearray()
    transport_errors = (httpx.TransportError, httpx.DecodingError)
    try:
        with (
            httpx.Client(**network.of_client(), timeout=TIMEOUT_S, headers=HEADERS) as client,
            client.stream("GET", str(series.address)) as response,
        ):
            if response.status_code != httpx.codes.OK:
                raise _refused(series, response)
            for chunk in response.iter_bytes():
                body += chunk
                if len(body) > MOST_BYTES:
                    raise InputError(
                        "prices-too-large",
                        Phrase(
                            "The answer for the series %(series)s is larger than any list of "
                            "prices.",
                            series=series.name,
                        ),
                        "Check the address under [[tariff.series]] in a browser.",
                        found=Phrase("more than %(most)s bytes", most=f"{MOST_BYTES:,}"),
                    )
    except transport_errors as error:
        raise Unreachable(
            "prices-unreachable",
            Phrase(
                "The prices of the series %(series)s could not be fetched (%(trouble)s). %(kept)s",
                series=series.name,
                trouble=f"{type(error).__name__}: {error}",
                kept=Phrase("None were fetched before.")
                if age is None
                else in_number(
                    age.days,
                    "Those of %(days)s day ago stay in use.",
                    "Those of %(days)s days ago stay in use.",
                    days=age.days,
                ),
            ),
            "Check the address, the network, --proxy and --ca-file; then run the same command "
            "again.",
        ) from error
    return bytes(body)


def _refused(series: PriceSeries, response: httpx.Response) -> InputError:
    moved = response.headers.get("location", "") if response.is_redirect else ""
    return InputError(
        "prices-refused",
        Phrase("The address of the series %(series)s gave no prices.", series=series.name),
        "Write the new address under [[tariff.series]]; redirects are not followed."
        if moved
        else "Check the address under [[tariff.series]] in a browser; ask its owner if it is "
        "right.",
        found=f"{response.status_code} {response.reason_phrase} {moved}".strip(),
        wanted="200 OK",
    )


def _age(prices: FetchedAnswer, now: datetime) -> timedelta:
    return now - prices.fetched_at
