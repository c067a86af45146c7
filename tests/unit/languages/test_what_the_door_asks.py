"""What a file shows and what it leaves open: evidence, questions and refusals are in the reader's
language.
"""

from __future__ import annotations

import io
import re
import tomllib
from pathlib import Path

import pytest

from benchmarks.catalogue import in_language
from benchmarks.errors import InputError
from reporting_agent.cli import main
from reporting_agent.door import nobody, settled
from reporting_agent.door.types import INPUTS
from tests.unit.formats.proposed import flat
from tests.unit.languages.pseudo import pseudo
from tests.unit.languages.test_third_language import english

EXAMPLES = (
    "Europe/Berlin",
    "Heat No",
    "Start",
    "Pieces",
    "Energy",
    "electricity",
    "any",
    "eaf",
    "left out",
    "ton",
)
CODES = (
    *EXAMPLES,
    *(column.name for template in INPUTS.values() for column in template.columns),
    *INPUTS,
)
"""Inputs, columns of the template, and answers that are given as examples."""


def sentences_of(text: str) -> str:
    """What is left without what stands in quotation marks."""
    return re.sub(r"""(?<!\w)'[^'\n]*'|"[^"\n]*\"""", " ", text)


def stamps(cells: str, first: int = 1, last: int = 12) -> str:
    """A row an hour, in which `{n}` is the hour and `{wave}` rises and falls."""
    return "".join(cells.format(n=n, wave=300 + n * 37 % 50) + "\n" for n in range(first, last))


GERMAN = """Werk 2;;;;;;
Schmelzenbericht;;;;;;
Schmelze;Beginn;Ende;Gewicht (kg);Guete;Status;Ofen
H1;14.05.2016 08:00;14.05.2016 08:50;122.500,5;S235;i.O.;1
H2;14.05.2016 09:00;14.05.2016 09:50;121.250,0;S235;n.i.O.;1
H3;15.05.2016 10:00;15.05.2016 10:45;119.000,0;S355;x;1
Summe;;;362.750,5;;;
"""
HEAT = "Charge;Beginn;{columns}\nH1;{day}.05.2016 08:00;{first}\nH2;{day}.05.2016 09:00;{second}\n"
ZONE = 'timezone = "UTC"\nstep = "eaf"\n'
FILES = {
    "a title, totals, a word that nobody knows and a row that cannot be read": (GERMAN, None),
    "day or month": (
        ("Heat No,Start,Output (t)\nH1,01/05/2016 08:00,120.5\nH2,02/05/2016 09:00,121.5\n"),
        None,
    ),
    "month or day": (
        ("Heat No,Start,Output (t)\nH1,05/01/2016 08:00,120.5\nH2,05/02/2016 09:00,121.5\n"),
        None,
    ),
    "no month 14": (
        ("Heat No,Start,Output (t)\nH1,05/14/2016 08:00,120.5\nH2,05/15/2016 09:00,121.5\n"),
        None,
    ),
    "comma or group": (
        HEAT.format(columns="Menge t", day=14, first="122,500", second="121,250"),
        None,
    ),
    "point or group": (
        HEAT.format(
            columns="Menge kg;Strom kWh", day=14, first="12.070;5.577", second="11.860;4.749"
        ),
        None,
    ),
    "a nought alone": (
        HEAT.format(columns="Menge t", day=14, first="122,500", second="0,250"),
        None,
    ),
    "commas twice": (
        HEAT.format(columns="Menge kg", day=14, first="1,122,500", second="1,122,250"),
        None,
    ),
    "points twice": (
        HEAT.format(columns="Menge kg", day=14, first="1.122.500", second="1.122.250"),
        None,
    ),
    "two columns of dates": (
        (
            "Heat No,Date A,Date B,Output (t)\nH1,2016-05-14 08:00,2016-05-14 "
            "08:50,120.5\nH2,2016-05-14 09:00,2016-05-14 09:50,121.5\n"
        ),
        None,
    ),
    "an end that nothing names": (
        (
            "Charge;Start;Slut;Menge (t)\nH1;2016-05-14 08:00;2016-05-14 08:50;12,5\nH2;2016-05-14 "
            "09:00;2016-05-14 09:50;12,5\n"
        ),
        None,
    ),
    "Excel's days": (
        "Heat No,Start,Output (t)\nH1,42504.3333333333,120.5\nH2,42504.375,121.5\n",
        None,
    ),
    "years of two digits": (
        ("Heat No;Start;Output (t)\nH1;05.06.07 08:00;120.5\nH2;06.06.07 09:00;121.5\n"),
        None,
    ),
    "clocks with a point": (
        ("Heat No;Start;Output (t)\nH1;13.05.2016 08.00;120.5\nH2;14.05.2016 09.00;121.5\n"),
        None,
    ),
    "a ton": (
        "Heat No,Start,Output (ton)\nH1,2016-05-14 08:00,120.5\nH2,2016-05-14 09:00,121.5\n",
        None,
    ),
    "no unit": (
        (
            "Heat No,Start,Output,Energy\nH1,2016-05-14 08:00,120.5,40\nH2,2016-05-14 "
            "09:00,121.5,41\n"
        ),
        None,
    ),
    "no output": ("Heat No,Start\nH1,2016-05-14 08:00\nH2,2016-05-14 09:00\n", ZONE),
    "units below": (
        ("Heat No;Start;Output\n;;t\nH1;2016-05-14 08:00;120.5\nH2;2016-05-14 09:00;121.5\n"),
        ZONE,
    ),
    "units behind numbers": (
        ("Heat No;Start;Output\nH1;2016-05-14 08:00;120.5 t\nH2;2016-05-14 09:00;121.5 t\n"),
        ZONE,
    ),
    "a unit alone": (
        HEAT.format(columns="t;kWh", day=14, first="12,1;5577", second="11,8;4749"),
        ZONE,
    ),
    "a batch twice": (
        ("Heat No;Start;Output (t)\nH1;2016-05-14 08:00;120.5\nH1;2016-05-14 09:00;121.5\n"),
        ZONE,
    ),
    "two of a carrier": (
        HEAT.format(
            columns="Menge t;Strom HT kWh;Strom NT kWh", day=14, first="1;2;3", second="2;3;4"
        ),
        ZONE,
    ),
    "a unit of energy": (
        HEAT.format(columns="Menge t;Gas (therm);Strom kWh", day=14, first="1;2;3", second="2;3;4"),
        ZONE,
    ),
    "a power": (
        HEAT.format(columns="Menge t;Strom [kW]", day=14, first="12,1;557", second="11,8;474"),
        ZONE,
    ),
    "a duration": (
        HEAT.format(columns="Dauer;Menge t", day=14, first="6:21;12,1", second="5:20;11,8"),
        ZONE,
    ),
    "rates and registers": (
        "Time,Main [kWh],Mill [kW],Fan [MJ],Pump\n"
        + stamps("2016-05-14T{n:02}:00:00+08:00,{n}000,{wave},{wave},{wave}"),
        None,
    ),
    "the newest first": (
        "Time,Main [kWh]\n"
        + "".join(
            f"2016-05-14 {23 - n // 4:02}:{45 - 15 * (n % 4):02},{9000 - n * 12.5}\n"
            for n in range(30)
        ),
        None,
    ),
    "a midnight that ends": (
        (
            "Time;Main [kWh]\n2016-05-13 23:45;5\n2016-05-13 00:00;6\n2016-05-14 "
            "00:15;5\n2016-05-14 00:30;7\n"
        ),
        None,
    ),
    "one column of meters": (
        "meter_id;Time;x [kWh]\n" + stamps("M1;2016-05-14 {n:02}:00;{n}00"),
        None,
    ),
    "a log": (
        "Time;Machine;Pieces;Power\n" + stamps("2016-05-14 {n:02}:00;line-1;{wave};{n}.5"),
        None,
    ),
    "a log without equipment": (
        "Time;Output t;kWh\n" + stamps("2016-05-14 {n:02}:00;{wave};{n}.5"),
        None,
    ),
    "a row a day": ("Date;Output t;kWh\n" + stamps("2016-05-{n:02};{wave};{n}.5"), None),
    "days of a month": ("Works 2;;\nDay;Output t;kWh\n" + stamps("{n};{wave};{n}.5"), None),
    "counters": (
        "Heat No;Start;Output t;Begin kWh;Finish kWh\n"
        + stamps("H{n};2016-05-14 {n:02}:00;{wave};{n}000;{n}900"),
        ZONE,
    ),
    "energy alone": (
        ("Heat No;Carrier;Energy;Unit\nH1;electricity;48000;kWh\nH2;electricity;47500;kWh\n"),
        None,
    ),
    "blank dates": (
        "Date;Start time;End time;Heat No;Output (t)\n"
        + "".join(
            f"{'' if n % 3 else f'2016-05-{10 + n}'};0{6 + n % 3}:10;0{6 + n % 3}:55;H{n};{n}.5\n"
            for n in range(9)
        ),
        None,
    ),
    "nothing that is known": ("a;b\nx1;2.5\nx2;3.5\n", None),
    "dates that stand for none": (
        "Heat No;Start;End;Output (t)\n"
        + "".join(
            f"H{n};2016-05-14 0{n}:00;{'open' if n > 6 else f'2016-05-14 0{n}:40'};{n}.5\n"
            for n in range(9)
        ),
        ZONE,
    ),
    "days side by side": (
        ";".join(["Output t", *map(str, range(1, 29))])
        + "\n"
        + ";".join(["Kiln", *(f"{n}.5" for n in range(28))])
        + "\n",
        None,
    ),
}


@pytest.mark.parametrize("name", FILES)
def test_what_a_file_shows_and_what_it_leaves_open_is_said_in_it(
    name: str, language: str, tmp_path: Path
) -> None:
    file, (content, answers) = tmp_path / "plant.csv", FILES[name]
    file.write_text(content, encoding="utf-8")
    given = flat(tomllib.loads(answers or ""))
    said: list[str] = []
    try:
        for proposal in settled(file, None, given, None, nobody):
            said += [clue.because for clue in proposal.evidence if clue.because]
            said += [question.ask for question in proposal.questions]
            said += [question.likely for question in proposal.questions if question.likely]
    except InputError as refused:
        said = [refused.sentence, refused.remedy]
    assert said
    shown = sentences_of("\n".join(in_language(text, language) for text in said))
    headers = {part.strip() for line in content.splitlines()[:3] for part in re.split("[;,]", line)}
    own = sorted((header for header in headers if len(header) > 2), key=len, reverse=True)
    allowed = (*own, *CODES, "good", "scrap", "test")  # words of the template
    assert english(shown, str(tmp_path), *allowed) == set(), shown


KEYS = ("batches.output_quantity", "batches.date_order")
REFUSED = {
    "no table": ("a;b;c\n", ""),
    "another table below": (
        "".join(
            f"Batch,Start,End,Output {unit}\nH1,2016-05-14 08:00,2016-05-14 09:00,1.5\n"
            for unit in ("t", "kg")
        ),
        "",
    ),
    "no time zone": (FILES["day or month"][0], 'timezone = "Asia"\n'),
    "no number": (FILES["no output"][0], ZONE + '"batches.output_quantity" = "122,5"\n'),
    "no possible answer": (FILES["day or month"][0], 'batches.date_order = "x"\n'),
    "no month": (FILES["days of a month"][0], 'month = "May"\n'),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_needed_instead_is_said_in_it(name: str, language: str, tmp_path: Path) -> None:
    content, answers = REFUSED[name]
    (tmp_path / "plant.csv").write_text(content, encoding="utf-8")
    with pytest.raises(InputError) as refused:
        settled(tmp_path / "plant.csv", None, flat(tomllib.loads(answers)), None, nobody)
    shown = refused.value.in_words(language)
    assert pseudo("needed: ") in shown
    shown = re.sub(f"(?m)^  {pseudo('found: ')}.*$", "", shown)  # cells
    own = (str(tmp_path), "Asia/Shanghai", "timezone", "month", "dmy", "mdy", *KEYS)
    assert english(sentences_of(shown), *own) == set(), shown


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_a_person_at_a_terminal_is_asked_in_it(
    language: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    (tmp_path / "heats.csv").write_text(
        "Heat No,Start,Output (ton),Energy (kWh)\n"
        "H1,2016-05-14 08:00,120.5,48000\nH2,2016-05-14 09:00,121.5,47500\n",
        encoding="utf-8",
    )
    monkeypatch.setenv("LC_ALL", language)
    monkeypatch.setattr("sys.stdin", Terminal("own\nt\n"))
    assert main(["label", str(tmp_path / "heats.csv"), "--out", str(tmp_path / "out")]) == 0
    screen = capsys.readouterr().err
    assert f"[t / short_ton / long_ton; {pseudo('Enter: ')}t] " in screen
    assert pseudo("1,000 kg (t), 907.18 kg (short_ton)") in screen
