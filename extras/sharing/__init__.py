"""What a firm shows of its own labels: certificates, links for a buyer, groups that its sites join.

Read in this order: `labels` (what of a report is shown), `certificates` and `shares`, `groups` and
`group_counts`; `pages` and `group_pages` with `forms`, `shown`, `groups_shown` and `paper`;
`on_pages` (what stands on the book's pages), `ending`, `api_urls`.
"""

from benchmarks import catalogue

catalogue.add(__name__)
