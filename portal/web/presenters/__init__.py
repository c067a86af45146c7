"""From what the selectors answer to what the templates print."""
