"""May this site report at all? Asked before anything is read, so that nobody waits for a refusal
that was certain.

A report is worth sending where many report by the same pack in a unit that is known. A pack of the
plant's own, and a unit that nothing proves, make labels for the plant's own eyes: neither is sent,
and nothing is spent on them. Nor is one sent whose declared events nobody explained: pasting what a
run proposed is no answer yet.
"""

from __future__ import annotations

from benchmarks import packs
from benchmarks.errors import PolicyRefusal
from benchmarks.packs.published_names import is_published
from benchmarks.phrases import Phrase, in_number
from benchmarks.routes import Pack
from reporting_agent.config import SiteSettings
from reporting_agent.pipeline import own_pack


def why_not_reportable(site: SiteSettings) -> PolicyRefusal | None:
    """The same as an answer: the refusal, or None."""
    try:
        require_reportable(site)
    except PolicyRefusal as refused:
        return refused
    return None


def require_reportable(site: SiteSettings) -> Pack:
    """The site's pack; refuse a site whose labels no portal could compare.

    Raises:
        InputError: the pack cannot be read.
        PolicyRefusal: `pack-of-its-own`, `unit-assumed`, `reason-not-written`.
    """
    own = site.pack == own_pack.OWN
    pack = own_pack.own_pack(site) if own else packs.load(site.pack, site.pack_version, site.folder)
    if not is_published(pack):
        raise PolicyRefusal(
            "pack-of-its-own",
            Phrase(
                "The pack %(pack_id)s %(version)s (%(pack)s) belongs to this site alone. Nobody "
                "else reports with it, so no portal "
                "can compare it with others. Nothing was drawn, spent, written or sent.",
                pack_id=pack.id,
                version=pack.version,
                pack=site.pack,
            ),
            Phrase(
                "Use `label` and `check` on the site. To take part in a benchmark, name a "
                "published pack "
                "(%(packs)s), or have your association publish yours as one.",
                packs=", ".join(packs.available()),
            ),
        )
    if site.runs.unit_assumed:  # of a log that a source gives as well
        raise PolicyRefusal(
            "unit-assumed",
            Phrase(
                "The unit of the energy in the log, %(runs_unit)s, is an assumption ([runs] "
                "unit_assumed). In a comparison with "
                "others the energy could be wrong by any factor. Nothing was drawn, spent, "
                "written or sent.",
                runs_unit=site.runs.unit,
            ),
            (
                "Ask the person who set up the logger, or compare one day of its data with the "
                "meter on the wall. Then remove unit_assumed."
            ),
        )
    if asking := [event for event in site.events if not event.is_explained]:
        raise PolicyRefusal(
            "reason-not-written",
            in_number(
                len(asking),
                "%(count)s of the events in site.toml still has the sample sentence of the "
                "proposal as its reason: "
                "%(kind)s of %(named)s from %(start)s. Nothing was drawn, spent, written or sent.",
                "%(count)s of the events in site.toml still have the sample sentence of the "
                "proposal as their reason. The first is "
                "%(kind)s of %(named)s from %(start)s. Nothing was drawn, spent, written or sent.",
                count=len(asking),
                kind=asking[0].kind,
                named=asking[0].named,
                start=asking[0].start,
            ),
            Phrase(
                "Find out what happened. As the reason, give who changed what and where that is "
                "recorded: an auditor reads it."
            ),
        )
    return pack
