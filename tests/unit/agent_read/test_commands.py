"""The commands as a plant runs them: check, label, compare; their files, exit codes and
machine-readable answers.
"""

import json
import re
import subprocess
import sys
import threading
from datetime import datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import jsonschema  # type: ignore[import-untyped]  # ships no types
import pyarrow.parquet as pq
import pytest

from reporting_agent.cli import main
from reporting_agent.schemas import HOME, as_text, from_code, label_schema


@pytest.fixture
def metered(tmp_path: Path) -> Path:
    """Three heats, the last one scrap; a register that starts again at a million kWh."""
    (tmp_path / "batches.csv").write_text(
        "batch_id,step,start,end,output_quantity,status,var.hot_metal_pct\n"
        "H1,eaf,2016-05-14T08:00,2016-05-14T08:50,122.4,good,0\n"
        "H2,eaf,2016-05-14T09:00,2016-05-14T09:45,121.9,good,10\n"
        "H3,eaf,2016-05-14T09:50,2016-05-14T10:40,122.8,scrap,0\n"
    )
    stamps = [datetime(2016, 5, 14, 8) + timedelta(minutes=5 * n) for n in range(34)]  # noqa: DTZ001
    (tmp_path / "readings.csv").write_text(
        "meter_id,timestamp,value\n"
        + "".join(
            f"main,{at.isoformat()},{(988_000 + 4_800 * n) % 1_000_000}\n"
            for n, at in enumerate(stamps)
        )
    )
    site = tmp_path / "site.toml"
    site.write_text(
        '[site]\nid = "works-2"\ntimezone = "Asia/Shanghai"\npack = "steel"\n'
        '[inputs]\nbatches = "batches.csv"\nreadings = "readings.csv"\n'
        '[[meters]]\nid = "main"\nstep = "eaf"\ncarrier = "electricity"\nreading = "register"\n'
        'unit = "kWh"\nrollover = 1000000.0\n'
        '[steps.eaf]\nnot_used = ["natural-gas", "coke"]\n'
    )
    return site


@pytest.fixture
def plant(tmp_path: Path) -> Path:
    """Sixty heats, one an hour, from 350 to 409 kWh/t; one of all nines."""
    start = datetime(2016, 5, 1)  # noqa: DTZ001 - a log in local time
    heats = [(f"H{n:03}", start + timedelta(hours=n)) for n in range(61)]
    (tmp_path / "batches.csv").write_text(
        "batch_id,step,start,end,output_quantity,var.hot_metal_pct\n"
        + "".join(
            f"{name},eaf,{at.isoformat()},{(at + timedelta(minutes=50)).isoformat()},100,0\n"
            for name, at in heats
        )
    )
    quantities = [35_000 + 100 * n for n in range(60)] + [-999.999]
    (tmp_path / "energy.csv").write_text(
        "batch_id,step,carrier,quantity,unit\n"
        + "".join(
            f"{name},eaf,electricity,{amount},kWh\n"
            for (name, _), amount in zip(heats, quantities, strict=True)
        )
    )
    site = tmp_path / "site.toml"
    site.write_text(
        '[site]\nid = "works-2"\ntimezone = "Asia/Shanghai"\npack = "steel"\n'
        '[inputs]\nbatches = "batches.csv"\nenergy = "energy.csv"\n[steps.eaf]\nnot_used = '
        '["natural-gas", "coke"]\n'
    )
    return site


def label(site: Path, *more: str) -> Path:
    out = site.parent / "out"
    assert main(["label", "--site", str(site), "--period", "2016", "--out", str(out), *more]) == 0
    return out


def electricity(out: Path) -> dict[str, Any]:
    content = json.loads((out / "label.json").read_text(encoding="utf-8"))
    (step,) = [step for step in content["steps"] if step["metric"] == "electricity"]
    return dict(step)


def test_a_check_writes_what_it_answers_and_a_page_of_it(
    metered: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    capsys.readouterr()
    assert (
        main(["check", "--site", str(metered), "--out", str(metered.parent / "check"), "--json"])
        == 0
    )
    written = json.loads((metered.parent / "check" / "quality.json").read_text())
    assert json.loads(capsys.readouterr().out) == written
    page = (metered.parent / "check" / "quality.html").read_text(encoding="utf-8")
    assert "3 batches were read, 0 of them left out" in page
    assert all(finding["sentence"].replace("'", "&#39;") in page for finding in written["findings"])
    assert (written["batches"]["read"], written["rejected_rows"]) == (3, 0)
    assert [finding["code"] for finding in written["findings"]] == ["register-rollover"]
    out = label(metered)
    assert electricity(out)["batches"] == {"read": 3, "used": 2, "excluded": {"scrap": 1}}


def test_the_label_is_the_exact_quantile_and_the_sentinel_is_out(plant: Path) -> None:
    out = label(plant)
    step = electricity(out)
    assert step["batches"] == {"read": 61, "used": 60, "excluded": {"sentinel": 1}}
    assert step["best"]["value"] == pytest.approx(352.0)  # the third of sixty: ceil(0.05 x 60)
    assert step["minimum"] == pytest.approx(350.0)
    assert step["typical"] == pytest.approx(379.5, abs=0.51)
    assert step["mean"] == pytest.approx(379.5)
    assert sorted(path.name for path in out.iterdir()) == [
        "batches.parquet",
        "label.json",
        "rejected.csv",
        "report.html",
    ]


def test_label_json_holds_to_its_schema(plant: Path) -> None:
    content = json.loads((label(plant) / "label.json").read_text(encoding="utf-8"))
    jsonschema.validate(content, label_schema(), format_checker=jsonschema.FormatChecker())
    content["steps"][0]["batches"].pop("used")
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(content, label_schema())


def test_every_batch_stands_in_the_parquet_with_its_reason(plant: Path) -> None:
    table = pq.read_table(label(plant) / "batches.parquet").to_pylist()
    rows = {row["batch_id"]: row for row in table if row["metric"] == "electricity"}
    assert len(rows) == 61
    assert rows["H060"]["excluded"] == "sentinel"
    assert rows["H000"]["value"] == pytest.approx(350.0)


@pytest.mark.parametrize(("lang", "words"), [("en", "your label is"), ("zh", "标签值为")])
def test_the_report_is_one_page_that_needs_nothing(plant: Path, lang: str, words: str) -> None:
    page = (label(plant, "--lang", lang) / "report.html").read_text(encoding="utf-8")
    assert words in page
    assert "352.0" in page
    assert "<script" not in page
    assert not re.search(r"https?:", page)
    assert "src=" not in page


def test_the_report_escapes_what_the_plant_wrote(plant: Path) -> None:
    for name in ("batches.csv", "energy.csv"):
        path = plant.parent / name
        path.write_text(path.read_text().replace("H059", "<b>H059"))
    page = (label(plant) / "report.html").read_text(encoding="utf-8")
    assert "&lt;b&gt;H059" in page
    assert "<b>H059" not in page


def test_json_answers_stand_alone_on_stdout(
    plant: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    label(plant, "--json")
    assert json.loads(capsys.readouterr().out)["schema"] == "steplabel/local-label/1"
    assert main(["label", "--site", str(plant), "--period", "2016-13", "--json"]) == 1
    output = capsys.readouterr()
    assert json.loads(output.out)["error"]["code"] == "period-unreadable"
    assert "2016-Q1" in output.err


@pytest.mark.parametrize(
    "arguments", [[], ["nonsense"], ["label"], ["label", "heats.csv", "--site", "x"]]
)
def test_wrong_usage_ends_with_2(arguments: list[str]) -> None:
    with pytest.raises(SystemExit) as leaving:
        main(arguments)
    assert leaving.value.code == 2


def test_help_names_every_command() -> None:
    answer = subprocess.run(
        [sys.executable, "-m", "reporting_agent", "--help"],
        capture_output=True,
        text=True,
        check=True,
    )
    for command in ("check", "label", "compare", "submit"):
        assert command in answer.stdout


def test_help_reads_no_library_of_numbers_nor_of_forms() -> None:
    """What is typed in vain or completed by Tab answers at once: what commands need is imported
    when they run.
    """
    command = [sys.executable, "-X", "importtime", "-m", "reporting_agent", "--help"]
    imports = subprocess.run(
        command, capture_output=True, text=True, check=True
    ).stderr.splitlines()
    imported = {line.rpartition("|")[2].strip() for line in imports}
    assert "reporting_agent.commands.audit" in imported
    assert imported.isdisjoint(
        {"numpy", "pydantic", "pyarrow", "reporting_agent.sources", "reporting_agent.config"}
    )


@pytest.mark.slow
def test_neither_django_nor_pandas_is_imported(plant: Path) -> None:
    code = (
        "import sys; from reporting_agent.cli import main;"
        f"main(['label', '--site', {str(plant)!r}, '--period', '2016', '--out', "
        f"{str(plant.parent / 'o')!r}]);"
        "assert not {'django', 'pandas', 'httpx', 'diffprivlib'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True, capture_output=True)


def benchmark(path: Path, **changes: Any) -> Path:
    step = {
        "step": "eaf",
        "product": "liquid-steel",
        "variant": "any",
        "boundary": "eaf-charge-to-tap-power-apart",
        "metric": "electricity",
        "unit": "kWh/t",
        "best": 345.0,
        "interval": [343.0, 347.0],
        "rule": "trimmed-best-five",
    }
    document = {
        "schema": "steplabel/benchmark/1",
        "pack": "steel",
        "pack_version": "1",
        "period": "2016",
        "version": 2,
        "steps": [step | changes],
    }
    path.write_text(json.dumps(document))
    return path


def compared(plant: Path, file: Path, capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    capsys.readouterr()
    state = plant.parent / "state"
    assert (
        main(
            [
                "compare",
                "--site",
                str(plant),
                "--benchmark",
                str(file),
                "--state",
                str(state),
                "--json",
            ]
        )
        == 0
    )
    assert not state.exists()  # comparing leaves no trace
    return dict(json.loads(capsys.readouterr().out))


def test_the_gap_to_a_benchmark_is_exact(plant: Path, capsys: pytest.CaptureFixture[str]) -> None:
    answer = compared(plant, benchmark(plant.parent / "b.json"), capsys)
    (gap,) = answer["steps"]
    assert gap["gap"] == pytest.approx(7.0)
    assert gap["beyond_interval"] is True
    assert gap["energy"] == pytest.approx(7.0 * 6000)
    assert answer["benchmark"]["signature"] == "not-checked"


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"boundary": "eaf-with-refining"}, "other-boundary"),
        ({"unit": "kgce/t"}, "other-unit"),
        ({"best": None, "interval": None}, "benchmark-withheld"),
        ({"step": "converter"}, "no-label-of-ours"),
        ({"variant": "stainless"}, "no-label-of-ours"),
    ],
)
def test_unlike_values_are_never_compared(
    plant: Path, capsys: pytest.CaptureFixture[str], changes: dict[str, Any], reason: str
) -> None:
    (gap,) = compared(plant, benchmark(plant.parent / "b.json", **changes), capsys)["steps"]
    assert (gap["gap"], gap["reason"]) == (None, reason)


def test_a_comparison_is_said_in_the_readers_language(
    plant: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for changes, sentence in (
        ({}, "电耗：能耗标签 352.0，对标值 345.0，差距 +7.000 kWh/t（报告期内 +42,000 kWh）"),
        ({"boundary": "eaf-with-refining"}, "未比较（对标值的边界不同）"),
    ):
        file = benchmark(plant.parent / "b.json", **changes)
        assert (
            main(
                [
                    "compare",
                    "--site",
                    str(plant),
                    "--benchmark",
                    str(file),
                    "--state",
                    str(plant.parent / "state"),
                    "--lang",
                    "zh",
                ]
            )
            == 0
        )
        text = capsys.readouterr().out
        assert sentence in text
        assert "未核验：" in text
        assert not re.search(r"refused by|publish|Benchmark|not compared|boundary", text), text


def test_a_benchmark_that_cannot_be_reached_ends_with_3(
    plant: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    address = (
        "http://127.0.0.1:9/api/v1/benchmarks/steel/2016/"  # the discard port: nothing listens
    )
    assert (
        main(
            [
                "compare",
                "--site",
                str(plant),
                "--benchmark",
                address,
                "--state",
                str(plant.parent / "state"),
            ]
        )
        == 3
    )
    assert "benchmark-unreachable" in capsys.readouterr().err


def test_an_address_that_leads_in_a_circle_ends_with_3(
    plant: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    class Circle(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(302)
            self.send_header("Location", self.path)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Circle) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        address = f"http://127.0.0.1:{server.server_port}/api/v1/benchmarks/steel/2016/"
        assert (
            main(
                [
                    "compare",
                    "--site",
                    str(plant),
                    "--benchmark",
                    address,
                    "--state",
                    str(plant.parent / "state"),
                ]
            )
            == 3
        )
        server.shutdown()
    assert "benchmark-unreachable" in capsys.readouterr().err


def test_a_benchmark_that_is_none_ends_with_1(
    plant: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (plant.parent / "b.json").write_text('{"steps": 5}')
    assert (
        main(
            [
                "compare",
                "--site",
                str(plant),
                "--benchmark",
                str(plant.parent / "b.json"),
                "--state",
                str(plant.parent / "state"),
            ]
        )
        == 1
    )
    assert "benchmark-unreadable" in capsys.readouterr().err


def test_the_published_schemas_are_those_of_the_code() -> None:
    for name, schema in from_code().items():
        assert (HOME / name).read_text(encoding="utf-8") == as_text(schema), (
            f"run python -m reporting_agent.schemas ({name})"
        )
        jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.Draft202012Validator.check_schema(label_schema())


@pytest.mark.slow
def test_a_reader_that_has_read_enough_does_not_spoil_the_command(plant: Path) -> None:
    command = [
        sys.executable,
        "-m",
        "reporting_agent",
        "label",
        "--site",
        str(plant),
        "--period",
        "2016",
        "--out",
        str(plant.parent / "out"),
        "--json",
    ]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as agent:
        assert agent.stdout is not None
        assert agent.stderr is not None
        agent.stdout.close()  # as `| head -0` does
        messages = agent.stderr.read()
    assert agent.returncode == 0, messages
    assert "BrokenPipe" not in messages
