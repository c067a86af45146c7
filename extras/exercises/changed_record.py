"""Two openings verified as an auditor's agent does it: one changed after it was committed to, one
committed to as it had been changed.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from extras.exercises.reading import Fact
from reporting_agent.audit.openings import files
from reporting_agent.audit.openings.verifying import Trust, verify


def facts(folder: Path) -> Mapping[str, Fact]:
    """What an auditor reads off the two verdicts."""
    fingerprint = (folder / "fingerprint.txt").read_text(encoding="utf-8").strip()
    east, west = (_verified(folder, mill, fingerprint) for mill in ("east", "west"))
    of_east, of_west = _failed(east), _failed(west)
    (bound,) = (code for code, check in of_east.items() if check["kind"] == "bound")
    (recomputed,) = of_west
    (run,) = of_east["records-recomputed"]["records"]
    below, used = _of(west, "below/"), _of(west, "used/")
    checked = next(check for check in west["checks"] if check["code"] == "records-with-evidence")
    return {
        "east_binding": east["binding"],
        "west_binding": west["binding"],
        "east_check": bound,
        "west_check": recomputed,
        "east_run": run.partition(", ")[0].rpartition(" ")[2],
        "east_leaves": float(of_east[bound]["count"]),
        "west_records": float(of_west[recomputed]["count"]),
        "west_listed": float(len(of_west[recomputed]["records"])),
        "west_more": float(of_west[recomputed]["count"] - len(of_west[recomputed]["records"])),
        "west_opened": float(checked["count"]),
        "west_used": float(used["leaves"]),
        "west_when": "before"
        if west["binding"] == "bound" and recomputed == "records-recomputed"
        else "after",
        "below": float(below["leaves"]),
        "below_drawn": float(below["drawn"]),
        "below_found": float(below["finds"]),
        "below_pct": 100 * below["with_probability"],
        "used_pct": 100 * used["with_probability"],
        "days_pct": 100 * _of(west, "days")["with_probability"],
        "padding_pct": 100 * _of(west, "padding")["with_probability"],
        "below_drawn_pct": 100 * below["drawn"] / below["leaves"],
        "west_wrong_pct": 100 * of_west[recomputed]["count"] / checked["count"],
        "receipt": "received",
        "cannot": "meters-right",
        "opinion": "adverse",
    }


def _of(verdict: Mapping[str, Any], begins: str) -> Mapping[str, Any]:
    (stratum,) = (row for row in verdict["strata"] if row["stratum"].startswith(begins))
    chosen: Mapping[str, Any] = stratum
    return chosen


def _verified(folder: Path, mill: str, fingerprint: str) -> dict[str, Any]:
    handed = files.read_all([folder / f"{mill}-opening.cbor", folder / f"{mill}-evidence.json"])
    return verify(handed, Trust(fingerprint), folder=folder).to_json()


def _failed(verdict: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    return {check["code"]: check for check in verdict["checks"] if check["state"] == "failed"}
