"""Two versions held against each other: values, whether the change is more than noise, and what was
defined otherwise.
"""

from __future__ import annotations

import csv
import io
from dataclasses import replace

import pytest
from django.test import Client

from benchmarks.label_keys import LabelKey
from portal import keys
from portal.publication import drafting, publishing, selectors
from portal.publication.definition_changes import breaks
from portal.publication.models import Publication
from portal.publication.shapes import BenchmarkView
from tests.integration.portal_cast import NOW, PERIOD, Cast, deliver, make_cast, open_waiting

pytestmark = [
    pytest.mark.django_db(databases=["default", "vault"]),
    pytest.mark.usefixtures("portal_keys"),
]


def send_and_publish(cast: Cast, plants: int, revision: int, shift: int, why: str = "") -> None:
    for number, plant in enumerate(cast.plants[:plants]):
        raw = plant.envelope(cast.pack, revision=revision, shift=shift + number - 5)
        deliver(raw)
    open_waiting()
    publishing.publish(
        drafting.draft(cast.period, cast.drafter, NOW, why), cast.approver, keys.receipt_key(), NOW
    )


def build_scene() -> Cast:
    cast = make_cast(plants=10)
    send_and_publish(cast, 10, 1, 0)
    return cast


def compared(client: Client, a: int, b: int) -> str:
    """What the page of version `b` says beside `a`."""
    answer = client.get(f"/benchmarks/cement/cn/dry-process/{PERIOD}/v{b}/?against={a}")
    return answer.content.decode().partition('id="compared"')[2]


def test_a_change_of_a_grid_point_or_two_is_within_noise_and_a_leap_is_not(
    cast: Cast, client: Client
) -> None:
    send_and_publish(cast, 4, 2, 1, "Four plants corrected their reports.")
    near = compared(client, 1, 2)
    assert "within the noise" in near
    assert "Four plants corrected their reports." in near
    assert "No break" in near
    send_and_publish(cast, 10, 3, 60)
    assert "more than the noise" in compared(client, 1, 3)


def test_figures_that_stayed_are_not_called_a_change(cast: Cast, client: Client) -> None:
    send_and_publish(cast, 0, 2, 0, "A statement was checked; its values stay.")
    page = compared(client, 1, 2)
    assert "the industry label stayed at" in page
    assert "went from" not in page


def test_both_values_of_every_step_stand_on_the_page_and_withdrawals_with_their_reason(
    cast: Cast, client: Client
) -> None:
    send_and_publish(cast, 4, 2, 2)
    first = Publication.objects.get(version=1)
    publishing.withdraw(first, cast.drafter, "A kiln was counted twice.", NOW)
    page = compared(client, 1, 2)
    for version in (1, 2):
        view = selectors.benchmark("cement", PERIOD, "dry-process", "cn", version)
        assert view is not None
        burning = next(
            step for step in view.label.cells if step.step == "clinker-burning" and step.headline
        )
        assert f"<b>{burning.best:.2f}</b>" in page
    assert "A kiln was counted twice." in page
    assert page.count("Compare with version") == 0


def test_a_value_stands_in_the_unit_of_its_own_version_and_no_change_is_told_across_units(
    cast: Cast, client: Client
) -> None:
    send_and_publish(cast, 4, 2, 2)
    first = Publication.objects.get(version=1)
    cooling = next(
        candidate
        for candidate in first.gate["published"]["steps"]
        if candidate["step"] == "clinker-cooling" and candidate["headline"]
    )
    assert cooling["unit"] == "kgce/t"
    cooling["unit"] = "kWh/t"
    first.digest = "1" * 64
    first.save(update_fields=["gate", "digest"])
    page = compared(client, 1, 2)
    row = next(part for part in page.split("<tr ") if "Clinker cooling" in part)
    before, after, change = (part.split("</td>")[0] for part in row.split("<td ")[1:4])
    assert f"<b>{cooling['best']:.2f}</b> kWh/t" in before
    assert "kgce/t" in after
    assert "kgce/t" not in before
    assert "noise" not in change
    assert "Break" in change


def test_a_total_whose_unit_changed_is_told_as_that_and_not_as_hidden(
    cast: Cast, client: Client
) -> None:
    send_and_publish(cast, 4, 2, 2)
    first = Publication.objects.get(version=1)
    first.gate["published"]["composite"]["unit"] = "kWh/t"
    first.digest = "1" * 64
    first.save(update_fields=["gate", "digest"])
    page = compared(client, 1, 2)
    assert "The unit of the industry label changed between the versions" in page
    assert "is not shown in both versions" not in page


def test_the_table_of_versions_leads_to_the_comparison(cast: Cast, client: Client) -> None:
    assert (
        "?against="
        not in client.get(f"/benchmarks/cement/cn/dry-process/{PERIOD}/v1/").content.decode()
    )
    send_and_publish(cast, 4, 2, 2)
    for page in ("v1", "v2"):
        assert (
            f'href="/benchmarks/cement/cn/dry-process/{PERIOD}/v2/?against=1#compared"'
            in client.get(f"/benchmarks/cement/cn/dry-process/{PERIOD}/{page}/").content.decode()
        )


@pytest.mark.parametrize(
    "asked", ["v1/?against=2", "v2/?against=1", "v1/?against=0", "v1/?against=x"]
)
def test_with_a_version_that_the_public_has_not_seen_nothing_is_compared(
    cast: Cast, client: Client, asked: str
) -> None:
    drafting.draft(cast.period, cast.drafter, NOW, "A second version in the making.")
    address = f"/benchmarks/cement/cn/dry-process/{PERIOD}/{asked}"
    assert client.get(address).status_code == 404


def benchmark_view(cast: Cast) -> BenchmarkView:
    view = selectors.benchmark("cement", PERIOD, "dry-process", "cn")
    assert view is not None
    return view


def test_a_break_is_what_is_defined_otherwise_and_not_who_takes_part(cast: Cast) -> None:
    before = benchmark_view(cast)
    assert not breaks(before, before).any
    fewer = replace(
        before,
        label=replace(
            before.label, cells=tuple(replace(step, firms=8) for step in before.label.cells)
        ),
    )
    assert not breaks(before, fewer).any
    kiln = before.label.cells[2]
    moved = replace(kiln, boundary="another", ratio=kiln.ratio * 2, rule="trimmed-best-decile")
    after = replace(
        before,
        version=2,
        pack_version="9",
        label=replace(
            before.label, cells=(*before.label.cells[:2], moved, *before.label.cells[4:])
        ),
    )
    comparison = breaks(before, after)
    assert comparison.since == "2016 v1"
    assert comparison.codes_of(LabelKey.of(kiln)) == ("pack-version", "boundary", "ratio", "rule")
    gone = before.label.cells[3]
    assert comparison.codes_of(LabelKey.of(gone)) == ("pack-version", "gone")


def test_a_cell_that_is_held_back_has_no_rule_and_that_is_no_break(cast: Cast) -> None:
    before = benchmark_view(cast)
    hidden = tuple(replace(step, rule=None, best=None, shown=False) for step in before.label.cells)
    assert not breaks(before, replace(before, label=replace(before.label, cells=hidden))).any


def test_the_csv_flags_a_break_since_the_version_before(cast: Cast, client: Client) -> None:
    def rows(version: int) -> list[dict[str, str]]:
        text = client.get(
            f"/api/v1/benchmarks/cement/cn/dry-process/{PERIOD}/v{version}/?format=csv"
        ).content.decode()
        return list(csv.DictReader(io.StringIO(text)))

    assert {(row["break_since"], row["breaks"]) for row in rows(1)} == {("", "")}
    send_and_publish(cast, 4, 2, 2)
    assert {(row["break_since"], row["breaks"]) for row in rows(2)} == {("2016 v1", "")}
    first = Publication.objects.get(version=1)
    step = next(
        candidate
        for candidate in first.gate["published"]["steps"]
        if candidate["step"] == "clinker-cooling" and candidate["headline"]
    )
    step["boundary"] = "as it was then"
    first.digest = "1" * 64  # what was signed never changes under its digest, and is kept by it
    first.save(update_fields=["gate", "digest"])
    broken = {row["step"] for row in rows(2) if row["breaks"] == "boundary"}
    assert {"clinker-cooling", "route-total", "typical-total"} <= broken
    assert "clinker-burning" not in broken
    page = compared(client, 1, 2)
    assert "adds up other steps, boundaries or ratios" in page
    typical = next(part for part in page.split("<tr ") if "Typical plant" in part)
    assert "noise" not in typical, "no change of a total is told"
