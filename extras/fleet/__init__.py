"""Many sites of one firm: labelled side by side on this machine, and what the best of the group
shows the others.

Read `declared`, `labelling`, `group`. Every site's files are those that `label` writes, to the
byte; nothing leaves that would not leave by `submit`, and the group's report is as confidential as
the sites' own.
"""

from benchmarks import catalogue

catalogue.add(__name__)
