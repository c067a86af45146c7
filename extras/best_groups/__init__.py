"""How the firms behind the published best of a version are composed: by region, scale and age.

Read in this order: `dividing` (which shares may be told), `publishing` (one officer proposes,
another publishes), `review` and `urls` (their page), `section` (on the version's page),
`api_urls`.
"""

from benchmarks import catalogue

catalogue.add(__name__)
