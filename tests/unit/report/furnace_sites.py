"""Small sites of one arc furnace, whose heats a test shapes; and a page as a person reads it."""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

from tests.unit.report.conftest import Made, analysed_site

HEADER = "batch_id,step,start,end,output_quantity,output_unit,equipment,var.hot_metal_pct"
ENERGY = "batch_id,step,carrier,quantity,unit,lhv,lhv_unit,direction"


def furnace_site(
    folder: Path,
    heats: int,
    *,
    kwh: Callable[[int], float] = lambda heat: 37_000 + 37 * (heat * 7919 % 101),
    output: Callable[[int], float] = lambda heat: 100,
    minutes: Callable[[int], float] = lambda heat: 50,
    hours: float = 1.5,
    hot_metal: float = 0,
    carriers: Callable[[int], list[str]] = lambda heat: [],
    beside: str = "",
    columns: str = "",
    more: Callable[[int], str] = lambda heat: "",
    extra: str = '[steps.eaf]\nnot_used = ["natural-gas", "coke"]\n',
) -> Made:
    """Heats from 1 May 2016 on, one each `hours`; `carriers` gives further rows of energy,
    `columns` and `more` further cells of a heat, `beside` a step with a day's run to each heat."""
    rows, energy = [], []
    for heat in range(heats):
        start = datetime(2016, 5, 1) + timedelta(hours=hours * heat)  # noqa: DTZ001 - as a plant writes it
        end = start + timedelta(minutes=minutes(heat))
        rows.append(
            f"H{heat:04},eaf,{start.isoformat()},{end.isoformat()},{output(heat)},t,eaf-1,{hot_metal}{more(heat)}"
        )
        energy += [f"H{heat:04},eaf,electricity,{kwh(heat)},kWh", *carriers(heat)]
        if beside:
            day = datetime(2016, 5, 1) + timedelta(days=heat)  # noqa: DTZ001 - as a plant writes it
            rows.append(
                f"D{heat},{beside},{day.isoformat()},{(day + timedelta(days=1)).isoformat()},500000,Nm3,unit-1,"
            )
            energy.append(f"D{heat},{beside},electricity,{275_000 + 275 * (heat * 7919 % 101)},kWh")
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "batches.csv").write_text(
        "\n".join([f"{HEADER}{columns}", *rows, ""]), encoding="utf-8"
    )
    energy = [row + "," * (ENERGY.count(",") - row.count(",")) for row in energy]
    (folder / "energy.csv").write_text("\n".join([ENERGY, *energy, ""]), encoding="utf-8")
    (folder / "site.toml").write_text(
        '[site]\nid = "works-2"\nname = "Works 2"\ntimezone = "Asia/Shanghai"\npack = "steel"\n'
        f'[inputs]\nbatches = "batches.csv"\nenergy = "energy.csv"\n{extra}',
        encoding="utf-8",
    )
    return analysed_site(folder / "site.toml", "2016")


def read_as_text(page: str) -> str:
    """What a person reads of a page, one line a block."""
    page = re.sub(r"<style.*?</style>|<svg.*?</svg>", "", page, flags=re.DOTALL)
    page = re.sub(r"</(tr|p|h\d|li|div|summary|caption|figcaption|dt|dd)>", "\n", page)
    return re.sub(
        r"\s*\n\s*", "\n", re.sub(r"[ \t\xa0]+", " ", html.unescape(re.sub(r"<[^>]+>", " ", page)))
    )
