"""A plant that runs: what its meters send is kept exactly once, and is an input of `label` like any file.

`segments` is how readings lie on disk before their source is told that they arrived; `spool` keeps each exactly once; `spool_source` hands
them on to `label`; `source` is what `watch` asks of whatever receives them, `kinds` the table of those; `mqtt` receives them, by `payloads`
or by `sparkplug`; `settings` is what `[source]` of site.toml says of all this.
Clients of protocols come with the extra `live`.
"""
