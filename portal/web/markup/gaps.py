"""Where we stand: the places that fit a value, and the table of gaps."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from portal.web.viewmodels.enterprise import GapRow, RankStrip


def places(strip: RankStrip) -> SafeString:
    """What stands within the `<svg>`: the band of the places that fit, and a tick a place."""
    parts = [f'<rect class="m-you-band" x="{strip.band.x}" width="{strip.band.width}" y="22" height="28" rx="2"/>']
    if strip.crowded:
        parts.append('<line class="m-place" x1="1.5%" x2="98.5%" y1="36" y2="36"/>')
    for x, yours in strip.ticks:
        parts.append(f'<line class="m-place{" m-place--you" if yours else ""}" x1="{x}" x2="{x}" y1="28" y2="44"/>')
    parts.append(f'<text class="m-t" x="0" y="68">{escape(strip.first)}</text>')
    parts.append(f'<text class="m-t" x="100%" y="68" text-anchor="end">{escape(strip.last)}</text>')
    return mark_safe("".join(parts))  # noqa: S308 - positions of our own, and texts escaped


@dataclass(frozen=True, slots=True)
class _Titles:
    """Of the columns: a phone shows a row as a list, each cell behind the title of its column."""

    kgce: str
    place: str
    co2: str
    kwh: str
    money: str
    yearly: str
    yearly_mwh: str
    yearly_money: str


def _titles() -> _Titles:
    return _Titles(
        *(
            escape(title)
            for title in (
                _("kgce per tonne, interval"),
                _("Place, 95 %% interval") % {},
                _("kg CO₂ per tonne"),
                _("kWh per tonne"),
                _("Money per tonne"),
                _("A year: t of coal equivalent"),
                _("A year: MWh"),
                _("A year: money"),
            )
        )
    )


def body(gaps: Sequence[GapRow], total: GapRow | None) -> SafeString:
    """The rows of the table and, where gaps add up, their sum under them. Money and years are for the script that fills them in."""
    titles = _titles()
    made = "".join(_row(row, titles) for row in gaps)
    foot = f'<tfoot role="rowgroup">{_sum(total, titles)}</tfoot>' if total else ""
    return mark_safe(f'<tbody role="rowgroup" class="govuk-table__body">{made}</tbody>{foot}')  # noqa: S308 - every text escaped


_ROW = '<tr role="row" class="govuk-table__row"><th role="rowheader" scope="row" class="govuk-table__header">'
_CELL = '<td role="cell" class="govuk-table__cell'
YEARLY, MONEY = "data-yearly-cell", "data-money-cell"
"""By which the script knows what it shows when an output or a price is typed."""


def _row(row: GapRow, titles: _Titles) -> str:
    reading = f"<br>{escape(row.reading)}" if row.reading else ""
    drawn = f'<rect class="b-gap" x="{row.bar.x}" y="5" width="{row.bar.width}" height="12"/>'
    for left, right, top, bottom in (
        (row.whisker.x, row.whisker_end, 11, 11),
        (row.whisker.x, row.whisker.x, 6, 16),
        (row.whisker_end, row.whisker_end, 6, 16),
    ):
        drawn += f'<line class="b-whisker" x1="{left}" x2="{right}" y1="{top}" y2="{bottom}"/>'
    return (
        f'{_ROW}{escape(row.step)}</th>{_CELL} bar"><svg aria-hidden="true" focusable="false">{drawn}</svg></td>'
        f'{_CELL}" data-l="{titles.kgce}"><div><span class="sl-nb">{escape(row.kgce)} '
        f'<span class="sl-q">({escape(row.interval)})</span></span>{reading}</div></td>'
        f'{_CELL}" data-l="{titles.place}"><div class="sl-i">{escape(row.places)}</div></td>{_figures(row, titles)}</tr>'
    )


def _sum(row: GapRow, titles: _Titles) -> str:
    return (
        f'{_ROW}{escape(row.step)}</th>{_CELL} bar"></td>{_CELL}" data-l="{titles.kgce}"><div>{escape(row.kgce)}</div></td>{_CELL}"></td>'
        f"{_figures(row, titles)}</tr>"
    )


def _figures(row: GapRow, titles: _Titles) -> str:
    """What the gap is in other units, and the four cells that the script fills."""
    kgce, kwh = escape(row.exact_kgce), escape(row.exact_kwh)
    return (
        f'{_CELL} num" data-l="{titles.co2}"><div>{escape(row.co2)}</div></td>'
        f'{_CELL} num" data-l="{titles.kwh}"><div>{escape(row.kwh)}</div></td>'
        f"{_filled(titles.money, MONEY, 'kgce', kgce)}{_filled(titles.yearly, YEARLY, 'per-tonne', kgce)}"
        f"{_filled(titles.yearly_mwh, YEARLY, 'per-tonne', kwh)}{_filled(titles.yearly_money, f'{YEARLY} {MONEY}', 'yearly-kgce', kgce)}"
    )


def _filled(title: str, kind: str, name: str, exact: str) -> str:
    told = f' data-{name}="{exact}"' if exact else ""
    return f'{_CELL} num" data-l="{title}" {kind} hidden><div{told}>–</div></td>'
