"""The ground floor: words every room shares. No I/O, and no imports from any other room."""
