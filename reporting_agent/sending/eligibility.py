"""May this site report at all? Asked before anything is read, so that nobody waits for a refusal that was certain.

A report is worth sending where many report by the same pack in a unit that is known. A pack of the plant's own, and a unit
that nothing proves, make labels for the plant's own eyes: neither is sent, and nothing is spent on them. Nor is one sent whose declared
events nobody explained: pasting what a run proposed is no answer yet.
"""

from __future__ import annotations

from benchmarks import packs
from benchmarks.errors import PolicyRefusal
from benchmarks.phrases import Phrase
from benchmarks.routes import Pack
from reporting_agent.config import Site


def require_reportable(site: Site) -> Pack:
    """The site's pack; refuse a site whose labels no portal could compare.

    Raises:
        InputError: the pack cannot be read.
        PolicyRefusal: `pack-of-its-own`, `unit-assumed`, `reason-not-written`.
    """
    pack = packs.load(site.pack, site.pack_version, site.folder)
    if not packs.is_published(pack):
        raise PolicyRefusal(
            "pack-of-its-own",
            Phrase(
                "The pack %(pack_id)s %(version)s (%(pack)s) is this site's own: nobody else reports by it, so "
                "no portal has anybody to compare with. Nothing was drawn, spent, written or sent.",
                pack_id=pack.id,
                version=pack.version,
                pack=site.pack,
            ),
            Phrase(
                "Use `label` and `check` on the site. To take part in a benchmark, name a published pack "
                "(%(packs)s), or have your association publish yours as one.",
                packs=", ".join(packs.available()),
            ),
        )
    if site.inputs.log is not None and site.runs.unit_assumed:
        raise PolicyRefusal(
            "unit-assumed",
            Phrase(
                "The unit of the log's energy, %(runs_unit)s, is an assumption ([runs] unit_assumed): compared "
                "with others' it could be wrong by any factor. Nothing was drawn, spent, written or sent.",
                runs_unit=site.runs.unit,
            ),
            "Ask whoever set up the logger, or compare a day of it with the meter on the wall; then remove unit_assumed.",
        )
    if asking := [event for event in site.events if not event.is_explained]:
        raise PolicyRefusal(
            "reason-not-written",
            Phrase(
                "Of the events that site.toml declares, %(count)s still have the sentence of the proposal as their reason; the first: "
                "%(kind)s of %(named)s from %(start)s. Nothing was drawn, spent, written or sent.",
                count=len(asking),
                kind=asking[0].kind,
                named=asking[0].named,
                start=asking[0].start,
            ),
            Phrase("Find out what happened, and write as its reason who changed what and where that is written down: an auditor reads it."),
        )
    return pack
