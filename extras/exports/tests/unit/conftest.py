"""A grinding station of two months, made once: what the exports of labels are written from."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest


@pytest.fixture(scope="session")
def mill(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Sixty runs of 100 t at 30 kWh/t on average, electricity at 0.5 kg CO2/kWh."""
    folder = tmp_path_factory.mktemp("mill")
    start = datetime(2026, 1, 1, tzinfo=ZoneInfo("Asia/Shanghai"))
    runs = [
        (f"R{n:02}", start + timedelta(hours=12 * n), 3000 + 10 * (n % 5 - 2)) for n in range(60)
    ]
    head = "batch_id,step,product,start,end,output_quantity,output_unit,variant,equipment,status,var.clinker_pct,var.blaine_m2_kg"
    rows = [
        f"{name},cement-grinding,cement,{at.isoformat()},{(at + timedelta(hours=8)).isoformat()},100,t,,,,77,350"
        for name, at, _ in runs
    ]
    (folder / "batches.csv").write_text("\n".join([head, *rows]) + "\n", encoding="utf-8")
    energy = [f"{name},cement-grinding,electricity,{kwh},kWh" for name, _, kwh in runs]
    (folder / "energy.csv").write_text(
        "\n".join(["batch_id,step,carrier,quantity,unit", *energy]) + "\n", encoding="utf-8"
    )
    (folder / "site.toml").write_text(
        '[site]\nid = "works"\ntimezone = "Asia/Shanghai"\npack = "cement"\n[inputs]\nbatches = '
        '"batches.csv"\nenergy = "energy.csv"\n'
        '[[emissions.electricity]]\nfrom = 2026-01-01\nkg_per_kwh = 0.5\nsource = "own supply '
        '2026"\n',
        encoding="utf-8",
    )
    return folder / "site.toml"
