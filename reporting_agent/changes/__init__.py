"""What changed in the record, or is wrong throughout, that no single reading shows: found,
explained, and asked about.

`looking` holds every meter against its runs, its neighbours and the meter above it, every step's
energy a tonne and every output against their own past. What it finds is a question to the plant:
`[[events]]` in site.toml answers it, and until it is answered nothing leaves the site (`review`),
and nothing is concluded from the labels that it is about (`questioned_label`). Nothing here moves a
figure.

    jumps             a level that moves suddenly, in a series that drifts
    lines             what is looked at
    levels            power, idle power, energy a tonne and tonnes an hour read together
    wrong_clocks      one meter's clock, a zone, a log that rounds
    turns             the day on which a clock changed
    swaps, days, balances
    smallest_change   how small a change the record could not show
    causes            what a factor most likely means
    looking           all of them, those that others explain left out
    telling           findings, and the lines to declare
"""
