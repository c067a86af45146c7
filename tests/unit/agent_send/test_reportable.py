"""Who may report at all: a published pack, wherever it was read from, and a unit that is known."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks import packs
from benchmarks.errors import PolicyRefusal
from reporting_agent.config import InputFiles, Runs, SiteSettings
from reporting_agent.config.events import CONFIRM, SAY, DeclaredEvent
from reporting_agent.sending.eligibility import require_reportable

SMALL_FIRM = Path(__file__).parents[3] / "fixtures" / "profiles" / "small-firm"


def site(pack: str, folder: Path, **runs: object) -> SiteSettings:
    return SiteSettings.model_validate(
        {
            "site": {"id": "works-2", "timezone": "UTC", "pack": pack},
            "inputs": {"log": "log.csv"},
            "runs": runs,
            "path": folder / "site.toml",
        }
    )


def test_a_pack_of_the_plants_own_is_refused_and_the_published_ones_are_named() -> None:
    with pytest.raises(PolicyRefusal) as refused:
        require_reportable(site("./machines.toml", SMALL_FIRM))
    assert refused.value.code == "pack-of-its-own"
    assert "Nobody else reports with it" in refused.value.sentence
    assert all(name in refused.value.remedy for name in packs.available())


def test_a_copy_of_a_published_pack_is_that_pack_and_an_altered_one_is_not(tmp_path: Path) -> None:
    text = (packs.HOME / "cement.toml").read_text(encoding="utf-8")
    copy = tmp_path / "ours.toml"
    copy.write_text(text, encoding="utf-8")
    require_reportable(site("./ours.toml", tmp_path))
    copy.write_text(text.replace("epsilon_best = 0.75", "epsilon_best = 1.5"), encoding="utf-8")
    with pytest.raises(PolicyRefusal, match="pack-of-its-own"):
        require_reportable(site("./ours.toml", tmp_path))


def test_an_assumed_unit_is_not_reported(tmp_path: Path) -> None:
    require_reportable(site("steel", tmp_path))
    with pytest.raises(PolicyRefusal, match="unit-assumed"):
        require_reportable(site("steel", tmp_path, unit_assumed=True))


def test_nor_is_that_of_a_log_that_a_source_gives(tmp_path: Path) -> None:
    of_a_source = {"inputs": InputFiles(source="a-historian"), "runs": Runs(unit_assumed=True)}
    with pytest.raises(PolicyRefusal, match="unit-assumed"):
        require_reportable(site("steel", tmp_path).model_copy(update=of_a_source))


@pytest.mark.parametrize("reason", [CONFIRM, f" {SAY} "])
def test_the_sentence_of_a_proposal_is_no_reason(tmp_path: Path, reason: str) -> None:
    declared = site("steel", tmp_path)
    event = {"meter": "eaf-1", "from": "2016-07-01", "kind": "ratio", "factor": 2.0}
    with pytest.raises(PolicyRefusal, match="reason-not-written") as refused:
        require_reportable(
            declared.model_copy(
                update={"events": [DeclaredEvent.model_validate({**event, "reason": reason})]}
            )
        )
    assert "ratio of meter eaf-1 from 2016-07-01" in refused.value.sentence
    require_reportable(
        declared.model_copy(
            update={
                "events": [
                    DeclaredEvent.model_validate(
                        {**event, "reason": "Transformers changed; job 114."}
                    )
                ]
            }
        )
    )
