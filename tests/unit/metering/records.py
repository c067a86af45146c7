"""Records of one meter, each with one fault."""

import numpy as np

from reporting_agent.metering.segments import Readings

SECOND = 1_000_000
FAULTS = (
    "none",
    "tiny",
    "nan",
    "nines",
    "spike",
    "above",
    "at the end",
    "reset",
    "rollover",
    "flat",
    "leap",
    "back",
    "gap",
    "twice",
    "late",
)


def record(kind: str, fault: str, at: int, seed: int, count: int, even: bool) -> Readings:
    """A record of one meter with one fault of a kind."""
    chance = np.random.default_rng(seed)
    time_us = (
        np.cumsum(np.full(count, 60) if even else chance.integers(20, 100, count)).astype(np.int64)
        * SECOND
    )
    load = chance.uniform(1.0, 90.0, count).round(2)
    value = (8000 + np.cumsum(load)).round(2) if kind == "register" else load
    if fault == "tiny":
        value = value / 1e6
    if fault == "rollover":
        value = value % 10_000
    if fault in {"nan", "nines", "spike", "above", "at the end"}:
        value[at] = {
            "nan": np.nan,
            "nines": 99999.9,
            "spike": 12.0,
            "above": 5e5,
            "at the end": 6000.0,
        }[fault]
    if fault == "reset":
        value[at:] -= value[at] if kind == "register" else 0
    if fault == "flat":
        value[at : at + 20] = value[at]
        value = np.maximum.accumulate(value) if kind == "register" else value
    if fault == "leap":
        time_us[at : at + 10] += 86_400 * SECOND
    if fault == "back":
        time_us[at:] -= 600 * SECOND
    order = np.arange(count)
    if fault == "gap":
        order = np.delete(order, slice(at, at + 12))
    if fault == "twice":
        order = np.insert(order, at, at)
    if fault == "late":
        order = np.concatenate(
            (np.delete(order, at)[: at + 4], [at], np.delete(order, at)[at + 4 :])
        )
    return Readings(time_us[order], value[order], np.arange(2, 2 + len(order)))
