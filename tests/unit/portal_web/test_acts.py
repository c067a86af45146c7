"""The record of acts in words."""

from __future__ import annotations

import tomllib

import pytest
from django.utils import translation

from portal import extras
from portal.auditlog.models import Action
from portal.web.words.events import ACTS, act_in_words, detail_in_words, name_in_words
from portal.web.words.tables import SOURCE


def test_every_act_has_words_of_its_own() -> None:
    files = [tomllib.loads(file.read_text("utf-8")) for file in extras.files(SOURCE.name)]
    of_extras = {act for words in files for act in words.get("acts", ())}
    assert set(ACTS) == {*Action, *of_extras}
    assert not of_extras & set(Action)
    assert len({str(words) for words in ACTS.values()}) == len(ACTS)


def test_an_act_and_what_it_was_about_are_said_in_the_language_of_the_page() -> None:
    with translation.override("zh-hans"):
        assert act_in_words("submission.accepted") == "接受报告"
        assert name_in_words("site works-1") == "生产厂区 works-1"
        assert name_in_words("attestation 3f of site works-1") == "生产厂区 works-1 的鉴证声明 3f"
        assert detail_in_words("2016, finding 1: observation") == "2016 年，核查发现 1：观察项"
        assert detail_in_words("2016 revision 2") == "2016 年，修订号 2"
        assert (
            detail_in_words("works-1 2016 revision 2 (accepted)")
            == "works-1 2016 修订号 2（已接受）"
        )
        assert (
            detail_in_words("Certifier, 2016: the firm has left the scheme")
            == "Certifier，2016 年：该企业已退出本计划"
        )
        assert (
            detail_in_words("site group 1: cement-grinding clinker-burning")
            == "生产厂区群组 1：水泥粉磨、熟料烧成"
        )
        assert detail_in_words("site group 2: counted only") == "生产厂区群组 2：只计数"
    assert (
        detail_in_words("site group 1: cement-grinding clinker-burning")
        == "group of sites 1: Cement grinding, Clinker burning"
    )


def test_what_is_not_known_stands_as_it_is() -> None:
    assert act_in_words("invented.later") == "invented.later"
    assert name_in_words("list 3") == "list 3"
    with translation.override("zh-hans"):
        assert (
            detail_in_words("For repair, until the kiln is lined: see the note.")
            == "For repair, until the kiln is lined: see the note."
        )


@pytest.mark.parametrize(
    "reason",
    [
        "meter exchanged, 2026-13",
        "order (4711-20)",
        "batch 7: 4711-05, accepted",
        "2026-13",
        "4711-05",
    ],
)
def test_what_a_person_wrote_is_never_read_as_a_period(reason: str) -> None:
    detail = f"cement/2025 until 2026-12-31: {reason}"
    assert detail_in_words(detail) == detail
    with translation.override("zh-hans"):
        assert detail_in_words(detail) == f"cement/2025，至 2026-12-31：{reason}"


def test_a_paper_behind_what_a_firm_declares_is_named_and_its_value_stays() -> None:
    detail = f"leaders-2025, grade: first, 2026-13, evidence {'a' * 64}"
    assert detail_in_words(detail) == detail
