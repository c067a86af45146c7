"""What an entry says, as texts by the names of `FIELDS`: the same in the form, in a file that is
imported, and in the one given out.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from decimal import Decimal

from benchmarks import packs
from benchmarks.declared import Words
from benchmarks.guidance.causes import WasteCause
from benchmarks.guidance.practices import Library, Listing, Practice, told_by_a_firm
from benchmarks.measurements import Metric
from benchmarks.routes import Pack
from portal.days import scheme_day
from portal.names import in_chinese, name_of
from portal.practices.models import Entry

TEXTS = ("title", "done", "conditions", "equipment")
FIELDS = (
    *("sector", "step", "cause"),
    *(f"{name}_{language}" for name in TEXTS for language in ("en", "zh")),
    *("saving_unit", "saving_from", "saving_to", "investment_usd_per_t"),
    *("source_en", "source_zh", "read_on"),  # of what is imported
)
METRIC_OF = {"kWh": Metric.ELECTRICITY, "MJ": Metric.THERMAL}


def listing_and_practice(entry: Entry) -> tuple[Listing, Practice]:
    """An entry as the library holds it. It was published: both languages stand there."""
    text, published = entry.content, scheme_day(entry.published_at or entry.written_at)
    if entry.organisation is None:
        words, read_in = Words(en=text["source_en"], zh=text["source_zh"]), text["read_on"]
    else:
        called = entry.organisation.name
        firm = name_of(called, in_chinese(called) or called) if entry.named else None
        words, read_in = told_by_a_firm(firm), published.isoformat()
    source = hashlib.sha256(f"{words.by_language} {read_in}".encode()).hexdigest()[:12]
    listing = Listing(
        id=f"source-{source}",
        words=words,
        read_in=Words(en=read_in),
        confidence="read" if entry.organisation is None else "told",
    )
    step = next(
        step for pack in _versions(text["sector"]) for step in pack.steps if step.id == text["step"]
    )
    return listing, Practice(
        id=entry.practice,
        list=listing.id,
        sector=text["sector"],
        step=step.id,
        words=_words(text, "title") or Words(en=entry.practice),
        metric=METRIC_OF[text["saving_unit"]],
        saving=Decimal(text["saving_from"]),
        saving_to=Decimal(text["saving_to"]) if text.get("saving_to") else None,
        unit="kWh" if text["saving_unit"] == "kWh" else "MJ",
        per=step.product,
        investment=Decimal(text["investment_usd_per_t"])
        if text.get("investment_usd_per_t")
        else None,
        cause=WasteCause(text["cause"]) if text.get("cause") else None,
        equipment=_words(text, "equipment"),
        done=_words(text, "done"),
        conditions=_words(text, "conditions"),
        version=entry.version,
        reviewer=entry.reviewer,
        published_on=published,
    )


def _versions(sector: str) -> Iterator[Pack]:
    """Every version of a pack, the installed one first: the step of an entry may stand in an
    approved one alone, or in one that a later one took the place of.
    """
    yield packs.load(sector)
    yield from packs.versions(sector)


def library_of(entries: Iterable[Entry]) -> Library:
    """These entries as a library of their own."""
    pairs = [listing_and_practice(entry) for entry in entries]
    return Library(
        lists=tuple({listing.id: listing for listing, _practice in pairs}.values()),
        practices=tuple(practice for _one, practice in pairs),
    )


def content_of(practice: Practice, listing: Listing) -> dict[str, str]:
    """The other way: what the form and the file have of a practice."""
    texts = {
        "title": practice.words,
        "done": practice.done,
        "conditions": practice.conditions,
        "equipment": practice.equipment,
    }
    read_on = listing.read_in.en.rpartition(" ")[2]
    return {
        "sector": practice.sector,
        "step": practice.step or "",
        "cause": practice.cause or "",
        **{
            f"{name}_{language}": _in_language(words, language)
            for name, words in texts.items()
            for language in ("en", "zh")
        },
        "saving_unit": practice.unit,
        "saving_from": str(practice.saving),
        "saving_to": "" if practice.saving_to is None else str(practice.saving_to),
        "investment_usd_per_t": "" if practice.investment is None else str(practice.investment),
        "source_en": _in_language(listing.words, "en"),
        "source_zh": _in_language(listing.words, "zh"),
        "read_on": read_on if _is_day(read_on) else "",
    }


def _words(text: Mapping[str, str], name: str) -> Words | None:
    en, zh = text.get(f"{name}_en", ""), text.get(f"{name}_zh", "")
    return Words(en=en or zh, **({"zh": zh} if zh else {})) if en or zh else None


def _in_language(words: Words | None, language: str) -> str:
    return "" if words is None else words.by_language.get(language, "")


def _is_day(text: str) -> bool:
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True


def lacking(content: Mapping[str, str], *, imported: bool) -> Iterator[str]:
    """What must be there before an entry is published: both languages of each text that stands in
    one, and a source of what is imported.
    """
    for name in TEXTS:
        en, zh = (content.get(f"{name}_{language}", "") for language in ("en", "zh"))
        if name == "title" or (name == "done" and not imported) or en or zh:
            yield from (
                f"{name}_{language}" for language, text in (("en", en), ("zh", zh)) if not text
            )
    if imported:
        yield from (name for name in ("source_en", "source_zh", "read_on") if not content.get(name))
