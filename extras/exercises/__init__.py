"""Worked exercises: data in, find the waste, decide; answers that are checked, and told why where
they are wrong.

An exercise is a folder: `exercise.toml` (for whom, how long, the questions and what wrong answers
are recognised by), a file of texts for each language (`en.toml`, `zh.toml`), the files to work on
under `data`, and `key.json`, the facts that the product's own code computes from these files
(`python -m extras.exercises`; a test computes them again). Read in this order: `reading`,
`checking`.
"""

from benchmarks import catalogue

catalogue.add(__name__)
