"""Programmes for leaders and grades: what sites show for them, are given, and are offered.

Read in this order: `programmes` (what they ask for), `dossiers` (what a site shows), `offers` and
`incentives` (what is offered, and what was given), each with its `..._pages`; `on_pages` (what
stands on the book's pages), `api_urls`.
"""

from benchmarks import catalogue

catalogue.add(__name__)
