"""Words for people: did you mean, and values quoted without giving secrets away."""

import difflib
import re
from collections.abc import Iterable

_SECRET = re.compile(r"secret|password|passphrase", re.IGNORECASE)
_LONGEST = 80


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Return ``did you mean 'x'?``, or the known words when none is near."""
    words = sorted(set(known))
    folded = {name.lower(): name for name in reversed(words)}
    near = difflib.get_close_matches(word.lower(), folded, n=1, cutoff=0.6)
    if near:
        return f"did you mean {folded[near[0]]!r}?"
    return f"known: {', '.join(words[:20])}" if words else ""


def quoted(value: object, path: str) -> str:
    """Return a value for a message: at most 80 characters, nothing below a secret's key."""
    if _SECRET.search(path):
        return "(hidden)"
    text = str(value).lower() if isinstance(value, bool) else str(value)
    if value is None:
        return "null"
    if "-----BEGIN" in text:
        return "(PEM text)"
    return repr(text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…")
