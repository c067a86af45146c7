"""The alarms of `deploy/alarms.yml`, by Prometheus: each rings for its fault, is silent without,
and finds its measures at a portal.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
import yaml

from tests.functional.installation.conftest import Installation
from tests.servers import prometheus

pytestmark = [pytest.mark.postgres, pytest.mark.redis, pytest.mark.xdist_group("installation")]

ALARMS = prometheus.DEPLOY / "alarms.yml"
RULES: list[dict[str, Any]] = yaml.safe_load(ALARMS.read_text("utf-8"))["groups"][0]["rules"]
STEP = "5m"
AFTER = "31h"  # later than the longest wait of an alarm
LOG, KEPT, BACKUP = (
    "steplabel_log_entries",
    "steplabel_log_kept_entries",
    "steplabel_backup_age_seconds",
)
WEB = 'up{job="steplabel", instance="127.0.0.1:8001"}'
WELL = {WEB: "1", LOG: "400", KEPT: "400", BACKUP: "86400"}
FAULTS: dict[str, dict[str, str]] = {
    "wrong": {'steplabel_wrong{name="vault-full"}': "1"},
    "web-away": {WEB: "0"},
    "worker-not-seen": {
        'steplabel_worker_seen_seconds{worker="a"}': "101",
        'steplabel_worker_seen_seconds{worker="b"}': "500",
    },
    "waiting-too-long": {"steplabel_oldest_waiting_seconds": "601"},
    "clock-apart": {'steplabel_worker_clock_apart_seconds{worker="a"}': "-6"},
    "log-set-back": {LOG: "399"},
    "keys-end-soon": {'steplabel_key_days_left{kind="receipt"}': "59"},
    "witness-late": {'steplabel_witness_seen_seconds{witness="w"}': "86401"},
    "witness-late never": {'steplabel_witness_seen_seconds{witness="w"}': "Inf"},
    "backup-late": {BACKUP: "108001"},
    "backup-late never": {BACKUP: "_"},
    "check-failed": {'steplabel_disagreements{role="worker"}': "1"},
    "heads-disk-full": {"steplabel_heads_disk_free_bytes": "99000000"},
    "refusals-rise": {'steplabel_refused_reports{reason="stale"}': "0+5"},  # 60 an hour
    "door-refusals-rise": {'steplabel_api_refusals_total{code="401"}': "0+10"},  # 120 an hour
}
QUIET: dict[str, dict[str, str]] = {
    "wrong": {},
    "web-away": {},
    "worker-not-seen": {
        'steplabel_worker_seen_seconds{worker="a"}': "99",
        'steplabel_worker_seen_seconds{worker="b"}': "500",
    },
    "waiting-too-long": {"steplabel_oldest_waiting_seconds": "599"},
    "clock-apart": {
        'steplabel_worker_clock_apart_seconds{worker="a"}': "-4",
        "steplabel_web_clock_apart_seconds": "4",
    },
    "log-set-back": {},
    "keys-end-soon": {'steplabel_key_days_left{kind="receipt"}': "61"},
    "witness-late": {'steplabel_witness_seen_seconds{witness="w"}': "86000"},
    "witness-late never": {
        'steplabel_witness_seen_seconds{witness="w"}': " ".join(["_"] * 110 + ["Inf"] * 300)
    },  # for 22 hours
    "backup-late": {BACKUP: "107000"},
    "backup-late never": {BACKUP: "_", LOG: "_"},  # of no portal at all it is not asked
    "check-failed": {'steplabel_disagreements{role="worker"}': "0"},
    "heads-disk-full": {"steplabel_heads_disk_free_bytes": "101000000"},
    "refusals-rise": {'steplabel_refused_reports{reason="stale"}': "500"},
    "door-refusals-rise": {'steplabel_api_refusals_total{code="401"}': "0+5"},
}
WITHOUT_VALUES = {
    "steplabel_wrong",
    "steplabel_witness_seen_seconds",
    "steplabel_backup_age_seconds",
    "steplabel_disagreements",
    "steplabel_heads_disk_free_bytes",
    "steplabel_refused_reports",
    "steplabel_api_refusals_total",
}
"""Of a portal that has no fault, witness, backup, check, kept heads or refusal yet."""
LABELS: dict[str, dict[str, str]] = {
    "wrong": {"name": "vault-full"},
    "web-away": {"job": "steplabel", "instance": "127.0.0.1:8001"},
    "clock-apart": {"worker": "a"},
    "keys-end-soon": {"kind": "receipt"},
    "witness-late": {"witness": "w"},
    "witness-late never": {"witness": "w", "came": "never"},
    "backup-late never": {"backup": "never"},
    "check-failed": {"role": "worker"},
    "refusals-rise": {"reason": "stale"},
    "door-refusals-rise": {"code": "401"},
}


def repeated(value: str) -> str:
    """A value every `STEP`; `0+5` rises by five each time, and `_` is none; several values are all
    there are.
    """
    if " " in value:
        return value
    return f"{value}x400" if "+" in value or value == "_" else f"{value}+0x400"


def named(rule: dict[str, Any]) -> str:
    return " ".join([rule["alert"], *rule.get("labels", {}).values()])


def trial(series: dict[str, str], rings: dict[str, Any] | None, alarm: str) -> dict[str, Any]:
    expected = [] if rings is None else [rings]
    return {
        "interval": STEP,
        "input_series": [
            {"series": name, "values": repeated(value)} for name, value in (WELL | series).items()
        ],
        "alert_rule_test": [{"eval_time": AFTER, "alertname": alarm, "exp_alerts": expected}],
    }


def test_prometheus_reads_the_alarms_and_the_sample() -> None:
    rules = prometheus.promtool("check", "rules", ALARMS)
    assert rules.returncode == 0, rules.stdout + rules.stderr
    sample = prometheus.promtool(
        "check", "config", "--syntax-only", prometheus.DEPLOY / "prometheus.yml"
    )
    assert sample.returncode == 0, sample.stdout + sample.stderr


def test_each_alarm_rings_for_its_fault_and_for_no_less(tmp_path: Path) -> None:
    assert list(FAULTS) == list(QUIET) == [named(rule) for rule in RULES]
    trials = []
    for rule in RULES:
        alarm = named(rule)
        annotations = {
            name: re.sub(
                r"{{ \$labels\.(\w+) }}",
                lambda label: LABELS[alarm][label.group(1)],  # noqa: B023 - used at once
                text,
            )
            for name, text in rule["annotations"].items()
        }
        rings = {"exp_labels": LABELS.get(alarm, {}), "exp_annotations": annotations}
        trials += [
            trial(FAULTS[alarm], rings, rule["alert"]),
            trial(QUIET[alarm], None, rule["alert"]),
        ]
    assert fails(tmp_path, trials) == ""
    assert "wrong" in fails(tmp_path, [trial({}, {"exp_labels": LABELS["wrong"]}, "wrong")]), (
        "an alarm that does not ring would be told"
    )


def fails(folder: Path, trials: list[dict[str, Any]]) -> str:
    """What `promtool test rules` says; nothing where all is as expected."""
    file = folder / "trials.json"  # YAML holds JSON
    file.write_text(
        json.dumps({"rule_files": [str(ALARMS)], "evaluation_interval": STEP, "tests": trials}),
        "utf-8",
    )
    done = prometheus.promtool("test", "rules", file)
    return "" if done.returncode == 0 else done.stdout + done.stderr


@pytest.mark.long
def test_a_prometheus_finds_what_its_alarms_ask_for_at_a_portal(
    installation: Installation, tmp_path: Path
) -> None:
    target = urlsplit(installation.address).netloc
    asks = set(re.findall(r"steplabel_\w+", ALARMS.read_text("utf-8"))) - WITHOUT_VALUES
    with installation.running("worker"), prometheus.serve(tmp_path, [target]) as asked:
        assert eventually(lambda: value(asked, "up") == 1), asked.get("/targets").text
        assert eventually(lambda: asks <= measured(asked)), asks - measured(asked)
        assert eventually(lambda: set(healths(asked)) == {"ok"}), healths(asked)


def measured(asked: httpx.Client) -> set[str]:
    return set(asked.get("/label/__name__/values").json()["data"])


def healths(asked: httpx.Client) -> list[str]:
    """Of each alarm, whether it could be asked."""
    return [rule["health"] for rule in asked.get("/rules").json()["data"]["groups"][0]["rules"]]


def value(asked: httpx.Client, expression: str) -> float | None:
    """Of the first series."""
    samples = asked.get("/query", params={"query": expression}).json()["data"]["result"]
    return float(samples[0]["value"][1]) if samples else None


def eventually(holds: Callable[[], bool], patience_s: float = 60) -> bool:
    deadline = time.monotonic() + patience_s
    while time.monotonic() < deadline:
        with suppress(httpx.TransportError):
            if holds():
                return True
        time.sleep(0.2)
    return False
