"""Where audits decide what enters a version, the file of what it was composed of still gives every
figure again, and hides nothing.
"""

from __future__ import annotations

import json
from copy import deepcopy
from typing import Any

import pytest

from benchmarks.audit import published as audited
from benchmarks.audit.recomposed import RecompositionCheck, compose_again
from benchmarks.errors import VerificationError
from benchmarks.wire.attestations import Opinion
from portal import keys
from portal.intake.models import Submission
from portal.publication import drafting, publishing
from portal.publication.composed import composed_of
from portal.publication.models import Publication
from tests.integration.audited_sector import audit, decide, reported
from tests.integration.portal_cast import NOW, Cast

pytestmark = [
    pytest.mark.django_db(databases=["default", "vault"]),
    pytest.mark.usefixtures("portal_keys"),
]

PLANTS, ATTESTED = 11, 9
JSON = dict[str, Any]


def build_scene() -> Cast:
    return reported(PLANTS)


def published(cast: Cast) -> Publication:
    return publishing.publish(
        drafting.draft(cast.period, cast.drafter, NOW), cast.approver, keys.receipt_key(), NOW
    )


def the_file(cast: Cast, row: Publication) -> JSON:
    read: JSON = json.loads(json.dumps(composed_of(cast.approver, row.pk, keys.receipt_key())))
    return read


def check(content: JSON) -> RecompositionCheck:
    return compose_again(
        audited.require_logged(content, keys.published_directory().content.receipt_keys())
    )


def refused(content: JSON) -> str:
    with pytest.raises(VerificationError) as refusal:
        check(content)
    return refusal.value.code


def partly_attested(cast: Cast) -> Publication:
    """Nine sites attested in every step, one in a single step, one in none; only what is attested
    counts.
    """
    decide(cast, attested_only=True)
    for plant in cast.plants[:ATTESTED]:
        audit(cast, plant)
    audit(cast, cast.plants[ATTESTED], steps=(cast.pack.steps[0].id,))
    return published(cast)


def test_only_the_attested_steps_of_a_report_enter_and_the_file_says_which_do_not(
    cast: Cast,
) -> None:
    content = the_file(cast, partly_attested(cast))
    checked = check(content)
    assert checked.reports == ATTESTED + 1
    assert checked.figures
    by_site = {report["site"]: report for report in content["reports"]}
    assert cast.plants[-1].site.slug not in by_site
    partly = by_site[cast.plants[ATTESTED].site.slug]
    out = [partly["labels"][index]["step"] for index in partly["left_out"]]
    assert out
    assert cast.pack.steps[0].id not in out
    assert {label["step"] for label in partly["labels"]} == {cast.pack.steps[0].id, *out}
    assert all(report["left_out"] == [] for report in by_site.values() if report is not partly)


def test_a_label_that_did_not_enter_cannot_be_counted_nor_one_that_entered_be_dropped(
    cast: Cast,
) -> None:
    content = the_file(cast, partly_attested(cast))
    counted, dropped = deepcopy(content), deepcopy(content)
    for report in counted["reports"]:
        report["left_out"] = []
    dropped["reports"][0]["left_out"] = list(range(len(dropped["reports"][0]["labels"])))
    assert refused(counted) == "value-differs"
    assert refused(dropped) == "value-differs"


def test_the_file_of_a_version_stays_as_it_was_when_the_policy_changes(cast: Cast) -> None:
    row = partly_attested(cast)
    before = the_file(cast, row)
    decide(cast)
    after = the_file(cast, row)
    assert [report["left_out"] for report in after["reports"]] == [
        report["left_out"] for report in before["reports"]
    ]
    assert check(after).figures == check(before).figures


def test_a_version_from_before_the_policy_is_composed_of_all_that_entered_then(cast: Cast) -> None:
    row = published(cast)
    decide(cast, attested_only=True)
    content = the_file(cast, row)
    assert all(report["left_out"] == [] for report in content["reports"])
    assert check(content).reports == PLANTS


def test_a_report_that_left_for_an_adverse_opinion_is_not_in_the_file_and_cannot_be_slipped_in(
    cast: Cast,
) -> None:
    decide(cast, adverse_leaves=True)
    audit(cast, cast.plants[0], Opinion.ADVERSE)
    content = the_file(cast, published(cast))
    assert check(content).reports == PLANTS - 1
    assert cast.plants[0].site.slug not in {report["site"] for report in content["reports"]}
    slipped = deepcopy(content["reports"][0])
    slipped["envelope"]["index"] = Submission.objects.get(site=cast.plants[0].site).log_index
    content["reports"].append(slipped)
    assert refused(content) == "leaves-differ"


def test_a_firms_further_site_is_named_as_not_entering_and_changes_no_figure(cast: Cast) -> None:
    first, second = (plant.site.organisation for plant in cast.plants[:2])
    second.controlling_firm = first.controlling_firm
    second.save(update_fields=["controlling_firm"])
    content = the_file(cast, published(cast))
    checked = check(content)
    (further,) = [report for report in content["reports"] if report["left_out"]]
    assert further["site"] == cast.plants[1].site.slug
    assert len(further["left_out"]) == len(further["labels"])
    further["left_out"] = []
    assert check(content).figures == checked.figures
