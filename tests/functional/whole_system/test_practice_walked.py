"""A practice from a firm's consent to another plant's local report and back as a saving that five
firms reported: people at browsers in both languages, agents at plants, a running portal; then the
consent is withdrawn.

The plant rejects a part of every heat, so its local report knows the cause `reject` and no other.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from portal import keys
from portal.accounts import second_factor
from portal.accounts.enrolling import issue_token
from portal.practices.models import Entry, EntryState
from tests.functional.browser.reader import Reader, in_a_worker
from tests.functional.test_submit_survives_kill import write_plant
from tests.functional.whole_system.relay import Relay
from tests.functional.whole_system.test_pack_walked import (
    MakeReader,
    Plant,
    chromium,
    reader,
    registered,
)
from tests.integration.portal_cast import Cast, make_plant
from tests.unit.agent_send.cast import SITE

__all__ = ["chromium", "reader"]

pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db(transaction=True, databases=["default", "vault"]),
    pytest.mark.xdist_group("whole-system"),
]

TITLE, TITLE_ZH = "Catch the last slag with a dart", "用挡渣镖挡住尾渣"
OTHER, OTHER_ZH = "Keep the ladle under its lid", "钢包全程加盖"


@pytest.mark.long
@pytest.mark.timeout(1800)  # three browsers and several runs of the agent
def test_a_firms_practice_reaches_another_plants_report_and_leaves_it_again(
    reader: MakeReader, portal_relay: Relay, tmp_path: Path
) -> None:
    cast, token = in_a_worker(lambda: with_another_firm(tmp_path))
    with_rejects(tmp_path)
    plant = Plant(tmp_path)
    plant.answer("enrol", "--portal", portal_relay.address, "--token", token)
    assert plant.answer("practices", "fetch")["edition"] is None
    assert TITLE not in report_of(plant, "before")

    owner, drafter = (
        reader("zh-hans", 360, cast.plants[1].owner.email),
        reader("en", 1440, cast.drafter.email),
    )
    two = reader("zh-hans", 1440, cast.approver.email)
    _offer(owner, TITLE_ZH, "reject", "出钢末期投入挡渣镖，吨钢电耗降到 380 千瓦时。", refused=True)
    _offer(owner, TITLE_ZH, "reject", "出钢末期投入挡渣镖。")
    _offer(owner, OTHER_ZH, "reheat", "钢包加盖周转。")
    for title, title_zh in ((TITLE, TITLE_ZH), (OTHER, OTHER_ZH)):
        entry = in_a_worker(lambda: Entry.objects.get(content__title_zh=title_zh).pk)  # noqa: B023  # asked at once
        _review(drafter, entry, title)
        two.open(f"/practice-entries/{entry}/")
        two.look("practice-to-publish")
        _press(two, "form[action$='/publish/'] button")
        two.look("practice-published")

    before = len(portal_relay.everything)
    fetched = plant.answer("practices", "fetch")
    assert (fetched["edition"], fetched["practices"]) == (2, 2)
    asked = portal_relay.everything[before:]
    assert b"GET /api/v1/practices/ HTTP" in asked
    assert b"POST " not in asked
    assert b"eaf" not in asked
    for language, title, other in (("en", TITLE, OTHER), ("zh", TITLE_ZH, OTHER_ZH)):
        report = report_of(plant, f"after-{language}", "--lang", language)
        assert title in report
        assert other not in report  # nothing was heated again here

    for language, width, title in (
        ("en", 1440, TITLE),
        ("zh-hans", 360, TITLE_ZH),
        ("en", 360, TITLE),
        ("zh-hans", 1440, TITLE_ZH),
    ):
        public = reader(language, width)
        public.open("/practices/?sector=steel&cause=reject")
        public.look("practices-of-a-cause")
        public.page.click(f"text={title}")
        public.look("practice")
        assert "Enterprise" not in public.text()

    entry = in_a_worker(lambda: Entry.objects.get(content__title_zh=TITLE_ZH).pk)
    counts = _report_back(reader, portal_relay, tmp_path, cast, f"collected-{entry}")
    assert plant.answer("practices", "fetch")["edition"] == 3
    for language, of in (("en", "5 sites of 5 firms"), ("zh", "5 家企业的 5 个生产厂区")):
        report = report_of(plant, f"reported-{language}", "--lang", language)
        assert of in report
        assert counts[language] in report
    for language, width in (("en", 360), ("zh-hans", 1440)):
        public = reader(language, width)
        public.open(f"/practices/collected-{entry}/")
        public.look("practice-reported")
        assert counts[language[:2]] in public.text()
        public.open("/practices/?sector=steel")
        public.look("practices-reported")

    owner.open(f"/practice-entries/{entry}/end/")
    owner.page.fill("#id_reason", "已改用其他方法。")
    owner.look("practice-end")
    _press(owner, "main form button")
    assert in_a_worker(lambda: Entry.objects.get(pk=entry).state) == EntryState.WITHDRAWN
    assert plant.answer("practices", "fetch")["practices"] == 1
    assert TITLE not in report_of(plant, "withdrawn")


@pytest.mark.long
def test_pages_of_people_fit_every_screen(
    reader: MakeReader, portal_relay: Relay, tmp_path: Path
) -> None:
    cast, _token = in_a_worker(lambda: with_another_firm(tmp_path))
    for language, width in (("en", 360), ("zh-hans", 1440)):
        officer, owner = (
            reader(language, width, cast.drafter.email),
            reader(language, width, cast.plants[1].owner.email),
        )
        for person, path, name in (
            (officer, "/practice-entries/", "practice-entries-empty"),
            (officer, "/practice-entries/import/", "practice-import"),
            (owner, "/practice-entries/offer/", "practice-offer"),
            (owner, "/practices/", "practices"),
        ):
            person.open(path)
            person.look(name)
        officer.open("/practice-entries/import/")
        wrong = tmp_path / "wrong.csv"
        wrong.write_text("id,sector,step\nA b,steel,eaf\n", encoding="utf-8")
        officer.page.set_input_files("#id_listed", wrong)
        _press(officer, "form[enctype] button")
        officer.look("practice-import-faults", expected_status=400)


def with_another_firm(folder: Path) -> tuple[Cast, str]:
    """As `registered`, and a firm that has something to tell."""
    cast, token = registered(folder)
    cast.plants.append(make_plant(3, cast.nation, cast.pack))
    if second_factor.needed_by(cast.plants[1].owner):
        second_factor.give(cast.plants[1].owner)
    return cast, token


def with_rejects(folder: Path) -> None:
    """Of every third heat a tenth was rejected."""
    file = folder / "batches.csv"
    head, *rows = file.read_text(encoding="utf-8").splitlines()
    rejects = [f"{row},{12 if index % 3 == 0 else 0}" for index, row in enumerate(rows)]
    file.write_text("\n".join([f"{head},reject_quantity", *rejects]) + "\n", encoding="utf-8")


def report_of(plant: Plant, out: str, *more: str) -> str:
    """The local report's words."""
    plant.answer("label", "--site", "site.toml", "--period", "2016", "--out", out, *more)
    return re.sub(r"<[^>]+>", " ", (plant.folder / out / "report.html").read_text(encoding="utf-8"))


def _report_back(
    reader: MakeReader, relay: Relay, folder: Path, cast: Cast, practice: str
) -> dict[str, str]:
    """Five firms verify on site what the practice saved, and hand in their agents' files; what is
    then told of the classes, by language.
    """
    classes = []
    for number in range(4, 9):
        firm, token = in_a_worker(lambda: _further_firm(cast, number))  # noqa: B023  # asked at once
        works = Plant(folder / f"firm-{number}")
        _write_action(works.folder, firm.site.slug, practice, effect=(number - 4) * 0.04)
        works.answer("enrol", "--portal", relay.address, "--token", token)
        if number == 4:  # it has not fetched the library yet
            assert works.refusal("practices", "outcome", "dart", "--site", "site.toml") == (
                1,
                "practice-unknown",
            )
        works.answer("practices", "fetch")
        before = len(relay.everything)
        reply = works.answer("practices", "outcome", "dart", "--site", "site.toml")
        assert len(relay.everything) == before  # nothing is sent
        classes.append(reply["outcome"]["outcome"])
        owner = reader(*(("en", 1440) if number % 2 else ("zh-hans", 360)), firm.owner.email)
        owner.open(reply["hand_in_at"].removeprefix(relay.address))
        owner.look("practice-outcome")
        owner.page.check("#id_consent")
        owner.page.set_input_files("#id_outcome", works.folder / reply["file"])
        _press(owner, "form[enctype] button")
        owner.look("practice-outcome-handed-in")
        if number == 4:
            _press(owner, "button[name=withdraw]")
            owner.page.check("#id_consent")
            owner.page.set_input_files("#id_outcome", works.folder / reply["file"])
            _press(owner, "form[enctype] button")
        public = reader("en", 1440)
        public.open(f"/practices/{practice}/")
        assert ("of 5 firms" in public.text()) is (number == 8)
    assert "not-proven" in classes
    proven, unproven = (
        sum(outcome not in ("not-proven", "used-more") for outcome in classes),
        classes.count("not-proven"),
    )
    assert proven
    return {"en": f"not proven at {unproven}, more energy used", "zh": f"{proven} 个已证明节能"}


def _further_firm(cast: Cast, number: int) -> tuple[Any, str]:
    firm = make_plant(number, cast.nation, cast.pack)
    firm.device.delete()
    if second_factor.needed_by(firm.owner):
        second_factor.give(firm.owner)
    return firm, issue_token(
        firm.site, None, keys.published_directory().fingerprint, timezone.now()
    )


def _write_action(folder: Path, site: str, practice: str, effect: float) -> None:
    """Two years of an arc furnace, whose second takes less electricity by this share: the practice
    was begun between them.
    """
    folder.mkdir()
    write_plant(folder, years=(2016, 2017))
    file = folder / "site.toml"
    declared = '\n[[events]]\nstep = "eaf"\nfrom = 2017-01-01\nkind = "process"\nreason = "Darts"\n'
    file.write_text(
        file.read_text(encoding="utf-8").replace(f'"{SITE}"', f'"{site}"') + declared,
        encoding="utf-8",
    )
    rows = [
        row.split(",") for row in (folder / "energy.csv").read_text(encoding="utf-8").splitlines()
    ]
    for row in rows:
        if row[2] == "electricity" and row[0] >= "HEAT-0120":
            row[3] = f"{float(row[3]) * (1 - effect):.1f}"
    (folder / "energy.csv").write_text("\n".join(map(",".join, rows)) + "\n", encoding="utf-8")
    (folder / "actions.toml").write_text(
        '[[actions]]\nid = "dart"\nwhat = "Darts"\nstep = "eaf"\nowner = "Wang Li"\nstate = '
        '"done"\nday = 2017-01-01\n'
        f'practice = "{practice}"\nbaseline = "2016"\nreporting = "2017"\nno_season = "The hall '
        'is heated all the year"\n',
        encoding="utf-8",
    )


def _offer(person: Reader, title: str, cause: str, done: str, *, refused: bool = False) -> None:
    person.open("/practice-entries/offer/")
    page = person.page
    page.select_option("#id_step", "steel/eaf")
    page.select_option("#id_cause", cause)
    page.fill("#id_title_zh", title)
    page.fill("#id_done_zh", done)
    page.fill("#id_saving_from", "2")
    page.fill("#id_saving_to", "3.5")
    page.check("#id_consent")
    _press(person, "main form button")
    person.look(
        "practice-offer-refused" if refused else "practice-offered",
        expected_status=400 if refused else None,
    )
    assert in_a_worker(lambda: Entry.objects.filter(content__done_zh=done).exists()) is not refused


def _review(person: Reader, entry: int, title: str) -> None:
    person.open(f"/practice-entries/{entry}/")
    person.look("practice-to-review")
    person.page.fill("#id_title_en", title)
    person.page.fill("#id_done_en", f"{title}: at the end of tapping, by the furnace crew.")
    _press(person, "form[novalidate] button")
    person.look("practice-reviewed")


def _press(person: Reader, button: str) -> None:
    with person.page.expect_navigation():
        person.page.click(button)
