"""What the templates get: frozen, named, already worded and in the unit of the page. No model and
no queryset reaches a template.

Numbers are text here (true minus, right decimals) except inside the ladder, whose drawings are
positions. What one presenter alone makes stands beside it.
"""
