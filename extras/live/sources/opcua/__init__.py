"""OPC UA by asyncua: subscriptions, and history over what they did not bring.

`settings` is what site.toml says of a server; `source` is connected to one, by `security`;
`subscribing` receives what the server tells, `history` reads what it told nobody; `values` makes
readings of both, `tags` and `events` rows of batches.
"""
