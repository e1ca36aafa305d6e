"""Whose certificate may pass, by the names in it: patterns, further rules, and an index of many."""
