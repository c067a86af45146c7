"""The pages, one module a reader."""
