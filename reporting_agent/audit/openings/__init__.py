"""What the plant shows an auditor, and what the auditor's own agent makes of it.

`extracts` are parts of the plant's rows and readings and what is recomputed from them, `assembling`
puts an opening together, `examining` is the auditor's side.
"""
