"""What the control room's page says of a plant that runs, in the reader's language: the fields of
its templates.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from functools import partial
from math import ceil, floor
from typing import Any

from benchmarks.carriers import CARRIERS
from benchmarks.catalogue import in_language
from benchmarks.phrases import Phrase, of_language
from extras.live.control_room.alert_words import AlertWords
from extras.live.control_room.drawing import drawn, short, tenths
from extras.live.control_room.moment import PlantMoment
from extras.live.control_room.page_words import STATES
from extras.live.control_room.rendering import prefix
from extras.live.running.excess_alarms import FEWEST, weeks_needed
from extras.live.running.explaining import per
from extras.live.running.plant import IdleEquipment, Open
from extras.live.sources.source import BACKLOG
from reporting_agent.report.figures import NOTHING, count, shown, time

MOST_NAMED = 5
_TROUBLED = ("wastes", "unknown", "not-known", "no-meters")
MOST_SHOWN = 60  # characters of a topic or a reason among the sources


class RoomView:
    """The parts of the control room, of one site."""

    def __init__(self, words: AlertWords) -> None:
        self._words = words

    def of(self, moment: PlantMoment, lang: str) -> dict[str, Any]:
        """All of a moment."""
        t = partial(in_language, language=lang)
        now = datetime.fromtimestamp(moment.at_us / 1e6, UTC).astimezone(self._words.site.zone)
        shift = moment.shift.start.astimezone(self._words.site.zone)
        dear = [idle.money_per_h for idle in moment.idle if idle.money_per_h is not None]
        return {
            "clock": f"{now:%H:%M}" if moment.at_us else NOTHING,
            "shift": t(
                Phrase(
                    "figures to %(time)s, shift since %(start)s",
                    time=time(now, lang),
                    start=f"{shift:%H:%M}",
                )
            )
            if moment.at_us
            else t(Phrase("no reading yet")),
            "well": t(well) if (well := _well(moment)) else "",
            "alerts": [
                self._words.on_the_wall(alert, lang) | self._words.answering(alert, moment, lang)
                for alert in moment.alerts
            ],
            "open": [self._line(running, moment.wall_us, lang) for running in moment.open],
            "idle": [self._idle(idle, moment.wall_us, lang) for idle in moment.idle],
            "idle_money": f"{count(sum(dear))} {self._words.currency}" if dear else "",
            "idle_unpriced": t(_unpriced(len(moment.idle) - len(dear), len(moment.idle)))
            if dear and len(dear) < len(moment.idle)
            else "",
            "sources": [*self._sources(moment, lang)],
            "foot": [t(sentence) for sentence in _foot(moment)],
        }

    def unreadable(self, moment: PlantMoment, lang: str) -> dict[str, Any]:
        """The last messages of each topic that could not be read."""
        zone = self._words.site.zone
        whole = Phrase(
            "%(count)s since the agent started. All are saved in the spool with their content.",
            count=count(moment.unread),
        )
        return {
            "whole": in_language(
                whole
                if moment.unread
                else Phrase("Every message since the agent started could be read."),
                lang,
            ),
            "rows": [
                {
                    "at": f"{datetime.fromtimestamp(message.at_us / 1e6, UTC).astimezone(zone):%Y-%m-%d %H:%M:%S}",  # noqa: E501
                    "topic": f"{topic} ({count(number)})",
                    "why": in_language(message.why, lang),
                    "text": message.text,
                }
                for topic, number, messages in moment.unreadable
                for message in messages
            ],
        }

    def _line(self, running: Open, wall_us: int, lang: str) -> dict[str, Any]:
        t = partial(in_language, language=lang)
        batch, done = (
            running.batch,
            "" if running.progress is None else f"{100 * running.progress:.0f} %",
        )
        name = short(batch.id)
        status: Phrase | str = STATES.get(running.state, "")
        if running.state == "no-label":
            status = Phrase(
                "Waits for earlier batches to compare with: %(like)s of %(needed)s have ended",
                like=min(running.like, FEWEST),
                needed=FEWEST,
            )
        elif running.state == "wastes":
            status = Phrase(
                "Wasting energy, certain since %(at)s", at=self._words.clock(batch.sure_us or 0)
            )
        elif running.state == "unknown":
            status = (
                Phrase(
                    "No figures since %(at)s",
                    at=self._words.since(running.silent_since_us, wall_us),
                )
                if running.silent_since_us
                else Phrase("No figures yet")
            )
        above = running.above if running.state not in ("unknown", "not-known") else None
        unit = t(Phrase("%(unit)s so far", unit=per(batch.unit)))
        view: dict[str, Any] = {
            "css": {"wastes": "bad", "below": "good"}.get(running.state, ""),
            "equipment": batch.equipment or batch.step,
            "batch": t(
                Phrase("batch %(batch)s, %(done)s of the usual time", batch=name, done=done)
                if done
                else Phrase("batch %(batch)s", batch=name)
            ),
            "note": t(running.cause),
            "above": tenths(above),
            "unit": unit if above is not None else "",
            "state": t(status),
            "said": f"{batch.equipment or batch.step}: {done}, {tenths(above)} {unit}, {t(status)}",
        }
        return view | (drawn(running) if running.band else {"band": ""})

    def _idle(self, idle: IdleEquipment, wall_us: int, lang: str) -> dict[str, str]:
        takes = []
        for carrier, power, unit in idle.takes:
            words = CARRIERS[carrier].words
            amount = f"{shown(power)} {'kW' if unit == 'kWh' else f'{unit}/h'}"
            takes.append(f"{amount} {of_language(words.by_language, lang) or words.en}")
        money = NOTHING if idle.money_per_h is None else count(idle.money_per_h)
        clock = self._words.clock
        mean = Phrase(
            "%(takes)s (mean from %(first)s to %(last)s)",
            takes=", ".join(takes),
            first=clock(idle.from_us),
            last=clock(idle.to_us),
        )
        uses = in_language(mean, lang) if idle.to_us else ", ".join(takes)
        return {
            "equipment": idle.equipment,
            "since": self._words.since(idle.since_us, wall_us),
            "takes": uses,
            "money": money,
        }

    def _sources(self, moment: PlantMoment, lang: str) -> Sequence[dict[str, str]]:
        t = partial(in_language, language=lang)
        rows = [
            {
                "name": name,
                "css": "no" if why else "ok",
                "state": t(_state(why)),
            }
            for name, why in moment.sources
        ]
        for name, since_us in moment.silent[:MOST_NAMED]:
            sentence = (
                Phrase("Silent since %(at)s", at=self._words.since(since_us, moment.wall_us))
                if since_us
                else Phrase("Never received")
            )
            rows.append({"name": name, "css": "no", "state": t(sentence)})
        if (more := len(moment.silent) - MOST_NAMED) > 0:
            rows.append(
                {
                    "name": t(Phrase("Further meters: %(count)s", count=more)),
                    "css": "no",
                    "state": t(Phrase("Silent")),
                }
            )
        if moment.missing:
            rows.append(
                {
                    "name": t(Phrase("Missing readings")),
                    "css": "no",
                    "state": t(Phrase("%(count)s, requested again", count=count(moment.missing))),
                }
            )
        rows += [
            {"name": t(Phrase(name)), "css": "ok" if well else "no", "state": t(state)}
            for name, state, well in moment.notices
        ]
        if moment.unreadable:
            last = moment.unreadable[0][2][0]
            sentence = Phrase(
                "%(count)s; the last of %(topic)s: %(why)s",
                count=count(moment.unread),
                topic=last.topic[:MOST_SHOWN],
                why=t(last.why)[:MOST_SHOWN],
            )
            row = {
                "name": t(Phrase("Messages that could not be read")),
                "css": "no",
                "state": t(sentence),
            }
            rows.append(row | {"href": f"{prefix(lang)}unreadable"})
        if moment.untold:
            rows.append(
                {
                    "name": ", ".join(moment.untold),
                    "css": "no",
                    "state": t(Phrase("Its energy has no factor in kgce: not counted here")),
                }
            )
        return rows


def _well(moment: PlantMoment) -> Phrase | None:
    """That all is well, and what is normal then; None where something needs a look."""
    troubles = (
        not moment.at_us,
        moment.alerts,
        any(why for _name, why in moment.sources),
        moment.silent,
        moment.missing,
        moment.unreadable,
        moment.untold,
        moment.contradicted,
        not all(well for _name, _state, well in moment.notices),
        any(running.state in _TROUBLED for running in moment.open),
    )
    if any(troubles):
        return None
    return Phrase(
        "Normal, and so now: every source is connected, no meter is silent, no reading is missing, "
        "and no batch leaves what chance makes of it."
        if moment.vouched
        else "Normal, and so now: every source is connected, no meter is silent and no reading is "
        "missing."
    )


def _state(why: str) -> Phrase:
    """Of a source, by what keeps readings from coming."""
    if why == BACKLOG:
        return Phrase("Connected; %(why)s", why=why)
    return Phrase("No data: %(why)s", why=why) if why else Phrase("Connected")


def contradictions(number: int) -> Phrase:
    """Of repeats whose value is not the one that was saved."""
    return Phrase(
        "Repeats with another value than the saved one: %(count)s. The first value stands; a "
        "source that corrects numbers its readings.",
        count=count(number),
    )


def _foot(moment: PlantMoment) -> list[Phrase]:
    sentences = [
        Phrase(
            "Readings saved since the start: %(kept)s; repeats dropped: %(repeated)s.",
            kept=count(moment.stored),
            repeated=count(moment.repeated),
        )
    ]
    if moment.contradicted:
        sentences.append(contradictions(moment.contradicted))
    if moment.corrected:
        sentences.append(
            Phrase(
                "Readings corrected by their source: %(count)s. The highest number counts.",
                count=count(moment.corrected),
            )
        )
    if moment.vouched:
        sentences.append(
            Phrase(
                "Limit of false alarms a week: %(rate)s. Weeks of history: %(weeks)s.",
                rate=f"{moment.rate:g}",
                weeks=_down(moment.weeks),
            )
        )
    else:
        sentences.append(
            Phrase(
                "No alerts yet. Weeks of history: %(weeks)s of %(needed)s, for a limit of false "
                "alarms a week of %(rate)s.",
                weeks=_down(moment.weeks),
                needed=f"{ceil(100 * weeks_needed(moment.rate)) / 100:g}",
                rate=f"{moment.rate:g}",
            )
        )
    sentences.append(Phrase("Energy in kgce, calorific basis. Nothing here leaves the plant."))
    return sentences


def _down(weeks: float) -> str:
    """Weeks never rounded up: what is not enough is not to look as if it were."""
    digits = 1 if weeks >= 10 else 2
    return f"{floor(weeks * 10**digits + 1e-9) / 10**digits:g}"


def _unpriced(without: int, equipment: int) -> Phrase:
    """Behind a sum of money, what it leaves out."""
    return Phrase(
        " (without %(without)s of %(equipment)s, whose price is not known)",
        without=without,
        equipment=equipment,
    )
