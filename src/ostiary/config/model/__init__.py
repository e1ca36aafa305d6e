"""The typed document, one file per noun: frozen, no unknown keys, camelCase in the file."""
