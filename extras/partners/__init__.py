"""Partners of firms: technology providers, energy suppliers and academics.

Read in this order: `grants` (whom a firm lets in), `deliveries` and `conformance` (what partners
declare), `terms` and `archive` (all published versions as one file), `pages` and `letting_in` with
`lists` and `forms`; `on_pages` (what stands on the book's pages), `ending`, `api_urls`.
"""

from benchmarks import catalogue

catalogue.add(__name__)
