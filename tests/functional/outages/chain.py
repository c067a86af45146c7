"""The chain: outage after outage under load, what was told of each, how quickly all was back, and
the account at the end.

The control comes last: with the replica's synchrony off the same failover loses reports, and the
same account says so.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from pathlib import Path

import yaml

from tests.functional.outages.account import Account, settle
from tests.functional.outages.faults import Fault, all_faults, empty
from tests.functional.outages.servers import until
from tests.functional.outages.world import BACK_S, EMPTY_S, TOLD_S, World, world

ALARMS = Path(__file__).parents[3] / "deploy" / "alarms.yml"
SCRAPE_S = 15.0  # how often Prometheus asks, where nothing else is set


@dataclass
class Outcome:
    """What one outage came to; seconds."""

    fault: str
    told: dict[str, float] = field(default_factory=dict)  # by name, until the alarm
    lasted: float = 0.0
    web_back: float = 0.0
    queue_empty: float = 0.0
    well: float = 0.0  # until nothing is told any more
    skipped: str = ""

    def line(self) -> str:
        if self.skipped:
            return f"{self.fault}: left out, {self.skipped}"
        alarms = (
            ", ".join(f"{name} {seconds:.0f} s" for name, seconds in self.told.items())
            or "nothing to tell"
        )
        return (
            f"{self.fault}: lasted {self.lasted:.0f} s; alarm: {alarms}; web back "
            f"{self.web_back:.1f} s, "
            f"queue empty {self.queue_empty:.0f} s, all well {self.well:.0f} s after"
        )


@dataclass
class Result:
    outcomes: list[Outcome] = field(default_factory=list)
    account: Account | None = None
    control: Account | None = None
    control_told: set[str] = field(default_factory=set)
    statuses: dict[int, int] = field(default_factory=dict)
    failures: list[str] = field(default_factory=list)


def run(*, long: bool) -> Result:
    """The whole of it; failures are collected, so that one outage does not hide the next."""
    result = Result()
    with world(sites=500 if long else 60, pause_s=0.2) as system:
        with system.read():
            system.agents.start()
            until(lambda: len(system.agents.receipts) > 3, 60, "the first reports")
            for fault in all_faults(long=long):
                try:
                    outcome = _through(system, fault, result.failures)
                # a procedure, or a server that did not come back: what follows is tried all the
                # same
                except AssertionError as broken:
                    result.failures.append(f"{fault.name}: {broken}")
                    continue
                result.outcomes.append(outcome)
                print(outcome.line(), flush=True)
            system.agents.end()
            until(lambda: system.waiting() == 0, EMPTY_S, "the queue at the end")
        result.account = settle(system.installation, system.agents.receipts)
        checked = system.installation.program(CHECK, "worker")
        if checked.returncode:
            result.failures.append(f"check_installation: {checked.stdout}{checked.stderr[-500:]}")
        result.control_told, result.control = _control(system)
        result.statuses = dict(system.pages + system.agents.statuses)
        result.failures += [
            f"an agent was refused: {refusal}" for refusal in system.agents.refusals
        ]
        result.failures += [f"a page answered 500: {page}" for page in system.faulty]
    return result


CHECK = """
from django.core.management import call_command
call_command("check_installation")
"""


def _through(system: World, fault: Fault, failures: list[str]) -> Outcome:
    outcome = Outcome(fault.name, skipped=fault.impossible)
    if fault.impossible:
        return outcome
    before, begun = len(system.agents.receipts), time.monotonic()
    with fault.made(system):
        left = set(fault.told)
        while left and time.monotonic() - begun < TOLD_S:
            for name in [name for name in left if system.told(name)]:
                outcome.told[name] = time.monotonic() - begun + alarm_after(name)
                left.remove(name)
            time.sleep(0.5)
        failures += [
            f"{fault.name}: {name} was not told, but {sorted(system.wrong())}" for name in left
        ]
        time.sleep(max(0.0, fault.lasts_s - (time.monotonic() - begun)))
    outcome.lasted, ended = time.monotonic() - begun, time.monotonic()
    failures += [
        f"{fault.name}: {name} after {seconds:.0f} s"
        for name, seconds in outcome.told.items()
        if seconds > TOLD_S
    ]
    try:
        until(system.healthy, 60, "web")
        outcome.web_back = time.monotonic() - ended
        until(lambda: system.waiting() <= IN_WORK, 2 * EMPTY_S, "queue")
        outcome.queue_empty = time.monotonic() - ended
        until(lambda: not system.wrong(), 2 * EMPTY_S, "all well")
        outcome.well = time.monotonic() - ended
        until(lambda: len(system.agents.receipts) > before + 1, 60, "reports after it")
    except AssertionError as late:
        failures.append(f"{fault.name}: {late}; told is {sorted(system.wrong())}")
    failures += (
        [f"{fault.name}: web back after {outcome.web_back:.1f} s"]
        if outcome.web_back > BACK_S
        else []
    )
    failures += (
        [f"{fault.name}: queue empty after {outcome.queue_empty:.0f} s"]
        if outcome.queue_empty > EMPTY_S
        else []
    )
    return outcome


IN_WORK = 2
"""Reports that may wait while agents go on sending."""


def alarm_after(name: str) -> float:
    """Seconds from the name in `/metrics` to the alarm: until the next scrape, and as long as the
    rule waits.
    """
    rules = yaml.safe_load(ALARMS.read_text("utf-8"))["groups"][0]["rules"]
    rule = next(
        rule for rule in rules if rule["alert"] == ("web-away" if name == "web-away" else "wrong")
    )
    number, unit = str(rule.get("for", "0s"))[:-1], str(rule.get("for", "0s"))[-1]
    return SCRAPE_S + float(number) * {"s": 1, "m": 60}[unit]


def _control(system: World) -> tuple[set[str], Account]:
    """The same failover with the defence off: commits wait for no replica, which has stopped, and
    agents go on.
    """
    system.main.end()
    empty(system.main.data)
    system.procedure("A replica", swapped=True)
    with system.replica.connect() as connection:
        connection.execute("ALTER SYSTEM RESET synchronous_standby_names")
        connection.execute("SELECT pg_reload_conf()")
    time.sleep(1.0)
    system.main.stop("fast")
    agents = system.agents
    again = type(agents)(agents.address, agents.folder, agents.tokens, 2)
    again.start()
    until(lambda: len(again.receipts) > 3, 60, "reports of the control")
    system.replica.stop("immediate")
    receipts = dict(again.receipts)
    system.main.start()
    system.procedure("Failover", swapped=True)
    until(lambda: "log-set-back" in system.wrong(), TOLD_S, "the log that was set back")
    alarms = system.wrong()
    again.abandon()
    return alarms, settle(system.installation, receipts)
