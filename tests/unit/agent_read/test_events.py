"""[[events]]: what is declared of a meter or a step is read, refused with the key that is wrong,
and part of what a report commits to.
"""

import json
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from benchmarks.errors import InputError
from reporting_agent.audit.openings.examining import site_of
from reporting_agent.config import SiteSettings, load_site
from reporting_agent.config.events import as_toml, of_meter, of_step
from reporting_agent.config.site import NO_PART, settings_digest

SITE = """
[site]
id = "works-2"
timezone = "Europe/Berlin"
pack = "steel"
[inputs]
batches = "batches.csv"
readings = "readings.csv"
"""
METER = (
    '[[meters]]\nid = "{}"\nstep = "eaf"\ncarrier = "electricity"\nreading = "register"\nunit = '
    '"{}"\n'
)
METERS = METER.format("m1", "kWh") + METER.format("m2", "kWh") + METER.format("m3", "MWh")
EVENT = (
    '[[events]]\nmeter = "m1"\nfrom = 2025-03-01\nkind = "ratio"\nfactor = 2.0\nreason = "New '
    'current transformers, work order 17."\n'
)


def load(folder: Path, text: str) -> SiteSettings:
    path = folder / "site.toml"
    path.write_text(SITE + METERS + text, encoding="utf-8")
    return load_site(path)


def test_a_date_begins_at_local_midnight_and_until_is_not_part_of_it(tmp_path: Path) -> None:
    event = load(
        tmp_path, EVENT.replace('kind = "ratio"', 'until = 2025-03-02T06:30:00\nkind = "ratio"')
    ).events[0]
    zone = ZoneInfo("Europe/Berlin")
    assert event.begins(zone) == datetime(2025, 3, 1, tzinfo=zone)
    assert event.holds(datetime(2025, 3, 2, 6, 29, 59, tzinfo=zone), zone)
    assert not event.holds(datetime(2025, 3, 2, 6, 30, tzinfo=zone), zone)
    assert not event.holds(datetime(2025, 2, 28, 23, 59, 59, tzinfo=zone), zone)


def test_an_end_on_the_sites_clock_may_follow_a_beginning_with_its_offset(tmp_path: Path) -> None:
    """As a run proposes the beginning; of a site west of Greenwich the bare hours look earlier than
    they are.
    """
    text = (SITE + METERS + EVENT).replace("Europe/Berlin", "America/Bogota")
    path = tmp_path / "site.toml"
    path.write_text(
        text.replace(
            "from = 2025-03-01", "from = 2025-03-01T00:00:00-05:00\nuntil = 2025-03-01T03:00:00"
        ),
        encoding="utf-8",
    )
    (event,) = load_site(path).events
    assert event.holds(
        datetime(2025, 3, 1, 2, 59, tzinfo=ZoneInfo("America/Bogota")), ZoneInfo("America/Bogota")
    )


OF_A_STEP = (
    '[[events]]\nstep = "eaf"\n{}from = 2025-03-01\n{}\nreason = "Weighing bridge, protocol of 3 '
    'March."\n'
)
TWICE = 'kind = "ratio"\nfactor = 2.0'


@pytest.mark.parametrize(
    ("narrowed", "act"),
    [
        ('equipment = "F1"\n', TWICE),
        ('product = "steel"\n', TWICE),
        ('equipment = "F1"\n', 'kind = "clock"\noffset = "7 min"'),
    ],
)
def test_an_event_of_a_step_and_one_of_a_part_of_it_do_not_both_act_on_a_row(
    narrowed: str, act: str, tmp_path: Path
) -> None:
    with pytest.raises(InputError) as refused:
        load(tmp_path, OF_A_STEP.format("", act) + OF_A_STEP.format(narrowed, act))
    assert refused.value.code == "site-invalid"
    assert "and for step eaf" in str(refused.value.wanted)


def test_events_of_one_kind_that_meet_in_no_row_or_change_nothing_twice_stand_beside_each_other(
    tmp_path: Path,
) -> None:
    apart = OF_A_STEP.format('equipment = "F1"\n', TWICE) + OF_A_STEP.format(
        'equipment = "F2"\n', TWICE
    )
    of_energy = OF_A_STEP.format('carrier = "electricity"\n', TWICE)
    left_out = OF_A_STEP.format("", 'kind = "unusable"') + OF_A_STEP.format(
        'equipment = "F1"\n', 'kind = "unusable"'
    )
    assert len(load(tmp_path, apart + of_energy + left_out).events) == 5


@pytest.mark.parametrize(
    ("here", "replacement", "column", "value"),
    [
        ('meter = "m1"\n', "", "events.0", "keys that do not fit together"),
        ('meter = "m1"', 'meter = "m1"\nstep = "eaf"', "events.0", "keys that do not fit together"),
        ('meter = "m1"', 'meter = "m9"', "events.0.meter", "'m9'"),
        ("factor = 2.0", "", "events.0", "keys that do not fit together"),
        ("factor = 2.0", "factor = 0", "events.0.factor", "0"),
        (
            'kind = "ratio"\nfactor = 2.0',
            'kind = "clock"\noffset = "soon"',
            "events.0.offset",
            "'soon'",
        ),
        (
            'kind = "ratio"\nfactor = 2.0',
            'kind = "swap"\nwith = "m3"',
            "events.0.with",
            "electricity, register, MWh",
        ),
        ('kind = "ratio"', 'kind = "wear"', "events.0.kind", "'wear'"),
        ("from = 2025-03-01", 'from = "spring"', "events.0.from", "'spring'"),
        (
            "from = 2025-03-01",
            "from = 2025-03-01\nuntil = 2025-03-01",
            "events.0.until",
            "2025-03-01",
        ),
        (
            "from = 2025-03-01",
            "from = 2025-03-01T00:30:00+01:00\nuntil = 2025-03-01",
            "events.0.until",
            "2025-03-01",
        ),
        (
            'reason = "New current transformers, work order 17."',
            'reason = " "',
            "events.0.reason",
            "' '",
        ),
        ('meter = "m1"', 'step = "eaf"\ncarrier = "steem"', "events.0.carrier", "'steem'"),
        (EVENT, EVENT + EVENT, None, "keys that do not fit together"),
    ],
)
def test_what_is_wrong_is_named_by_its_key(
    tmp_path: Path, here: str, replacement: str, column: str | None, value: str
) -> None:
    assert here in EVENT
    with pytest.raises(InputError) as caught:
        load(tmp_path, EVENT.replace(here, replacement, 1))
    assert caught.value.place is not None
    assert (caught.value.code, caught.value.place.column, caught.value.found) == (
        "site-invalid",
        column,
        value,
    )


def test_an_event_is_committed_to_however_its_moment_is_written(tmp_path: Path) -> None:
    without, with_event = load(tmp_path, ""), load(tmp_path, EVENT)
    assert settings_digest(without) != settings_digest(with_event)
    assert settings_digest(
        load(tmp_path, EVENT.replace("2025-03-01", '"2025-03-01"'))
    ) == settings_digest(with_event)
    assert settings_digest(
        load(tmp_path, EVENT.replace("order 17", "order 18"))
    ) != settings_digest(with_event)


def test_an_auditor_reads_the_same_events_from_the_settings_of_an_opening(tmp_path: Path) -> None:
    site = load(tmp_path, EVENT)
    shown = site.model_dump(mode="json", by_alias=True, exclude=NO_PART)
    opened = site_of(
        json.dumps({**shown, "inputs": {"batches": "b", "energy": "e"}}).encode(), tmp_path
    )
    assert opened.events == site.events
    assert settings_digest(opened) == settings_digest(site)


@pytest.mark.parametrize(
    "more",
    [
        (
            'meter = "m1"\nfrom = 2025-03-01T06:30:00\nkind = "clock"\noffset = "-8 h"\nreason = '
            '"Logger kept \\"UTC\\"."'
        ),
        (
            'meter = "m1"\nfrom = 2025-03-01\nuntil = 2025-04-01\nkind = "swap"\nwith = '
            '"m2"\nreason '
            '= "Channels changed."'
        ),
        (
            'step = "eaf"\ncarrier = "electricity"\nfrom = 2025-03-01\nkind = "unit"\nfactor = '
            '1000.0\nreason = "MWh."'
        ),
        (
            'step = "eaf"\nproduct = "alloy"\nfrom = 2025-03-01\nkind = "ratio"\nfactor = '
            '0.87\nreason = "Recipe of alloy, weighed anew."'
        ),
    ],
)
def test_what_is_proposed_can_be_pasted(tmp_path: Path, more: str) -> None:
    event = load(tmp_path, f"[[events]]\n{more}\n").events[0]
    assert load(tmp_path, as_toml(event)).events == (event,)


def test_a_list_of_runs_is_one_event_a_run(tmp_path: Path) -> None:
    each = [
        'step = "eaf"\nfrom = 2025-03-01T06:00:00+01:00\nuntil = 2025-03-01T06:00:01+01:00',
        'step = "eaf"\nfrom = 2025-10-26T02:59:59+02:00\nuntil = 2025-10-26T03:00:00+02:00',
    ]
    rest = 'kind = "unusable"\nreason = "Two rows of one heat, book 12."'
    single = load(tmp_path, "".join(f"[[events]]\n{one}\n{rest}\n" for one in each)).events
    assert load(tmp_path, as_toml(*single)).events == single
    assert as_toml(*single).count("reason = ") == 1


@pytest.mark.parametrize(
    "wrong",
    [
        "runs = []",
        'runs = [{ step = "eaf", from = 2025-03-01 }]',
        'step = "eaf"\nruns = [{ from = 2025-03-01T06:00:00+01:00 }]',
        "runs = [{ from = 2025-03-01T06:00:00+01:00 }]",
    ],
)
def test_runs_that_name_no_single_run_are_refused(tmp_path: Path, wrong: str) -> None:
    with pytest.raises(InputError) as refused:
        load(tmp_path, f'[[events]]\n{wrong}\nkind = "unusable"\nreason = "Book 12."\n')
    assert refused.value.code == "site-invalid"


def test_a_swap_is_of_both_meters_and_a_change_of_the_process_acts_on_none(tmp_path: Path) -> None:
    text = '[[events]]\nmeter = "m1"\nfrom = 2025-03-01\nkind = "{}"\nreason = "See the log."\n'
    events = load(tmp_path, text.format("process") + text.format('swap"\nwith = "m2')).events
    assert of_meter(events, "m2") == of_meter(events, "m1") == events[1:]
    assert of_meter(events, "m3") == of_step(events, "eaf", "") == ()


def test_an_event_of_one_product_acts_on_its_rows_alone(tmp_path: Path) -> None:
    text = (
        '[[events]]\nstep = "eaf"\nproduct = "alloy"\nfrom = 2025-03-01\nkind = "{}"\n{}reason = '
        '"Recipe weighed anew."\n'
    )
    events = load(tmp_path, text.format("ratio", "factor = 0.87\n")).events
    assert of_step(events, "eaf", "eaf-1", "steel", "alloy") == events
    assert of_step(events, "eaf", "eaf-1", "steel", "") == ()
    assert events[0].named == "step eaf alloy"
    with pytest.raises(InputError, match="not of one product"):
        load(tmp_path, text.format("clock", 'offset = "7 min"\n'))
