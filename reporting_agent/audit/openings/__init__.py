"""What the plant shows an auditor, and what the auditor's own agent makes of it.

`taking_extracts` spells a part of the plant's rows and readings, `recomputing` makes the records of
batches from it again, by the agent's own pipeline; `assembling` puts an opening together and widens
the extract until every record that was drawn comes out as it was committed to. `examining` is the
auditor's side.
"""
