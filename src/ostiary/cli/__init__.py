"""The command line: one file per verb group; prints and exit codes, no decisions."""
def main() -> None:
    raise SystemExit("under construction")
