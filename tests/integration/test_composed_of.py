"""A published version held against its leaves: the honest file passes, and every way of cheating is
found by the check meant for it.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from copy import deepcopy
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from benchmarks.audit import published as audited
from benchmarks.audit import recomposed, wording
from benchmarks.audit.recomposed import RecompositionCheck, compose_again
from benchmarks.audit.wording import STATED
from benchmarks.disclosure.corrected_values import Correction
from benchmarks.errors import VerificationError
from benchmarks.wire import logged, published, schema
from benchmarks.wire.canonical import decode, encode
from benchmarks.wire.heads import issue
from benchmarks.wire.logged import EntryKind
from benchmarks.wire.merkle import Tree, leaf_hash
from portal import keys
from portal.catalogue.models import PeerGroupMember
from portal.problems import RefusedError
from portal.publication import correcting, drafting, publishing
from portal.publication.composed import composed_of
from portal.publication.models import LoggedAct, Publication
from portal.register import leaving
from portal.standings import computing as standings
from portal.standings.models import ProtectedValue
from reporting_agent.cli import main
from tests.integration.portal_cast import NOW, PASSWORD, Cast, deliver, make_cast, open_waiting

pytestmark = [
    pytest.mark.django_db(databases=["default", "vault"]),
    pytest.mark.usefixtures("portal_keys"),
]

JSON = dict[str, Any]


@pytest.fixture
def cast(portal_keys: object) -> Cast:
    """Nine plants have reported and version 1 is published."""
    return published_of(9)


def published_of(plants: int) -> Cast:
    cast = make_cast(plants)
    for index, plant in enumerate(cast.plants):
        deliver(plant.envelope(cast.pack, shift=index))
    open_waiting()
    standings.compute(cast.period, "worker", NOW)
    publishing.publish(
        drafting.draft(cast.period, cast.drafter, NOW), cast.approver, keys.receipt_key(), NOW
    )
    return cast


def the_file(cast: Cast) -> JSON:
    content = composed_of(cast.approver, Publication.objects.get().pk, keys.receipt_key())
    assert content is not None
    read: JSON = json.loads(json.dumps(content))
    return read


def check(content: JSON) -> RecompositionCheck:
    return compose_again(
        audited.require_logged(content, keys.published_directory().content.receipt_keys())
    )


def refused(content: JSON) -> str:
    with pytest.raises(VerificationError) as refusal:
        check(content)
    return refusal.value.code


def test_every_figure_of_an_honest_version_is_computed_again(cast: Cast) -> None:
    content = the_file(cast)
    checked = check(content)
    assert (checked.reports, checked.repeated) == (9, ())
    shown = sum(step["gate"]["shown"] for step in content["document"]["steps"])
    assert shown > 0
    assert len(checked.figures) >= 6 * shown
    assert all(figure.agrees for figure in checked.figures)
    assert checked.head.size > 27  # devices apart: commitment, envelope and values of each


def signed_anew(change: Callable[[JSON], object]) -> Callable[[JSON], JSON]:
    """What a portal can do that has the key: sign another document, and log its publication as if
    it were the first.
    """

    def do(content: JSON) -> JSON:
        document = {
            name: value for name, value in content["document"].items() if name != published.MEMBER
        }
        change(document)
        row = Publication.objects.get()
        row.document = published.sign(document, keys.receipt_key())
        row.save(update_fields=["document"])
        LoggedAct.objects.all()._raw_delete("default")
        from portal.publication.entries import log_published

        log_published(row, NOW)
        again = composed_of(row.approved_by, row.pk, keys.receipt_key())  # type: ignore[arg-type] # published: somebody approved it
        assert again is not None
        read: JSON = json.loads(json.dumps(again))
        return read

    return do


def lowered(document: JSON) -> None:
    shown = next(step for step in document["steps"] if step["gate"]["shown"])
    shown["best"] -= 1.0


def lowered_total(document: JSON) -> None:
    document["route_total"]["value"] -= 1.0


def test_a_value_that_is_not_of_its_leaves_is_found_even_signed_and_logged(cast: Cast) -> None:
    assert refused(signed_anew(lowered)(the_file(cast))) == "value-differs"
    assert refused(signed_anew(lowered_total)(the_file(cast))) == "value-differs"


def of_a_log_of_its_own(content: JSON, reports: list[JSON], own_leaves: bool = True) -> JSON:
    """What a portal can do that has the key and another log: the same document, of these reports,
    everything signed and logged.

    Args:
        own_leaves: log the values anew under what each report says of itself; else as they were
            accepted.
    """
    forged, reports = deepcopy(content), deepcopy(reports)
    forged |= {"reports": reports}
    forged |= {
        name: sorted(row[what]["index"] for row in reports)
        for name, what in (("leaves", "envelope"), ("values", "values"))
    }
    indices = [
        forged["publication"]["index"],
        *(row[what]["index"] for row in reports for what in ("envelope", "values")),
    ]
    entries = [leaf_hash(bytes([index % 256, index // 256])) for index in range(max(indices) + 1)]
    honest = {row["envelope_digest"]: row for row in content["reports"]}
    for report in reports:
        envelope, on = (
            bytes.fromhex(report["envelope_digest"]),
            date.fromisoformat(report["values"]["on"]),
        )
        named = report if own_leaves else honest[report["envelope_digest"]]
        of = logged.ReportRevision(named["site"], named["period"], named["revision"])
        labels = [schema.read_label(label, "label") for label in report["labels"]]
        entries[report["envelope"]["index"]] = logged.hashed(
            EntryKind.ENVELOPE, envelope, date.fromisoformat(report["envelope"]["on"])
        )
        entries[report["values"]["index"]] = logged.hashed(
            EntryKind.VALUES, logged.values(envelope, of, labels, bytes.fromhex(report["salt"])), on
        )
    act = logged.publication(
        published.digest(forged["document"]), forged["leaves"], forged["values"]
    )
    entries[forged["publication"]["index"]] = logged.hashed(
        EntryKind.PUBLICATION, act, date.fromisoformat(forged["publication"]["on"])
    )
    log = Tree(entries)
    forged["head"] = base64.b64encode(
        issue(len(log), log.root(), int(NOW.timestamp()), keys.receipt_key())
    ).decode()
    for leaf in (
        forged["publication"],
        *(row[what] for row in reports for what in ("envelope", "values")),
    ):
        leaf["proof"] = [node.hex() for node in log.inclusion_proof(leaf["index"])]
    return forged


def test_a_version_composed_of_a_report_twice_or_of_another_year_is_found_under_any_log(
    cast: Cast,
) -> None:
    content = the_file(cast)
    reports = content["reports"]
    check(of_a_log_of_its_own(content, reports))  # the log itself is no alarm

    def refused_of(own_leaves: bool, *more: JSON, **instead: object) -> str:
        return refused(
            of_a_log_of_its_own(
                content, [*({**report, **instead} for report in reports), *more], own_leaves
            )
        )

    assert refused_of(True, reports[0]) == "site-twice"
    assert (
        refused_of(False, {**reports[0], "site": "another-site", "firm": "another"})
        == "not-included"
    )
    assert refused_of(True, period="2015") == "report-of-another-period"
    assert (
        refused_of(False, period="2015") == "not-included"
    )  # a report of 2015 that is said to be of the version's year


FALSIFIED: dict[str, Callable[[JSON], None]] = {
    "a point of the curve": lambda step: step["curve"][0].update(
        value=step["curve"][0]["value"] - 1.0
    ),
    "an interval of the curve": lambda step: step["curve"][1].update(interval=[0.0, 1.0]),
    "a point that is not there": lambda step: step["curve"].pop(),
    "firms whose values are pooled": lambda step: step.update(pooled=[{"years": 3, "firms": 2}]),
    "the interval of the typical value": lambda step: step.update(typical_interval=[0.0, 1.0]),
    "what the firms would save": lambda step: step["potential"][0].update(
        value=step["potential"][0]["value"] + 1.0
    ),
    "the unit": lambda step: step.update(unit="kgce/kt"),
    "the number in a quarter": lambda step: step["bands"]["quarters"].__setitem__(
        0, step["bands"]["quarters"][0] + 1
    ),
    "the number of whom no quarter is told": lambda step: step["bands"].update(
        untold=step["bands"]["untold"] + 1
    ),
}


def test_every_signed_figure_of_a_step_is_computed_again(portal_keys: object) -> None:
    honest = the_file(published_of(20))
    check(honest)

    def falsified(name: str) -> str:
        def falsify(document: JSON) -> None:
            FALSIFIED[name](
                next(
                    step
                    for step in document["steps"]
                    if step["gate"]["shown"] and step["curve"] and step["bands"]
                )
            )

        return refused(signed_anew(falsify)(deepcopy(honest)))

    assert {name: falsified(name) for name in FALSIFIED} == dict.fromkeys(
        FALSIFIED, "value-differs"
    )


INVENTED: dict[
    str, Callable[[JSON], JSON]
    # where a member that nobody knows is put, among texts by language one of a language that no
    # release has
] = {
    "best_of_all": lambda document: document,
    "steps.0.best_of_all": lambda document: document["steps"][0],
    "steps.0.gate.best_of_all": lambda document: document["steps"][0]["gate"],
    "steps.0.gate.reason.xx": lambda document: document["steps"][0]["gate"]["reason"],
    "route_total.best_of_all": lambda document: document["route_total"],
    "route_total.gate.best_of_all": lambda document: document["route_total"]["gate"],
    "jurisdiction.best_of_all": lambda document: document["jurisdiction"],
    "explanation.approval.best_of_all": lambda document: document["explanation"]["approval"],
    "source.best_of_all": lambda document: document.update(source={}) or document["source"],
}


def invented(content: JSON, where: str) -> JSON:
    return signed_anew(
        lambda document: INVENTED[where](document).update({where.rpartition(".")[2]: "123.4"})
    )(deepcopy(content))


def test_a_member_that_nobody_knows_is_named_and_without_the_list_it_passes(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    honest = the_file(cast)
    contents = {where: invented(honest, where) for where in INVENTED}
    for where, content in contents.items():
        with pytest.raises(VerificationError, match=where) as refusal:
            check(content)
        assert refusal.value.code == "benchmark-member-unknown"
    monkeypatch.setattr(recomposed, "require_known", lambda _document: None)
    for content in contents.values():
        check(content)


def erratum_of(cast: Cast) -> JSON:
    """The document of version 2, which corrects the best report of version 1."""
    plant = cast.plants[0]
    deliver(plant.envelope(cast.pack, revision=2, shift=len(cast.plants)))
    open_waiting()
    firm = str(plant.site.organisation.controlling_firm_id)
    draft = correcting.correct(
        Publication.objects.get(), {firm: Correction.AT_FAULT}, cast.drafter, "Metered twice.", NOW
    )
    row = publishing.publish(draft, cast.approver, keys.receipt_key(), NOW)
    document: JSON = row.document or {}
    assert document["erratum"]["moved"]
    return document


def test_every_member_that_a_version_is_written_with_is_on_the_list_and_no_other(
    portal_keys: object,
) -> None:
    """The list is closed on both sides: what it holds and no document has would be room for a
    figure.
    """

    def shape(value: Any) -> wording.Shape:
        if isinstance(value, list):
            return {name: inner for element in value for name, inner in shape(element).items()}
        return (
            {name: shape(inner) for name, inner in value.items()} if isinstance(value, dict) else {}
        )

    cast = published_of(20)
    document = the_file(cast)["document"]
    document["erratum"] = erratum_of(cast)["erratum"]
    step = next(
        candidate for candidate in document["steps"] if candidate["curve"] and candidate["bands"]
    )
    step["pooled"], step["bands"]["named"] = (
        [{"years": 3, "firms": 2}],
        [{"quarter": 1, "firm": "A", "firm_zh": "甲"}],
    )
    document["steps"] = [step]
    document["explanation"] = {part: document["explanation"][part] for part in STATED}
    assert shape(document) == wording.DOCUMENT


def test_without_composing_again_such_a_value_would_pass(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    content = signed_anew(lowered)(the_file(cast))
    monkeypatch.setattr(recomposed.RecomputedFigure, "agrees", property(lambda _self: True))
    check(content)


def test_a_protected_value_altered_in_the_portal_is_found_by_its_leaf(cast: Cast) -> None:
    from portal.problems import RefusedError

    row = ProtectedValue.objects.order_by("pk")[0]
    ProtectedValue.objects.filter(pk=row.pk).update(best_cell=row.best_cell + 1)
    with pytest.raises(RefusedError) as refusal:
        the_file(cast)
    assert refusal.value.code == "values-not-logged"


def other_value(content: JSON) -> None:
    content["reports"][0]["labels"][0]["best"]["cell"] += 1


def one_left_out(content: JSON) -> None:
    del content["reports"][3]


def one_twice(content: JSON) -> None:
    content["reports"].append(content["reports"][3])


def another_envelope(content: JSON) -> None:
    content["reports"][0]["envelope_digest"] = "0" * 64


def leaves_named_otherwise(content: JSON) -> None:
    del content["leaves"][3]
    del content["reports"][3]


def other_date(content: JSON) -> None:
    content["reports"][0]["values"]["on"] = "2017-01-01"


def other_document(content: JSON) -> None:
    content["document"]["steps"][0]["firms"] += 1


def head_of_another_size(content: JSON) -> None:
    raw = decode(base64.b64decode(content["head"]))
    assert isinstance(raw, dict)
    assert isinstance(raw["tree_head"], dict)
    raw["tree_head"]["size"] = 3
    content["head"] = base64.b64encode(encode(raw)).decode()


ALTERED: dict[str, tuple[Callable[[JSON], None], str]] = {
    "a protected value": (other_value, "not-included"),
    "a report left out": (one_left_out, "leaves-differ"),
    "a report twice": (one_twice, "leaves-differ"),
    "another envelope": (another_envelope, "not-included"),
    "other leaves named": (leaves_named_otherwise, "not-included"),
    "another date": (other_date, "not-included"),
    "another document": (other_document, "benchmark-signature-invalid"),
    "another head": (head_of_another_size, "tree-head-signature-invalid"),
}


def test_whatever_is_altered_in_the_file_is_found_by_the_check_meant_for_it(cast: Cast) -> None:
    honest = the_file(cast)
    codes = {}
    for name, (alter, _code) in ALTERED.items():
        content = deepcopy(honest)
        alter(content)
        codes[name] = refused(content)
    assert codes == {name: code for name, (_alter, code) in ALTERED.items()}


def test_without_the_proofs_of_inclusion_an_altered_value_shows_only_where_it_moves_a_figure(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    content = the_file(cast)
    another_envelope(content)
    monkeypatch.setattr(audited, "require_inclusion", lambda *_: None)
    monkeypatch.setattr(recomposed.RecomputedFigure, "agrees", property(lambda _self: True))
    check(content)


def test_the_command_composes_again_and_compares_heads_from_files_alone(
    cast: Cast, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    content, directory = the_file(cast), keys.published_directory()
    honest, cheating, signed = (
        tmp_path / "honest.json",
        tmp_path / "cheating.json",
        tmp_path / "directory.cbor",
    )
    honest.write_text(json.dumps(content))
    cheating.write_text(json.dumps(signed_anew(lowered)(content)))
    signed.write_bytes(directory.signed)
    heads = []
    for index, (root, at) in enumerate(((b"\x01" * 32, 0), (b"\x01" * 32, 1), (b"\x02" * 32, 0))):
        heads.append(tmp_path / f"head-{index}.cbor")
        heads[-1].write_bytes(issue(7, root, at, keys.receipt_key()))

    def verdict_of(*files: Path) -> tuple[int, list[tuple[str, str]]]:
        code = main(
            [
                "verify",
                *map(str, files),
                str(signed),
                "--fingerprint",
                directory.fingerprint,
                "--json",
            ]
        )
        return code, [
            (outcome["code"], outcome["state"])
            for outcome in json.loads(capsys.readouterr().out)["checks"]
        ]

    assert verdict_of(honest) == (
        0,
        [("benchmark-logged", "held"), ("benchmark-recomputed", "held")],
    )
    assert verdict_of(cheating) == (
        1,
        [("benchmark-logged", "held"), ("benchmark-recomputed", "failed")],
    )
    assert verdict_of(*heads[:2]) == (0, [("heads-agree", "held")])
    assert verdict_of(heads[0], heads[2]) == (1, [("heads-agree", "failed")])


def verified(
    folder: Path, capsys: pytest.CaptureFixture[str], *contents: JSON
) -> tuple[int, dict[str, str]]:
    """Exit code of `verify` and each check's state by its code, from these files alone."""
    directory, signed, files = keys.published_directory(), folder / "directory.cbor", []
    signed.write_bytes(directory.signed)
    for index, content in enumerate(contents):
        files.append(folder / f"file-{index}.json")
        files[-1].write_text(json.dumps(content))
    capsys.readouterr()
    code = main(
        ["verify", *map(str, files), str(signed), "--fingerprint", directory.fingerprint, "--json"]
    )
    return code, {
        outcome["code"]: outcome["state"]
        for outcome in json.loads(capsys.readouterr().out)["checks"]
    }


def test_a_repeated_cell_holds_beside_the_version_that_showed_it_alone(
    cast: Cast, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    publishing.publish(
        drafting.draft(cast.period, cast.drafter, NOW, "Only the wording."),
        cast.approver,
        keys.receipt_key(),
        NOW,
    )
    first, second = (
        json.loads(json.dumps(composed_of(cast.approver, row.pk, keys.receipt_key())))
        for row in Publication.objects.order_by("version")
    )
    shown = {step["gate"]["code"] for step in second["document"]["steps"] if step["gate"]["shown"]}
    assert shown == {"unchanged"}
    (lacking,) = {cell.lacking for cell in check(second).repeated}
    assert lacking == (f"{cast.period.name} v1",)
    code, states = verified(tmp_path, capsys, second)
    assert (code, states) == (
        1,
        {
            "benchmark-logged": "held",
            "benchmark-recomputed": "held",
            "repeats-shown-before": "not-checkable",
        },
    )
    assert verified(tmp_path, capsys, second, first["document"])[0] == 0
    code, states = verified(tmp_path, capsys, second, first)
    assert (code, set(states.values())) == (0, {"held"})
    other = signed_again(lowered)(first["document"])
    assert verified(tmp_path, capsys, second, other)[1]["repeats-shown-before"] == "not-checkable"


def signed_again(change: Callable[[JSON], None]) -> Callable[[JSON], JSON]:
    """Another document of the portal's, that never stood in its log."""

    def do(document: JSON) -> JSON:
        bare = deepcopy(
            {name: value for name, value in document.items() if name != published.MEMBER}
        )
        change(bare)
        return published.sign(bare, keys.receipt_key())

    return do


SHAPELESS: dict[str, Callable[[JSON], object]] = {
    "an explanation that is a list": lambda document: document.update(explanation=["as before"]),
    "a part of it that is a text": lambda document: document["explanation"].update(
        sample_characteristics="as before"
    ),
    "a step that is a text": lambda document: document["steps"].append("grinding"),
}


@pytest.mark.parametrize("shape", SHAPELESS)
def test_a_signed_document_of_another_shape_is_refused_in_words(cast: Cast, shape: str) -> None:
    assert refused(signed_anew(SHAPELESS[shape])(the_file(cast))) == "composed-of-unreadable"


@pytest.mark.parametrize(
    "broken", [{}, {"schema": "steplabel/benchmark/1"}, {"schema": audited.SCHEMA, "document": {}}]
)
def test_a_file_of_another_kind_is_refused(broken: JSON) -> None:
    assert refused(broken) == "composed-of-unreadable"


def test_only_a_regulator_of_the_whole_scope_gets_the_file(cast: Cast, client: Client) -> None:
    address = reverse("web:composed-of", args=[Publication.objects.get().pk])
    for who, status in (
        (cast.approver, 200),
        (cast.provincial, 404),
        (cast.plants[0].owner, 403),
        (cast.auditor, 403),
    ):
        client.logout()
        assert client.login(username=who.email, password=PASSWORD)
        answer = client.get(address)
        assert answer.status_code == status, who
    client.logout()
    assert client.get(address).status_code == 302
    draft = drafting.draft(cast.period, cast.drafter, NOW, "Only the wording.")
    assert client.login(username=cast.approver.email, password=PASSWORD)
    assert client.get(reverse("web:composed-of", args=[draft.pk])).status_code == 404


def test_of_a_version_that_a_firm_entered_which_has_left_the_file_is_refused_for_that_reason(
    cast: Cast,
) -> None:
    """Not for another: its report was accepted when the log recorded values long since."""
    first, asked = cast.plants[0], timezone.now()
    PeerGroupMember.objects.filter(site=first.site).update(obliged=False)
    leaving.ask(first.owner, first.site.organisation_id, asked)
    assert leaving.carry_out_due(lambda: asked + leaving.COOLING) == 1
    with pytest.raises(RefusedError, match="has left") as refusal:
        the_file(cast)
    assert refusal.value.code == "values-deleted"
