"""What changed in the record, or is wrong throughout, that no single reading shows: found
(`looking`), explained, and asked about (`review`). `[[events]]` in site.toml answers it; until then
nothing leaves the site. Nothing here moves a figure.
"""
