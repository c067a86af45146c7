"""A provider's result of the conformance kit for sources: taken for its form, shown as the
provider's word until a regulator confirms it.

The file is what `python -m reporting_agent.sources.conformance NAME --json` prints. Nobody here can
run the provider's source, so that a result says what the provider says; a regulator confirms what
it has seen with its own eyes.
"""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import QuerySet

from benchmarks.phrases import Name, Phrase
from extras.partners.models import Action, Conformance
from portal.accounts.models import Organisation, Role, User
from portal.accounts.selectors import declaring_as, jurisdictions_of, organisations_as, within
from portal.auditlog.recording import record
from portal.days import scheme_day
from portal.problems import RefusedError

SCHEMA = "steplabel/conformance/1"
CHECKS = (
    "inputs",
    "tables",
    "complete",
    "order",
    "zones",
    "units",
    "values",
    "meters",
    "places",
    "restart",
    "refusals",
)
MOST_BYTES = 65_536
_FORBIDDEN = re.compile("[\x00\ud800-\udfff]")  # JSON can spell these; no database keeps them


@dataclass(frozen=True, slots=True)
class Result:
    """What a result file says."""

    source: str
    kit: str
    ran_on: date
    failed: tuple[str, ...]
    sha256: str


@dataclass(frozen=True, slots=True)
class ConformanceView:
    id: int
    provider: Name
    product: str
    version: str
    source: str
    kit: str
    ran_on: date
    failed: tuple[str, ...]
    file_sha256: str
    declared_at: datetime
    confirmed_at: datetime | None
    confirmed_by: str


def read(raw: bytes) -> Result:
    """The result in that file.

    Raises:
        RefusedError: `result-malformed` (400), naming what is wrong.
    """
    try:
        content = json.loads(raw) if len(raw) <= MOST_BYTES else None
    except (ValueError, RecursionError):
        content = None
    wrong = _wrong(content)
    if wrong or content is None:
        raise RefusedError(
            400,
            "result-malformed",
            Phrase("The file is not a result of the conformance kit: %(wrong)s.", wrong=wrong),
            "Give what python -m reporting_agent.sources.conformance NAME --json prints, "
            "unchanged.",
        )
    failed = tuple(check["name"] for check in content["checks"] if not check["passed"])
    return Result(
        content["source"],
        content["kit"],
        date.fromisoformat(content["ran_on"]),
        failed,
        hashlib.sha256(raw).hexdigest(),
    )


def declare(
    user: User, provider: int, product: str, version: str, raw: bytes, now: datetime
) -> Conformance:
    """Put a result on the provider's list; the same file for the same version again changes
    nothing.

    Raises:
        Organisation.DoesNotExist: not a provider that the person declares for.
        RefusedError: `result-malformed` (400), also for a day that is still to come.
    """
    house = houses_of(user).get(pk=provider)
    result = read(raw)
    if result.ran_on > scheme_day(now):
        raise RefusedError(
            400,
            "result-malformed",
            Phrase(
                "The kit ran on %(day)s, which is in the future.", day=result.ran_on.isoformat()
            ),
            "Set the clock and run it again.",
        )
    try:
        with transaction.atomic():
            conformance = Conformance.objects.create(
                provider=house,
                product=product,
                version=version,
                source=result.source,
                kit=result.kit,
                ran_on=result.ran_on,
                failed=" ".join(result.failed),
                file_sha256=result.sha256,
                declared_by=user.email,
                declared_at=now,
            )
            record(
                now,
                user.email,
                Action.CONFORMANCE_DECLARED,
                f"provider {house}"[:254],
                f"{product} {version}, {result.sha256}",
            )
    except IntegrityError:
        return Conformance.objects.get(
            provider=house, product=product, version=version, file_sha256=result.sha256
        )
    return conformance


def confirm(user: User, conformance: int, now: datetime) -> Conformance:
    """A regulator of where the provider is registered vouches for the result; once.

    Raises:
        Conformance.DoesNotExist: none of the person's jurisdictions.
        RefusedError: `result-failed` (409).
    """
    with transaction.atomic():
        row = to_confirm(user).select_for_update(of=("self",)).get(pk=conformance)
        if row.failed:
            raise RefusedError(
                409,
                "result-failed",
                "The result has checks that failed.",
                "Confirm a result in which all checks passed.",
            )
        if row.confirmed_at is None:
            row.confirmed_at, row.confirmed_by = now, user.email
            row.save(update_fields=["confirmed_at", "confirmed_by"])
            record(
                now,
                user.email,
                Action.CONFORMANCE_CONFIRMED,
                f"provider {row.provider}"[:254],
                f"{row.product} {row.version}",
            )
    return row


def to_confirm(user: User) -> QuerySet[Conformance]:
    """Results of the providers that are registered where the person is regulator."""
    return Conformance.objects.filter(
        within(jurisdictions_of(user), "provider__jurisdiction__path")
    ).select_related("provider")


def results_of(user: User) -> tuple[ConformanceView, ...]:
    """What the person's own providers declared, newest first."""
    return _views(Conformance.objects.filter(provider__in=organisations_as(user, Role.PROVIDER)))


def results_for_regulator(user: User) -> tuple[ConformanceView, ...]:
    """What providers of the person's jurisdictions declared, newest first."""
    return _views(to_confirm(user))


def newest_results() -> tuple[ConformanceView, ...]:
    """The newest result of every version of every product, for firms that choose one: a provider
    goes on testing older versions, and which version is newer cannot be told from their names."""
    newest: dict[tuple[str, str, str], ConformanceView] = {}
    for view in sorted(
        _views(Conformance.objects.all()), key=lambda view: view.ran_on, reverse=True
    ):  # of one day the last declared
        newest.setdefault((view.provider, view.product, view.version), view)
    return tuple(view for _version, view in sorted(newest.items()))


def houses_of(user: User) -> QuerySet[Organisation]:
    """The providers in whose name the person declares results; none for who only reads."""
    return declaring_as(user, Role.PROVIDER).distinct().order_by("name")


def _views(rows: QuerySet[Conformance]) -> tuple[ConformanceView, ...]:
    return tuple(
        ConformanceView(
            row.pk,
            row.provider.name,
            row.product,
            row.version,
            row.source,
            row.kit,
            row.ran_on,
            tuple(row.failed.split()),
            row.file_sha256,
            row.declared_at,
            row.confirmed_at,
            row.confirmed_by,
        )
        for row in rows.select_related("provider").order_by("-declared_at", "-pk")
    )


def _wrong(document: Any) -> str:
    """What keeps a document from being a result; empty where nothing does."""
    if not isinstance(document, dict) or document.get("schema") != SCHEMA:
        return Phrase("it does not have the schema %(schema)s", schema=SCHEMA)
    for name, most in (("source", 200), ("kit", 100), ("ran_on", 10)):
        text = document.get(name)
        if not isinstance(text, str) or not 0 < len(text) <= most or _FORBIDDEN.search(text):
            return Phrase(
                "%(name)s is not a text of 1 to %(most)s characters", name=name, most=most
            )
    try:
        date.fromisoformat(document["ran_on"])
    except ValueError:
        return Phrase("ran_on is not a day")
    checks = document.get("checks")
    if not isinstance(checks, list) or not all(
        isinstance(check, dict) and isinstance(check.get("passed"), bool) for check in checks
    ):
        return Phrase("its checks do not say whether they passed")
    if tuple(check.get("name") for check in checks) != CHECKS:
        return Phrase("its checks are not those of the kit in the same order")
    return ""
