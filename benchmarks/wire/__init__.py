"""What travels between a plant and the portal, to the byte: `docs/wire-format.md` describes it.

Read in this order: canonical (one spelling for every value), fields (strict reading), consent,
schema (header and report), signing, commitments and challenges (what comes before a draw), sealing
(with its padding), envelope (all of them put together), directory (whose keys), receipts, requests,
rotation and renewal (of a device's key, of the portal's), pack_conformity (a report against its
pack), attestations (an auditor's opinion). Nothing here can name an exact label: only
`benchmarks.released` is known.
"""

MAX_ENVELOPE_BYTES = 262_144
"""No envelope is larger; the largest the agent makes has about 133,000 bytes."""
