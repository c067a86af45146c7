"""Many sites side by side: the same files as one by one, a site that fails alone, what is done
once, and what is compared.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from benchmarks import packs, shelf
from benchmarks.errors import InputError
from benchmarks.measurements import Severity
from extras.fleet.fleet_settings import load_fleet
from extras.fleet.one_site import do
from extras.fleet.processes import in_processes
from extras.fleet.site_tasks import SiteStep, SiteTaskOutcome, Task, name_of
from extras.fleet.sites_compared import grouped
from fixtures.simulator.furnaces import Furnaces
from reporting_agent.cli import main
from reporting_agent.config import load_site
from reporting_agent.sources.price_series import kept_at
from reporting_agent.state import StateDirectory
from tests.unit.report.conftest import heats_site

TARIFF = (
    '[inherit.tariff]\ncurrency = "CNY"\n[[inherit.tariff.prices]]\ncarrier = "electricity"\nunit '
    '= "kWh"\nprice = 0.62\n'
)


def group_of(folder: Path, sites: int = 3, heats: int = 120) -> Path:
    """Furnaces that differ in how often a heat waits, and a site whose log is not there."""
    lines = ['[fleet]\nname = "Example Group"\n']
    for number in range(sites):
        works = folder / f"works-{number}"
        works.mkdir(parents=True)
        heats_site(
            works,
            heats,
            f"W{number}",
            late_every=(29, 13, 7)[number % 3],
            site_id=f"w{number}-works-2",
        )
        lines.append(f'[[sites]]\nfile = "works-{number}/site.toml"\n')
    broken = folder / "broken"
    broken.mkdir()
    heats_site(broken, heats=40)
    (broken / "batches.csv").unlink()
    lines.append('[[sites]]\nfile = "broken/site.toml"\n')
    fleet = folder / "fleet.toml"
    fleet.write_text("\n".join(lines), encoding="utf-8")
    return fleet


def kills_what_reads_it(site: Path, *, once: bool = False) -> None:
    """Let the site read from a source whose process is killed, always or the first time."""
    reads_by(site, "DyingOnce" if once else "Dying", beside_files=once)


def reads_by(site: Path, source: str, *, beside_files: bool) -> None:
    """Let the site read from a source of `dying_source`, in place of its files or beside them."""
    text = site.read_text(encoding="utf-8")
    inputs = 'batches = "batches.csv"\nenergy = "energy.csv"'
    assert inputs in text
    named = f'source = "extras.fleet.tests.unit.dying_source:{source}"'
    site.write_text(
        text.replace(inputs, f"{inputs}\n{named}" if beside_files else named), encoding="utf-8"
    )


@dataclass(frozen=True)
class Approved:
    """A shelf with packs that an authority approved."""

    files: dict[tuple[str, str], str]

    def versions(self) -> Collection[tuple[str, str]]:
        return self.files.keys()

    def pack(self, pack: str, version: str) -> str | None:
        return self.files.get((pack, version))

    def factors(self, _version: str) -> str | None:
        return None

    def practices(self) -> str:
        return ""


def tasks_of(file: Path, out: Path) -> list[Task]:
    return [
        Task(path, {}, "2016", "en", f"{out}/{name_of(path)}") for path in load_fleet(file).files()
    ]


def fleet(file: Path, out: Path, *more: str) -> int:
    return main(
        [
            "fleet",
            "--config",
            str(file),
            "label",
            "--period",
            "2016",
            "--out",
            str(out),
            "--processes",
            "2",
            *more,
        ]
    )


@pytest.fixture(scope="module")
def labelled(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    folder = tmp_path_factory.mktemp("fleet")
    file = group_of(folder)
    assert fleet(file, folder / "out") == 1  # one site is broken
    return file, folder / "out"


def test_a_site_is_unchanged_however_the_path_of_the_fleet_was_typed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By its absolute path, from its own folder, and from beside it."""
    works = tmp_path / "works"
    works.mkdir()
    heats_site(works, heats=40)
    file, out = works / "fleet.toml", tmp_path / "out"
    file.write_text('[fleet]\nname = "G"\n[[sites]]\nfile = "site.toml"\n', encoding="utf-8")
    kept = []
    for folder, typed in (
        (tmp_path, file),
        (works, Path("fleet.toml")),
        (out, "../works/fleet.toml"),
    ):
        monkeypatch.chdir(folder)
        fleet(Path(typed), out)
        group = json.loads((out / "group.json").read_text(encoding="utf-8"))
        kept.append([site["kept"] for site in group["sites"]])
    assert kept == [[False], [True], [True]]


def test_every_site_has_the_files_that_label_writes(
    labelled: tuple[Path, Path], tmp_path: Path
) -> None:
    file, out = labelled
    for number in range(3):
        site = file.parent / f"works-{number}" / "site.toml"
        assert (
            main(
                [
                    "label",
                    "--site",
                    str(site),
                    "--period",
                    "2016",
                    "--out",
                    str(tmp_path / str(number)),
                ]
            )
            == 0
        )
        own = out / f"{number + 1:03}-works-{number}"
        for name in ("label.json", "batches.parquet", "rejected.csv"):
            assert (own / name).read_bytes() == (tmp_path / str(number) / name).read_bytes(), name


def test_a_site_that_fails_is_named_with_its_remedy_and_stops_no_other(
    labelled: tuple[Path, Path],
) -> None:
    group = json.loads((labelled[1] / "group.json").read_text(encoding="utf-8"))
    refused = [site["refused"] for site in group["sites"]]
    assert [refusal is None for refusal in refused] == [True, True, True, False]
    assert refused[3]["code"]
    assert refused[3]["remedy"]
    page = (labelled[1] / "group.html").read_text(encoding="utf-8")
    assert "broken" in page
    assert refused[3]["remedy"] in page
    assert refused[3]["place"]["file"] in page


def test_a_fault_that_nobody_foresaw_is_told_of_its_site_and_the_others_are_done(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = group_of(tmp_path, sites=2, heats=40)
    site = tmp_path / "works-1" / "site.toml"
    kills_what_reads_it(site)
    site.write_text(
        site.read_text(encoding="utf-8").replace("dying_source:Dying", "dying_source:Faulty"),
        encoding="utf-8",
    )
    assert (
        main(
            [
                "fleet",
                "--config",
                str(file),
                "check",
                "--out",
                str(tmp_path / "out"),
                "--lang",
                "zh",
            ]
        )
        == 1
    )
    sites = json.loads((tmp_path / "out" / "check.json").read_text(encoding="utf-8"))["sites"]
    assert [(site["refused"] or {}).get("code") for site in sites] == [
        None,
        "fleet-site-failed",
        "file-missing",
    ]
    assert "ZeroDivisionError: of the source" in sites[1]["refused"]["found"]
    heard = capsys.readouterr().err
    assert "批次" in heard or "文件" in heard
    assert "was not done" not in heard
    assert "remedy" not in heard


def test_a_check_tells_of_each_site_how_many_findings_it_has(tmp_path: Path) -> None:
    file = group_of(tmp_path, sites=1, heats=40)
    log = tmp_path / "works-0" / "batches.csv"
    first, *rows = log.read_text(encoding="utf-8").splitlines()
    log.write_text("\n".join([first, *rows, "not a row"]) + "\n", encoding="utf-8")
    assert main(["fleet", "--config", str(file), "check", "--out", str(tmp_path / "out")]) == 1
    quality = json.loads((tmp_path / "out" / "check.json").read_text(encoding="utf-8"))["sites"][0][
        "quality"
    ]
    assert sum(quality["findings"].values()) >= 1
    assert set(quality["findings"]) <= set(Severity)


def test_a_check_stands_beside_the_others_and_is_not_done_again(
    labelled: tuple[Path, Path], tmp_path: Path
) -> None:
    file, out = labelled[0], tmp_path / "check"
    rows = (file.parent / "works-1" / "batches.csv").read_text(encoding="utf-8").splitlines()
    assert main(["fleet", "--config", str(file), "check", "--out", str(out), "--lang", "zh"]) == 1
    assert (
        main(
            [
                "check",
                "--site",
                str(file.parent / "works-1" / "site.toml"),
                "--out",
                str(tmp_path / "alone"),
            ]
        )
        == 0
    )
    for name in ("quality.json", "rejected.csv"):
        assert (out / "002-works-1" / name).read_bytes() == (
            tmp_path / "alone" / name
        ).read_bytes(), name
    assert main(["fleet", "--config", str(file), "check", "--out", str(out), "--lang", "zh"]) == 1
    sites = json.loads((out / "check.json").read_text(encoding="utf-8"))["sites"]
    assert [site["kept"] for site in sites] == [True, True, True, False]
    assert sites[1]["quality"]["batches"] == len(rows) - 1
    assert sites[3]["refused"]["code"] == "file-missing"
    page = (out / "check.html").read_text(encoding="utf-8")
    assert "无法读取的生产厂区" in page
    assert 'href="002-works-1/quality.html"' in page


def test_status_tells_of_a_site_whose_settings_no_label_can_be_made_with(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    site = Furnaces(heats=1).write(tmp_path)
    site.write_text(site.read_text("utf-8").replace('unit = "kWh"', 'unit = "kWhh"', 1), "utf-8")
    (tmp_path / "fleet.toml").write_text(
        '[fleet]\nname = "G"\n[[sites]]\nfile = "site.toml"\n', "utf-8"
    )
    assert main(["fleet", "--config", str(tmp_path / "fleet.toml"), "status", "--csv"]) == 0
    assert "unit-unknown not-enrolled" in capsys.readouterr().out
    assert main(["check", "--site", str(site), "--lang", "zh"]) == 1
    sentence = capsys.readouterr().err
    assert "meters.eaf-1-electricity.unit" in sentence
    assert "a unit such as" not in sentence


def test_status_of_a_fleet_is_a_line_a_site(
    labelled: tuple[Path, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["fleet", "--config", str(labelled[0]), "status", "--json"]) == 0
    assert len(json.loads(capsys.readouterr().out)["sites"]) == 4
    assert main(["fleet", "--config", str(labelled[0]), "status", "--trouble-fails"]) == 1


@pytest.mark.parametrize(
    "wrong",
    [["label"], ["label", "--period", "2016"], ["--config", "F", "label"], ["--config", "F", "wash"],
     ["--config", "F", "check", "--csv"], ["--config", "F", "check", "--tls-key", "K"]],
)  # fmt: skip
def test_arguments_that_do_not_go_together_are_wrong_usage(wrong: list[str]) -> None:
    with pytest.raises(SystemExit) as left:
        main(["fleet", *wrong])
    assert left.value.code == 2


def test_a_worker_reads_only_what_the_fleet_names(tmp_path: Path) -> None:
    file = group_of(tmp_path, 1, heats=40)
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (tmp_path / "works-0" / "energy.csv").rename(elsewhere / "energy.csv")
    (tmp_path / "works-0" / "energy.csv").symlink_to(elsewhere / "energy.csv")
    (task, _) = tasks_of(file, tmp_path / "out")
    outside = do(replace(task, work="check", within=()))
    assert outside.refused is not None
    assert (outside.refused["code"], outside.refused["found"]) == (
        "fleet-input-outside",
        str(tmp_path / "works-0" / "energy.csv"),
    )
    assert do(replace(task, work="check", within=(str(elsewhere),))).refused is None
    site = tmp_path / "works-0" / "site.toml"
    site.write_text(
        site.read_text(encoding="utf-8").replace('"energy.csv"', '"s3://plant-b/energy.csv"'),
        encoding="utf-8",
    )
    stored = do(replace(task, work="check", within=(str(elsewhere), "s3://plant")))
    assert stored.refused is not None
    assert (stored.refused["code"], stored.refused["found"]) == (
        "fleet-input-outside",
        "s3://plant-b/energy.csv",
    )


def test_a_worker_reads_prices_only_where_the_fleet_lets_it(tmp_path: Path) -> None:
    (task, _) = tasks_of(group_of(tmp_path, 1, heats=40), tmp_path / "out")
    (tmp_path / "elsewhere").mkdir()
    prices = tmp_path / "elsewhere" / "prices.csv"
    prices.write_text("time,price\n2025-01-01T00:00:00+00:00,0.6\n", encoding="utf-8")
    site = tmp_path / "works-0" / "site.toml"
    series = (
        'name = "spot"\ncarrier = "electricity"\nunit = "kWh"\ncurrency = "CNY"\nminutes = '
        '1440\nfile = "../elsewhere/prices.csv"\n'
    )
    site.write_text(
        f"{site.read_text(encoding='utf-8')}[tariff]\ncurrency = "
        f'"CNY"\n[[tariff.series]]\n{series}',
        encoding="utf-8",
    )
    outside = do(replace(task, work="check", within=()))
    assert outside.refused is not None
    assert (outside.refused["code"], outside.refused["found"]) == (
        "fleet-input-outside",
        str(site.parent / "../elsewhere/prices.csv"),
    )
    within = do(replace(task, work="check", within=(str(prices.parent),)))
    assert within.refused is None


def test_what_has_not_changed_is_not_done_again_and_what_has_is(tmp_path: Path) -> None:
    file, out = group_of(tmp_path, 2), tmp_path / "out"
    fleet(file, out)
    pages = [(out / f"00{number + 1}-works-{number}" / "report.html") for number in range(2)]
    before = [page.stat().st_mtime_ns for page in pages]
    batches = tmp_path / "works-1" / "batches.csv"
    batches.write_text(
        batches.read_text(encoding="utf-8").rsplit("\n", 2)[0] + "\n", encoding="utf-8"
    )  # a heat less
    fleet(file, out)
    assert [
        page.stat().st_mtime_ns == earlier for page, earlier in zip(pages, before, strict=True)
    ] == [True, False]
    group = json.loads((out / "group.json").read_text(encoding="utf-8"))
    assert [site["kept"] for site in group["sites"]] == [True, False, False]
    fleet(file, out, "--lang", "zh")
    assert "Example Group" in (out / "group.html").read_text(encoding="utf-8")
    assert [
        page.stat().st_mtime_ns == earlier for page, earlier in zip(pages, before, strict=True)
    ] == [False, False]  # in Chinese now


def price_each_day(site: Path, price: float, hour: int) -> None:
    """What the site's series says of the days of its heats: in its file, or as an answer fetched at
    that hour.
    """
    days = [
        f"2016-{day}T00:00Z,{price}"
        for day in ("04-30", *(f"05-{number:02}" for number in range(1, 12)))
    ]
    content = "\n".join(["time,price", *days, ""]).encode()
    loaded = load_site(site)
    assert loaded.tariff is not None
    (series,) = loaded.tariff.series
    answer = kept_at(series, loaded.folder, content, datetime(2026, 1, 1, hour, tzinfo=UTC))
    path = answer if series.file is None else loaded.folder / series.file
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)


@pytest.mark.parametrize(
    "where", ['file = "prices.csv"', 'address = "https://prices.example/spot"']
)
def test_other_prices_of_a_series_give_other_money_and_the_same_ones_nothing_to_do(
    tmp_path: Path, where: str
) -> None:
    (task, _) = tasks_of(group_of(tmp_path, 1), tmp_path / "out")
    site = tmp_path / "works-0" / "site.toml"
    series = (
        'name = "spot"\ncarrier = "electricity"\nunit = "kWh"\ncurrency = "CNY"\nminutes = 1440\n'
    )
    own = site.read_text(encoding="utf-8")
    site.write_text(
        f'{own}[tariff]\ncurrency = "CNY"\n[[tariff.series]]\n{series}{where}\n', encoding="utf-8"
    )
    price_each_day(site, 0.5, hour=1)
    before = do(task)
    assert do(task).kept
    price_each_day(site, 1.0, hour=2)
    after = do(task)
    assert not after.kept
    assert before.steps[0].money
    assert after.steps[0].money == pytest.approx(2 * before.steps[0].money)
    assert do(task).kept


@pytest.mark.slow
def test_a_run_that_is_killed_goes_on_where_it_was(tmp_path: Path) -> None:
    file, out = group_of(tmp_path, 3), tmp_path / "out"
    command = [
        sys.executable,
        "-m",
        "reporting_agent",
        "fleet",
        "label",
        "--config",
        str(file),
        "--period",
        "2016",
        "--out",
        str(out),
        "--processes",
        "1",
    ]
    running = subprocess.Popen(command, start_new_session=True)
    first = out / "001-works-0" / "outcome.json"
    until = time.monotonic() + 120
    while not first.exists() and time.monotonic() < until:
        time.sleep(0.02)
    os.killpg(running.pid, signal.SIGKILL)
    running.wait()
    assert not (out / "group.json").exists()
    fleet(file, out)
    group = json.loads((out / "group.json").read_text(encoding="utf-8"))
    assert group["sites"][0]["kept"]
    assert [site["refused"] is None for site in group["sites"]] == [True, True, True, False]


def test_a_process_that_is_killed_names_its_own_site_and_no_other(tmp_path: Path) -> None:
    file = group_of(tmp_path, 3)
    kills_what_reads_it(tmp_path / "works-1" / "site.toml")
    assert fleet(file, tmp_path / "out") == 1
    group = json.loads((tmp_path / "out" / "group.json").read_text(encoding="utf-8"))
    assert [site["refused"] and site["refused"]["code"] for site in group["sites"]] == [
        None,
        "fleet-process-died",
        None,
        "file-missing",
    ]


def test_a_pack_that_an_authority_approved_is_found_in_every_process(tmp_path: Path) -> None:
    file = group_of(tmp_path, 1)
    own = tmp_path / "works-0" / "site.toml"
    own.write_text(
        own.read_text(encoding="utf-8").replace(
            'pack = "steel"', 'pack = "approved-steel"\npack_version = "9"'
        ),
        encoding="utf-8",
    )
    text = (Path(packs.__file__).parent / "steel.toml").read_text(encoding="utf-8")
    approved = text.replace('id = "steel"', 'id = "approved-steel"', 1).replace(
        'version = "1"', 'version = "9"', 1
    )
    with shelf.used(Approved({("approved-steel", "9"): approved})):
        reused = []
        for _ in range(2):
            outcomes = {
                outcome.file: outcome
                for outcome in in_processes(tasks_of(file, tmp_path / "out"), 2)
            }
            reused.append(outcomes[str(own)].kept)
            assert outcomes[str(own)].refused is None
    assert reused == [False, True]


def test_shared_tables_stand_where_a_site_has_none_of_its_own(tmp_path: Path) -> None:
    file = group_of(tmp_path, 2)
    bare, own = (tmp_path / f"works-{number}" / "site.toml" for number in range(2))
    own.write_text(
        own.read_text(encoding="utf-8") + TARIFF.replace("inherit.", "").replace("0.62", "0.5"),
        encoding="utf-8",
    )
    file.write_text(file.read_text(encoding="utf-8") + TARIFF, encoding="utf-8")
    shared = load_fleet(file).inherit
    inherited, own_tariff = load_site(bare, shared).tariff, load_site(own, shared).tariff
    assert inherited is not None
    assert own_tariff is not None
    assert inherited.prices[0].price == 0.62
    assert own_tariff == load_site(own).tariff
    assert own_tariff.prices[0].price == 0.5


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ('[fleet]\nname = "G"\n', "fleet-invalid"),  # no site
        ('[fleet]\nname = "G"\n[[sites]]\nfile = "a"\n[[sites]]\nfile = "a"\n', "fleet-invalid"),
        (
            '[fleet]\nname = "G"\n[[sites]]\nfile = "a"\n[inherit.inputs]\nbatches = "b.csv"\n',
            "fleet-invalid",
        ),  # one site's own
        ("[fleet\n", "fleet-unreadable"),
    ],
)
def test_a_fleet_file_that_does_not_hold_together_is_refused(
    tmp_path: Path, text: str, code: str
) -> None:
    (tmp_path / "fleet.toml").write_text(text, encoding="utf-8")
    with pytest.raises(InputError) as refused:
        load_fleet(tmp_path / "fleet.toml")
    assert refused.value.code == code


def step(
    best: float,
    typical: float,
    pack: str = "steel 3",
    uncertainty: float | None = 2.0,
    money: float | None = 0.5,
) -> SiteStep:
    return SiteStep(
        pack,
        "eaf",
        "steel",
        "",
        "electricity",
        "b",
        "kWh/t",
        best,
        uncertainty,
        typical,
        500,
        500,
        1000.0,
        money,
        "CNY" if money else None,
        "EAF",
    )


def outcome(site: str, *steps: SiteStep) -> SiteTaskOutcome:
    return SiteTaskOutcome(f"{site}/site.toml", site, site, "", steps)


def test_the_distance_is_from_the_typical_batch_to_the_lowest_label_with_the_uncertainty_of_both() -> (
    None
):
    (group,) = grouped([outcome("a", step(350.0, 352.0)), outcome("b", step(360.0, 380.0))])
    b, a = group.sites  # most to gain first
    assert (b.site, b.distance, b.energy, b.money) == ("b", 30.0, 30_000.0, 15_000.0)
    assert b.uncertainty == pytest.approx(8**0.5)
    assert b.clear
    assert a.is_best
    assert a.distance == 2.0
    assert not a.clear  # within the uncertainty of the two labels


def test_a_cause_that_the_best_has_less_of_is_told_with_its_worth() -> None:
    best = replace(step(350.0, 352.0), causes={"holding": 1000.0})
    other = replace(
        step(360.0, 380.0), causes={"holding": 9000.0, "reheat": 500.0, "no-cause": 20_000.0}
    )
    (group,) = grouped([outcome("a", best), outcome("b", other)])
    b, a = group.sites
    assert [
        (cause.cause, cause.here, cause.at_best, cause.energy, cause.money) for cause in b.causes
    ] == [
        ("holding", 9.0, 1.0, 8000.0, 4000.0),
        ("reheat", 0.5, 0.0, 500.0, 250.0),
    ]
    assert a.causes == ()


def test_labels_of_another_pack_are_not_compared_and_one_alone_is_best_of_nothing() -> None:
    groups = grouped(
        [outcome("a", step(350.0, 352.0)), outcome("b", step(300.0, 310.0, pack="steel 2"))]
    )
    assert [len(group.sites) for group in groups] == [1, 1]
    assert all(row.distance is None and not row.is_best for group in groups for row in group.sites)


def test_a_site_is_known_again_by_another_way_of_writing_its_path(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its inputs are named whole, so that nothing but the path of site.toml differs between the two
    runs.
    """
    site = Furnaces(heats=1).write(tmp_path)
    own = site.read_text("utf-8")
    for name in ("batches", "readings", "energy"):
        own = own.replace(f'{name} = "{name}', f'{name} = "{tmp_path.as_posix()}/{name}')
    site.write_text(own, "utf-8")
    assert f'batches = "{tmp_path.as_posix()}/' in own
    monkeypatch.chdir(tmp_path)
    out = str(tmp_path / "out")
    assert do(Task("site.toml", {}, None, "en", out, "check")).refused is None
    again = do(Task(str(site), {}, None, "en", out, "check"))
    assert (again.kept, again.file) == (True, str(site))


def test_a_site_that_stands_twice_under_two_spellings_is_refused(tmp_path: Path) -> None:
    sites = "".join(f'[[sites]]\nfile = "{file}"\n' for file in ("a/site.toml", "b/../a/site.toml"))
    (tmp_path / "fleet.toml").write_text(f'[fleet]\nname = "G"\n{sites}', encoding="utf-8")
    with pytest.raises(InputError) as refused:
        load_fleet(tmp_path / "fleet.toml")
    assert refused.value.code == "fleet-invalid"
    assert "'a/site.toml' and 'b/../a/site.toml' are one file" in str(refused.value.wanted)


def test_two_sites_with_one_id_are_refused(tmp_path: Path) -> None:
    for name in ("first", "second"):
        (tmp_path / name).mkdir()
        Furnaces(heats=1).write(tmp_path / name)
    sites = "".join(
        f'[[sites]]\nfile = "{name}/site.toml"\n' for name in ("first", "missing", "second")
    )
    (tmp_path / "fleet.toml").write_text(f'[fleet]\nname = "G"\n{sites}', encoding="utf-8")
    with pytest.raises(InputError) as refused:
        load_fleet(tmp_path / "fleet.toml")
    assert refused.value.code == "fleet-invalid"
    assert "'first/site.toml' and 'second/site.toml' both have the id" in str(refused.value.wanted)


def test_a_damaged_state_directory_hides_no_other_site(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("first", "second"):
        (tmp_path / name).mkdir()
        Furnaces(heats=1).write(tmp_path / name)
    second = tmp_path / "second" / "site.toml"
    second.write_text(second.read_text("utf-8").replace('id = "', 'id = "second-', 1), "utf-8")
    state = StateDirectory(tmp_path / "first" / "state")
    state.path.mkdir()
    state.database.write_bytes(b"no database" * 1000)
    sites = "".join(f'[[sites]]\nfile = "{name}/site.toml"\n' for name in ("first", "second"))
    (tmp_path / "fleet.toml").write_text(f'[fleet]\nname = "G"\n{sites}', "utf-8")
    assert main(["fleet", "--config", str(tmp_path / "fleet.toml"), "status", "--json"]) == 0
    rows = json.loads(capsys.readouterr().out)["sites"]
    assert [[trouble["code"] for trouble in row["trouble"]] for row in rows] == [
        ["not-read"],
        ["not-enrolled"],
    ]
