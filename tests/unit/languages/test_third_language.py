"""A third language is added by adding files alone: with them, nothing that a person reads stays in
English.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from benchmarks import catalogue
from benchmarks.catalogue import own_language
from benchmarks.declared import Words
from benchmarks.packs import load
from benchmarks.phrases import Phrase
from portal.web.messages import phrases_of_core
from reporting_agent.cli import main
from tests.unit.languages.conftest import spoken
from tests.unit.languages.pseudo import LANGUAGE, pseudo
from tests.unit.report.conftest import analysed_site, heats_site
from tests.unit.report.test_page import english_in, own_names

NAMES = re.compile(
    r"""steplabel-agent\s\w+|(?:/[\w.-]+)+|[\w-]+\.(?:toml|csv|json|html|xlsx|md)\b|`[^`]*`|\[[\w.-]+\]|--?[a-z][\w-]*|\b\w+(?:-\w+)+\b
    |Steplabel|\bkgce\b|\b\w*Wh\b|\bGJ\b|eaf|steel|No\ such\ file\ or\ directory""",
    re.VERBOSE,
)
"""On a screen the same in every language: files, commands, options, codes, ids, units, and what the
operating system says.
"""


def english(screen: str, *own: str) -> set[str]:
    for name in own:
        screen = screen.replace(name, " ")
    return set(re.findall(r"[A-Za-z]{3,}", NAMES.sub(" ", screen)))


def test_the_folders_say_which_languages_there_are(language: str) -> None:
    assert catalogue.languages() == ("en", language, "zh")
    assert own_language({"LANG": f"{language}_ZZ.UTF-8"}) == language
    assert Words.of(Phrase("Step")).by_language.keys() == {"en", language, "zh"}


def test_without_its_files_the_language_is_refused_and_nothing_is_said_in_it(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with pytest.raises(SystemExit):
        main(["check", "--site", "site.toml", "--lang", "qpr"])
    assert "qpr" in capsys.readouterr().err
    assert Words.of(Phrase("Step")).said_in("qpr") == "Step"


def test_the_first_label_of_a_new_plant_is_told_in_it(
    language: str, tmp_path: Path, printed: Callable[[], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LC_ALL", language)
    site = ["--site", str(heats_site(tmp_path, 40)), "--period", "2016", "--lang", language]
    assert main(["label", *site, "--out", str(tmp_path / "label.html")]) == 0
    screen = printed()
    assert pseudo("typical") in screen
    assert (
        english(
            screen, str(tmp_path), "label.json", "batches.parquet", "rejected.csv", "report.html"
        )
        == set()
    ), "names of files"
    assert main(["check", *site, "--out", str(tmp_path / "check.html")]) == 0
    screen = printed()
    assert pseudo("batches read") in screen
    assert english(screen, str(tmp_path), "notice") == set()


def test_a_refusal_says_what_happened_and_what_to_do_in_it(
    language: str, tmp_path: Path, printed: Callable[[], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LC_ALL", language)
    assert main(["preview", "--site", str(tmp_path / "no.toml"), "--period", "2016"]) == 1
    screen = printed()
    assert pseudo("The site file cannot be read.") in screen
    assert english(screen, str(tmp_path)) == set()


def test_the_report_is_in_it_from_the_title_to_the_sources(language: str, tmp_path: Path) -> None:
    plant = analysed_site(heats_site(tmp_path), "2016")
    page = plant.page(language)
    assert pseudo("Steplabel local report") in page
    assert pseudo(load("steel").step("eaf").words.en) in page, (
        "the pack's name of the step, which the pack has in two languages only"
    )
    assert english_in(page, own_names(plant)) == set()


def test_one_text_that_nobody_translated_is_found(tmp_path: Path) -> None:
    with spoken(tmp_path / "locale", left_out="Steplabel local report"):
        plant = analysed_site(heats_site(tmp_path), "2016")
        assert english_in(plant.page(LANGUAGE), own_names(plant)) == {"local", "report"}


def test_a_pack_may_say_its_own_names_in_it(language: str) -> None:
    words = Words(en="Coking", zh="焦化", **{language: "kokovanie"})
    assert words.said_in(language) == "kokovanie"
    assert catalogue.in_language(Phrase("%(name)s", name=words), language) == "kokovanie"


def test_every_text_of_the_catalogue_is_said_in_other_letters() -> None:
    assert (
        pseudo("Add %(count)s rows to {file}, see `site.toml`: <b>now</b>.")
        == "Áđđ %(count)s ŕóẃś ťó {file}, śéé `site.toml`: <b>ńóẃ</b>."
    )
    assert len(list(phrases_of_core(LANGUAGE))) > len(list(phrases_of_core("zh_Hans"))) > 2_000
