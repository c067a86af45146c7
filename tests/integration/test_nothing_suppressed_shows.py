"""What the gate holds back shows nowhere: on no page, in no file, chart, search or error message,
to nobody.

Two worlds that differ in nothing but the figures of one suppressed cell, and of the totals that
would give it away, answer every address to every role byte for byte alike. So no rounding, unit,
pixel of a chart, sorting or length of an answer depends on them. And because a test of sameness is
as good as its difference: with the gate's hiding off, the worlds differ.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator
from copy import deepcopy
from dataclasses import replace
from typing import Any

import pytest
from django.core.cache import caches
from django.db import transaction
from django.test import Client

from benchmarks.composition import CurvePoint, IndustryCell, IndustryLabel
from benchmarks.disclosure import gate as gate_function
from benchmarks.wire import envelope
from portal import keys
from portal.accounts.models import Membership, SizeClass
from portal.intake.models import Submission
from portal.publication import drafting, publishing
from portal.publication.models import Publication
from portal.standings import computing as standings
from portal.web.presenters.benchmarks import units_on
from tests.integration.by_role import ROLES
from tests.integration.portal_cast import (
    NOW,
    PASSWORD,
    PERIOD,
    Cast,
    Plant,
    deliver,
    make_cast,
    open_waiting,
    processing_public,
)
from tests.integration.test_addresses_by_role import TABLE, House

pytestmark = [
    pytest.mark.django_db(databases=["default", "vault"]),
    pytest.mark.usefixtures("portal_keys"),
]

HIDDEN = "clinker-burning"
gate_module = __import__("sys").modules[gate_function.__module__]


def send(cast: Cast, plant: Plant, shift: int, leave_out: str = "") -> None:
    report = plant.report(cast.pack, shift=shift)
    labels = tuple(label for label in report.released.labels if label.step != leave_out)
    withheld = tuple(
        (label.step, label.metric.value, "too-few-batches")
        for label in report.released.labels
        if label.step == leave_out
    )
    released = replace(report.released, labels=labels, withheld=withheld)
    raw = envelope.build(
        replace(report, released=released), plant.header(), plant.key, processing_public()
    )
    deliver(raw)


def build_scene() -> Cast:
    """Twelve firms; nine burn clinker, and of those one is more than a quarter by declared size:
    the gate refuses that cell.
    """
    cast = make_cast(12)
    for number, plant in enumerate(cast.plants):
        plant.site.size_class = SizeClass.LARGE if number == 0 else SizeClass.MEDIUM
        plant.site.save(update_fields=["size_class"])
        send(cast, plant, number, HIDDEN if number > 8 else "")
    open_waiting()
    standings.compute(cast.period, "test", NOW)
    return cast


def planted_curve(step: IndustryCell, factor: float) -> tuple[CurvePoint, ...]:
    """So few firms have no curve: one is put in, to see that it goes with its cell."""
    assert step.best
    values = [step.best * factor * (1 + percent / 1000) for percent in (25, 50, 75)]
    return tuple(
        CurvePoint(25 * position, value, (value * 0.99, value * 1.01))
        for position, value in enumerate(values, 1)
    )


def in_world(cast: Cast, factor: float, curve_factor: float | None = None) -> Publication:
    """Published with the hidden cell's figures, and the totals', multiplied: the draft label is
    what composition gave.
    """
    row = drafting.draft(cast.period, cast.drafter, NOW)
    label: IndustryLabel = IndustryLabel.from_json(row.label)
    steps = tuple(
        replace(
            step,
            best=step.best and step.best * factor,
            interval=step.interval and (step.interval[0] * factor, step.interval[1] * factor),
            typical=step.typical and step.typical * factor,
            typical_interval=step.typical_interval
            and (step.typical_interval[0] * factor, step.typical_interval[1] * factor),
            good_fit=factor == 1.0,
            curve=planted_curve(step, curve_factor or factor),
        )
        if step.step == HIDDEN
        else step
        for step in label.cells
    )
    totals = [
        replace(
            total,
            value=total.value and total.value * factor,
            interval=total.interval and (total.interval[0] * factor, total.interval[1] * factor),
        )
        for total in (label.composite, label.best_reached, label.typical)
    ]
    assert all(total.value for total in totals)
    composite, best_reached, typical = totals
    row.label = replace(
        label, cells=steps, composite=composite, best_reached=best_reached, typical=typical
    ).to_json()
    row.save(update_fields=["label"])
    return publishing.publish(row, cast.approver, keys.receipt_key(), NOW)


def house_of(cast: Cast, row: Publication) -> House:
    draft = drafting.draft(cast.period, cast.drafter, NOW, "A second version in the making.")
    named = (
        value
        for parts, _get, _post in TABLE.values()
        if isinstance(parts, dict)
        for value in parts.values()
    )
    # what an address names and this house has not (lists, invitations) is row 0, which is nobody's
    values: dict[str, Any] = {str(value): 0 for value in named if str(value).isupper()} | {
        "DIGEST": Submission.objects.get(site=cast.plants[0].site).digest,
        "DEVICE": cast.plants[0].device.pk,
        "GROUP": cast.group.pk,
        "DRAFT": draft.pk,
        "PUBLISHED": row.pk,
        "MEMBER": Membership.objects.get(user=cast.plants[0].owner).pk,
        "ATTESTED": 64
        * "0",  # nor has it an attestation or a commitment, whose addresses are digests
        "COMMITTED": 64 * "0",
    }
    people = {
        "enterprise": cast.plants[0].owner,
        "other-enterprise": cast.plants[1].owner,
        "nation": cast.approver,
        "own-province": cast.provincial,
        "assigned": cast.auditor,
        "stranger": cast.stranger,
    }
    house = House(cast, values, {"anonymous": Client()})
    for role, who in people.items():
        house.clients[role] = Client()
        assert house.clients[role].login(username=who.email, password=PASSWORD)
    return house


CLOCK_AND_SIZE = {
    "X-Request-ID",
    "Expires",
    "Content-Length",
}  # a size is the body's, and may be spelled as a figure by chance
NEW_EACH_TIME = {"mfa_activate_totp", "metrics"}
"""A new secret and its picture, and measurements of the process: nothing of what was published."""
ALL_ADDRESSES = {
    name for name in TABLE if not name.endswith("-xlsx")
} - NEW_EACH_TIME  # a workbook bears its moment
TELLING = {
    "web:benchmark",
    "web:benchmark-csv",
    "web:benchmark-json",
    "web:benchmark-pdf",
    "web:benchmark-parquet",
    "web:benchmark-jsonld",
    "api:benchmark",
    "web:period+draft",
    "web:our-plant",
}
"""Where a figure of the cell would stand, were it not hidden."""
PACKED = {"web:benchmark-pdf", "web:benchmark-parquet"}
CHANGING = re.compile(
    rb'csrfmiddlewaretoken" '
    rb'value="[^"]*"|nonce="[^"]*"|nonce-[\w+/=-]+|[0-9a-f]{8}-[0-9a-f-]{27}|/notifications/\d+/'
)


def answers(
    house: House, planted: str, names: Iterable[str], roles: Collection[str], *, long: bool
) -> Iterator[tuple[str, bytes]]:
    """Each of these addresses by each of these roles, in every form that can be asked for; errors
    too.

    In the short form what only sends on, refuses or takes nothing is asked without a form, and by
    one role of those that it answers alike; and every address is asked in its own form and in two
    of the others in turn, but where a figure of the cell would stand, in all of them. What is
    packed is made of the page, and drawn or written by other programs at ten times its cost: it is
    asked in turn as well. What changes with each request is taken out, and the numbers of the two
    versions' rows, which the database counts on whatever is rolled back.
    """
    rows = "|".join(str(house.values[name]) for name in ("DRAFT", "PUBLISHED"))
    numbered = re.compile(
        rf"(?<=/versions/)(?:{rows})(?=/)".encode()
    )  # nowhere else: another row may bear the same number
    forms: list[tuple[str, dict[str, str]]] = [
        ("", {}),
        ("?format=json", {}),
        ("?format=csv", {}),
        (f"?q={planted}", {}),
    ]
    forms += [(f"?unit={unit}", {"accept-language": "zh-hans"}) for unit in units_on(NOW.date())]
    forms += [
        ("?route=clinker", {}),
        ("?which=works-1~2016", {}),
        ("", {"hx-request": "true"}),
        ("", {"accept": "text/csv"}),
    ]
    for turn, name in enumerate(sorted(names)):
        address = house.address(name)
        in_turn = [forms[0], *(forms[1 + (2 * turn + more) % (len(forms) - 1)] for more in (0, 1))]
        open_to_all = TABLE[name][1]["anonymous"] == "ok"
        asked_of_all = (
            forms
            if long or (open_to_all and name in TELLING - PACKED)
            else in_turn
            if open_to_all
            else forms[:1]
        )
        expected = TABLE[name][1]
        asking = [role for role in ROLES if role in house.clients and role in roles]
        alike = {
            expected[role]: role for role in reversed(asking)
        }  # the first of those that are answered so
        for role in asking:
            if not (long or expected[role] == "ok" or alike[expected[role]] == role):
                continue
            for query, headers in (
                asked_of_all if role == "anonymous" else forms[:1]
            ):  # what is asked for besides is the same page's
                for method in (
                    ("get", "post")
                    if role == "anonymous" and not query and not headers
                    else ("get",)
                ):
                    with transaction.atomic():
                        client = house.clients[role]
                        cookies = deepcopy(client.cookies)
                        answer: Any = getattr(client, method)(f"{address}{query}", headers=headers)
                        body = (
                            answer.content
                            + repr(
                                sorted(
                                    pair
                                    for pair in answer.headers.items()
                                    if pair[0] not in CLOCK_AND_SIZE
                                )
                            ).encode()
                        )
                        client.cookies = cookies
                        transaction.set_rollback(True)
                    yield (
                        f"{role} {method} {name}{query} {headers}",
                        numbered.sub(b"ROW", CHANGING.sub(b"", body)),
                    )
    for wrong in (
        "/benchmarks/cement/cn/dry-process/2016/v99/",
        "/benchmarks/cement/cn/dry-process/16/",
        f"/benchmarks/cement/cn/dry-process/{planted}/",
        "/api/v1/benchmarks/cement/cn/dry-process/2016/v99/",
        f"/{planted}",
    ):
        answer = house.clients["anonymous"].get(wrong)
        yield f"wrong {wrong}", CHANGING.sub(b"", answer.content)


def world(
    cast: Cast,
    factor: float,
    planted: str,
    names: Iterable[str] = ALL_ADDRESSES,
    roles: Collection[str] = ROLES,
    *,
    long: bool = False,
) -> tuple[dict[str, bytes], Publication]:
    """Everything the portal says at these addresses where the hidden figures are `factor` times as
    large; nothing of it stays.
    """
    caches[
        "pages"
    ].clear()  # worlds that differ in nothing that was signed would be told from one page
    with transaction.atomic():
        row = in_world(cast, factor)
        by_address = dict(answers(house_of(cast, row), planted, names, roles, long=long))
        transaction.set_rollback(True)
    return by_address, row


AS_IT_IS: dict[str, bytes] = {}
"""Everything that is said in the world as it was composed, kept for the tests of this module: it
takes twenty seconds to ask.
"""


def as_it_is(cast: Cast, planted: str, *, long: bool) -> dict[str, bytes]:
    if not AS_IT_IS:
        AS_IT_IS.update(world(cast, 1.0, planted, long=long)[0])
    return AS_IT_IS


def hidden_figures(cast: Cast) -> tuple[float, ...]:
    label: IndustryLabel = IndustryLabel.from_json(
        drafting.draft(cast.period, cast.drafter, NOW).label
    )
    cells = [step for step in label.cells if step.step == HIDDEN]
    curves = [
        value
        for cell in cells
        for point in planted_curve(cell, 1.0)
        for value in (point.value, *point.interval)
    ]
    return (
        *(
            value
            for cell in cells
            for value in (
                cell.best,
                cell.typical,
                *(cell.interval or ()),
                *(cell.typical_interval or ()),
            )
            if value
        ),
        *curves,
    )


def test_the_cell_is_refused_and_its_neighbours_are_not(cast: Cast) -> None:
    """The stage is set: a figure was composed, and the gate takes it out with the totals it
    enters.
    """
    row = publishing.publish(
        drafting.draft(cast.period, cast.drafter, NOW), cast.approver, keys.receipt_key(), NOW
    )
    assert row.document is not None
    by_step = {(step["step"], step["metric"]): step for step in row.document["steps"]}
    assert len(hidden_figures(cast)) >= 6
    assert {code["gate"]["code"] for (name, _), code in by_step.items() if name == HIDDEN} == {
        "dominance"
    }
    assert all(
        step["gate"]["shown"]
        for (name, _), step in by_step.items()
        if name != HIDDEN and step["firms"] == 12
    )
    assert row.document["route_total"]["gate"]["code"] == "secondary"
    assert row.document["best_reached_total"]["gate"]["shown"] is False


@pytest.mark.timeout(
    1800
)  # the long form asks for every address in every form as every role, twice
def test_every_answer_is_the_same_whatever_the_hidden_figures_are(cast: Cast, long: bool) -> None:
    figures = hidden_figures(cast)
    planted = f"{figures[0]:.1f}"
    real = as_it_is(cast, planted, long=long)
    other, _ = world(cast, 1.37, planted, long=long)
    assert len(real) > (400 if long else 300)
    assert [asked for asked in real if real[asked] != other[asked]] == []


def test_with_the_hiding_off_the_worlds_differ(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    """The pages, the API, the CSV and the chart each: so each of them is one that the gate keeps
    shut.
    """
    monkeypatch.setattr(gate_module, "_hidden", lambda step, _reason: step)
    real, _ = world(cast, 1.0, "1", TELLING)
    other, _ = world(cast, 1.37, "1", TELLING)
    differing = {
        asked.split()[2].split("?")[0]
        for asked in real
        if asked[0] != "w" and real[asked] != other[asked]
    }
    assert differing == TELLING


@pytest.mark.parametrize("hiding", [True, False], ids=["hidden", "hiding-off"])
def test_a_curve_goes_with_its_cell_on_the_page_in_the_files_and_in_the_api(
    cast: Cast, monkeypatch: pytest.MonkeyPatch, *, hiding: bool
) -> None:
    """Two worlds that differ in the hidden cell's curve alone: alike with the gate's hiding, and
    each surface tells them apart without.
    """
    if not hiding:
        monkeypatch.setattr(gate_module, "_hidden", lambda step, _reason: step)
    page = f"/benchmarks/cement/cn/dry-process/{PERIOD}/v1/"
    surfaces = (
        page,
        f"{page}benchmark.csv",
        f"{page}benchmark.json",
        f"{page}benchmark.pdf",
        f"/api/v1/benchmarks/cement/cn/dry-process/{PERIOD}/v1/",
    )
    bodies = []
    for curve_factor in (1.0, 1.37):
        with transaction.atomic():
            in_world(cast, 1.0, curve_factor)
            bodies.append(
                [CHANGING.sub(b"", Client().get(address).content) for address in surfaces]
            )
            transaction.set_rollback(True)
    assert [body == other for body, other in zip(*bodies, strict=True)] == [hiding] * len(surfaces)


def spellings(value: float) -> set[str]:
    """A figure as anybody might write it: rounded to what still tells it, in English and
    elsewhere.
    """
    texts = {f"{value:.{decimals}f}" for decimals in range(7)} | {
        f"{value:.{digits}g}" for digits in range(3, 12)
    }
    texts |= {text.replace(".", ",") for text in texts} | {
        f"{value:,.{decimals}f}" for decimals in range(4)
    }
    return {text for text in texts if sum(sign.isdigit() for sign in text) >= 4}


def test_no_spelling_of_a_hidden_figure_stands_in_anything_public(cast: Cast, long: bool) -> None:
    """The plain search, beside the proof by sameness: in kgce, MJ and kWh, of
    three digits and a place or more.
    """
    figures = hidden_figures(cast)
    factors = [unit.per_kgce for unit in units_on(NOW.date()).values()]
    wanted = {text for value in figures for factor in factors for text in spellings(value * factor)}
    planted = f"{figures[0]:.1f}"
    shown: set[str] = set()
    for asked, body in as_it_is(cast, planted, long=long).items():
        # what is packed is made of the page, and figures that others publish are of no firm here:
        # both are held by sameness
        if asked.startswith("anonymous") and "-pdf" not in asked and "-references" not in asked:
            text = re.sub(
                r"<[^>]*>", " ", body.decode("utf-8", "replace")
            )  # what is said; the drawing is held by sameness
            stand = set(
                re.findall(r"(?<![\w.,])\d[\d.,]*\d(?!\w)", text)
            )  # a figure stands alone: a digest's digits are none
            shown |= (
                stand - {planted} if planted in asked else stand
            )  # a page says again what it was asked for
    assert shown  # there are figures to look at
    assert shown & wanted == set()
