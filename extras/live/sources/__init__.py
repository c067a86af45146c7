"""What the plant's systems send, by protocol, and `[source]` of site.toml."""
