"""The rows of a step ladder: texts beside the drawing of each rung."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from html import escape

from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from portal.web.ladder import Mark, RungPicture, Span, Tick
from portal.web.markup.icons import icon
from portal.web.viewmodels.ladders import Ladder, LadderRow, Limit

YOUR_LANE = "68%"


@dataclass(frozen=True, slots=True)
class _Look:
    """What all rows of a ladder have in common: where the industry's marks lie, and the words of the page."""

    ladder: Ladder
    lane: str
    you: str
    not_reported: str
    best: str
    typical: str
    annual: str


def rows(ladder: Ladder) -> SafeString:
    """The body of the table: a row a step, then the whole route."""
    look = _Look(
        ladder,
        lane="34%" if ladder.with_you else "50%",
        you=escape(_("You")),
        not_reported=escape(_("not reported")),
        best=escape(_("Industry best")),
        typical=escape(_("Typical")),
        annual=escape(_("annual basis")),
    )
    made = [*(_row(row, look, whole=False) for row in ladder.rows), _row(ladder.total, look, whole=True)]
    return mark_safe("".join(made))  # noqa: S308 - every text escaped, positions of our own


def limit(told: Limit) -> SafeString:
    """A standard's limits, beside a rung or in the list below."""
    return mark_safe(_limit(told, escape(_("annual basis"))))  # noqa: S308 - every text escaped


def _row(row: LadderRow, look: _Look, *, whole: bool) -> str:
    parts = [
        '<tr role="row" class="sum">' if whole else '<tr role="row">',
        f'<th role="rowheader" scope="row"><b>{escape(row.name)}</b><span class="sl-q">{escape(row.unit)}</span></th>',
    ]
    if look.ladder.with_you:
        own = f'<b>{escape(row.you)}</b><span class="i">{escape(row.you_interval)}</span>' if row.you else ""
        own = own or f'<span class="sl-q">{look.not_reported}</span>'
        parts.append(f'<td role="cell" class="num you"><span class="lbl">{look.you}</span>{own}</td>')
    if row.hidden:
        parts.append(
            f'<td role="cell" class="cell-sup" colspan="3"><span class="st st--hidden">{icon("hidden")}</span>'
            f"<span>{escape(row.hidden)}</span></td>"
        )
    else:
        drawn = "".join(_drawing(row, row.picture, look, whole=whole)) if row.picture else ""
        parts.append(
            f'<td role="cell" class="num best"><span class="lbl">{look.best}</span><b>{escape(row.best)}</b>'
            f'<span class="i">{escape(row.best_interval)}</span></td>'
            f'<td role="cell" class="draw"><svg aria-hidden="true" focusable="false">{drawn}</svg>'
            f'<span class="govuk-visually-hidden">{escape(row.above)}</span></td>'
            f'<td role="cell" class="num typ"><span class="lbl">{look.typical}</span><b>{escape(row.typical)}</b></td>'
        )
    if look.ladder.all_limits and not row.limits_from_above:
        beside = "".join(_limit(one, look.annual) for one in row.limits.limits) if row.limits else ""
        span = f' rowspan="{row.limits.rows}"' if row.limits and row.limits.rows > 1 else ""
        parts.append(f'<td role="cell" class="lim"{span}>{beside}</td>')
    return "".join((*parts, "</tr>"))


def _limit(told: Limit, annual: str) -> str:
    levels = " · ".join(
        f'<a class="govuk-link" href="{escape(level.url)}">{escape(level.text)}</a>' if level.url else escape(level.text)
        for level in told.levels
    )
    return (
        f'<div class="sl-limit"><i>{annual}</i><span>{escape(told.name)}</span><span><strong>{levels}</strong> '
        f'<span class="sl-q sl-nb">{escape(told.unit)}</span></span><span class="sl-q">{escape(told.standard)}</span></div>'
    )


def _drawing(row: LadderRow, rung: RungPicture, look: _Look, *, whole: bool) -> Iterator[str]:
    """From back to front: silhouette, grid, rails, rungs, bands, marks and their texts."""
    lane = look.lane
    if not whole and rung.silhouette:
        yield f'<rect class="m-sil" x="{rung.silhouette.x}" width="{rung.silhouette.width}" y="0" height="100%"/>'
    yield from _grid(look.ladder.picture.ticks[1:])
    if not whole and rung.typical:
        yield f'<line class="m-stile" x1="{rung.typical.x}" x2="{rung.typical.x}" y1="0" y2="100%"/>'
        if rung.step_down:
            yield f'<line class="m-stile m-stile-h" x1="{rung.step_down[0]}" x2="{rung.step_down[1]}" y1="100%" y2="100%"/>'
    yield f'<line class="m-rail" x1="{rung.zero}" x2="{rung.zero}" y1="0" y2="{"50%" if whole else "100%"}"/>'
    if rung.typical:
        yield f'<line class="m-rung" x1="{rung.zero}" x2="{rung.typical.x}" y1="{lane}" y2="{lane}"/>'
    if rung.you:
        yield f'<line class="m-you-rung" x1="{rung.zero}" x2="{rung.you.x}" y1="{YOUR_LANE}" y2="{YOUR_LANE}"/>'
        yield _band("m-you-band", rung.you.band, YOUR_LANE, 7)
    yield _band("m-band", rung.best_band, lane, 8)
    if rung.reached:
        yield from _reached(rung.reached, row.reached, lane)
    if rung.typical:
        yield f'<circle class="m-typ" cx="{rung.typical.x}" cy="{lane}" r="6"/>'
    yield f'<circle class="m-best" cx="{rung.zero}" cy="{lane}" r="{8 if whole else 6}"/>'
    if rung.you:
        yield f'<svg x="{rung.you.x}" y="{YOUR_LANE}" overflow="visible"><path class="m-you" d="M0 -7L7 0L0 7L-7 0Z"/></svg>'
        yield _label(rung.you, row.own or rung.you.label, YOUR_LANE, "20")
    elif rung.typical:
        yield _label(rung.typical, rung.typical.label, lane, "25" if whole else "-11")


def _grid(ticks: Iterable[Tick]) -> Iterator[str]:
    return (f'<line class="m-grid" x1="{tick.x}" x2="{tick.x}" y1="0" y2="100%"/>' for tick in ticks)


def _band(kind: str, band: Span | None, lane: str, half: int) -> str:
    """An interval around its lane, `half` a height in pixels above and below; nothing where it is not known."""
    if band is None:
        return ""
    drawn = f'<rect class="{kind}" x="{band.x}" width="{band.width}" y="{-half}" height="{2 * half}" rx="2"/>'
    return f'<svg y="{lane}" overflow="visible">{drawn}</svg>'


def _reached(mark: Mark, text: str, lane: str) -> Iterator[str]:
    yield _band("m-band", mark.band, lane, 4)
    yield f'<svg x="{mark.x}" y="{lane}" overflow="visible"><rect class="m-reach" x="-6" y="-6" width="12" height="12"/></svg>'
    if text:
        beside = 'dx="8" text-anchor="end"' if mark.on_right else 'dx="10"'
        yield f'<text class="m-tb halo" x="{mark.x}" y="{lane}" {beside} dy="-15">{escape(text)}</text>'


def _label(mark: Mark, text: str, lane: str, inside: str) -> str:
    """The text beside a mark, or over the rung, `inside` pixels off its lane, where right of the mark is no room."""
    where = f'dy="{inside}" text-anchor="middle"' if mark.label_inside else 'dx="12" dy="5"' if lane == YOUR_LANE else 'dx="13" dy="5"'
    return f'<text class="m-tb halo" x="{mark.label_x}" y="{lane}" {where}>{escape(text)}</text>'
