"""The console: its pages, and flows of operators in a browser."""
