"""Forms of the pages: fields in their style, errors beside them, a module for each kind of act."""
