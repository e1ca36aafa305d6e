"""Text fit for a terminal or a bug report: private keys are never in it."""

import re

NOTE = "(private key, not shown)\n"
_KEY = re.compile(
    r"-----BEGIN [A-Z0-9 ]*PRIVATE KEY-----.*?(?:-----END [A-Z0-9 ]*PRIVATE KEY-----\n?|\Z)",
    re.DOTALL,
)


def without_keys(text: str) -> str:
    """The text with a note in place of each PEM private key, whole or cut short."""
    return _KEY.sub(NOTE, text)
