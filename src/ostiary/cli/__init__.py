"""The command line: one file per verb group; prints and exit codes, no decisions."""

from ostiary.cli.app import app, everything, main

__all__ = ["app", "everything", "main"]
