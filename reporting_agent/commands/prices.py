"""`steplabel-agent prices`: `fetch` asks for the price series that site.toml names by address;
`show` says how much and how old.
"""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from benchmarks.phrases import Phrase, in_number
from reporting_agent.commands import add_connection, add_language, add_site

if TYPE_CHECKING:
    from datetime import datetime

    from reporting_agent.config import SiteSettings
    from reporting_agent.config.tariff import PriceSeries


def add_parser(sub: Any) -> None:
    parser = sub.add_parser(
        "prices", help="fetch the price series of [[tariff.series]], and show what is held of them"
    )
    acts = parser.add_subparsers(dest="act", required=True, metavar="ACT")
    fetch = acts.add_parser(
        "fetch",
        help="ask for each series that has an address, check it and save it; tells nothing of the "
        "site",
    )
    add_connection(fetch)
    show = acts.add_parser(
        "show", help="each series: its prices, from when to when, and how old they are; asks nobody"
    )
    for act in (fetch, show):
        add_site(act)
        add_language(act)
        act.add_argument(
            "--json",
            action="store_true",
            default=argparse.SUPPRESS,
            help="machine-readable answer on stdout",
        )


def run(args: argparse.Namespace) -> int:
    from datetime import UTC, datetime

    from benchmarks.catalogue import in_language
    from reporting_agent.config import load_site
    from reporting_agent.console import emit

    site, now = load_site(args.site), datetime.now(UTC)
    if args.act == "show":
        shown = [_shown(series, site, now) for series in _series(site, fetched=False)]
        emit(
            args,
            {"series": [row for row, _line in shown]},
            "\n".join(in_language(line, args.lang) for _row, line in shown),
        )
        return 0
    return _fetch(args, site, now)


def _series(site: SiteSettings, *, fetched: bool) -> tuple[PriceSeries, ...]:
    """Those of the site; with `fetched` those that have an address."""
    from benchmarks.errors import InputError, Place

    every = () if site.tariff is None else site.tariff.series
    chosen = tuple(series for series in every if series.address is not None or not fetched)
    if not chosen:
        raise InputError(
            "prices-no-series",
            "site.toml names no price series with an address."
            if fetched
            else "site.toml names no price series.",
            "Add [[tariff.series]]; docs/tariffs.md has examples.",
            place=Place(str(site.path), column="tariff.series"),
        )
    return chosen


def _fetch(args: argparse.Namespace, site: SiteSettings, now: datetime) -> int:
    """Each series by itself: one that fails leaves the others, and the exit code is that of the
    first that failed.
    """
    from benchmarks.catalogue import in_language
    from benchmarks.errors import SteplabelError
    from reporting_agent.console import emit, say
    from reporting_agent.fetched_prices import fetch
    from reporting_agent.network import Network

    rows: list[dict[str, Any]] = []
    lines: list[str] = []
    failed: list[SteplabelError] = []
    for series in _series(site, fetched=True):
        try:
            fetched = fetch(series, site, Network(args.proxy, args.ca_file), now)
            row, line = _shown(series, site, now)
        except SteplabelError as refusal:
            failed.append(refusal)
            rows.append({"series": series.name, "error": refusal.to_json()})
            say(refusal.in_words(args.lang))
            continue
        rows.append(
            row
            | {
                "fetched": fetched.prices,
                "unchanged": fetched.unchanged,
                "file": str(fetched.answer.path),
            }
        )
        came = in_number(
            fetched.prices,
            "%(prices)s price fetched, the same as before.",
            "%(prices)s prices fetched, the same as before.",
            prices=f"{fetched.prices:,}",
        )
        if not fetched.unchanged:
            came = in_number(
                fetched.prices,
                "%(prices)s price fetched and saved in %(file)s.",
                "%(prices)s prices fetched and saved in %(file)s.",
                prices=f"{fetched.prices:,}",
                file=fetched.answer.path,
            )
        lines += [in_language(came, args.lang), in_language(line, args.lang)]
    emit(args, {"series": rows}, "\n".join(lines))
    return int(failed[0].exit_code) if failed else 0


def _shown(series: PriceSeries, site: SiteSettings, now: datetime) -> tuple[dict[str, Any], Phrase]:
    from datetime import UTC, datetime

    from benchmarks.carriers import CARRIERS
    from reporting_agent.sources.price_series import prices_of

    stamped = prices_of(series, site)
    row: dict[str, Any] = {
        "series": series.name,
        "carrier": series.carrier,
        "prices": len(stamped.start_us),
        "unit": series.unit,
    }
    if not len(stamped.start_us):
        return row, Phrase(
            "%(series)s: nothing was fetched yet. Run `steplabel-agent prices fetch`.",
            series=series.name,
        )
    first, last = (
        datetime.fromtimestamp(int(stamped.start_us[end]) / 1e6, UTC).astimezone(site.zone)
        for end in (0, -1)
    )
    low, high = _in_so_many_decimals(float(stamped.price.min()), float(stamped.price.max()))
    row |= {"currency": series.currency, "first": first.isoformat(), "last": last.isoformat()}
    came = Phrase("from the file %(file)s", file=series.file or "")
    if stamped.newest is not None:
        days = (now - stamped.newest.fetched_at).days
        row |= {
            "fetched_at": stamped.newest.fetched_at.isoformat(),
            "age_days": days,
            "sha256": stamped.newest.digest,
        }
        came = in_number(
            days,
            "fetched %(days)s day ago (%(at)s UTC, SHA-256 %(digest)s…)",
            "fetched %(days)s days ago (%(at)s UTC, SHA-256 %(digest)s…)",
            days=days,
            at=f"{stamped.newest.fetched_at:%Y-%m-%d %H:%M}",
            digest=stamped.newest.digest[:12],
        )
    return row, Phrase(
        "%(series)s: %(prices)s prices of %(carrier)s from %(first)s to %(last)s, %(low)s to "
        "%(high)s %(currency)s/%(unit)s, %(came)s.",
        series=series.name,
        prices=f"{len(stamped.start_us):,}",
        carrier=CARRIERS[series.carrier].words,
        first=f"{first:%Y-%m-%d %H:%M}",
        last=f"{last:%Y-%m-%d %H:%M}",
        low=low,
        high=high,
        currency=series.currency,
        unit=series.unit,
        came=came,
    )


def _in_so_many_decimals(low: float, high: float) -> tuple[str, str]:
    """Both with two decimals, and with more where the larger of them has its first three digits
    further behind (0.0312 EUR/kWh).
    """
    from math import floor, log10

    from benchmarks.explanation.wording import figure

    largest = max(abs(low), abs(high))
    places = max(2, 2 - floor(log10(largest))) if largest else 2
    return figure(low, places), figure(high, places)
