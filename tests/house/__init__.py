"""How large the house is, and how hard to enter: counted from the files alone, for any commit."""
