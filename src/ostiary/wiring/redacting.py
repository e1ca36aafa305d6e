"""What others answer, without the secrets of the URL that they were asked by."""

from urllib.parse import unquote, urlsplit

HIDDEN = "…"
_SHORTEST = 6
"""Characters of what may be a secret by itself; ``api`` and ``v1`` are none."""
_SHORTEST_START = 4
"""Of one that the text's end cuts off."""


def without_secrets_of(url: str, text: str) -> str:
    """The text with a sign in place of what the URL has behind its host, as it is written there or
    decoded; also where the text was cut in the middle of it. No user is in URLs here."""
    pieces = sorted(_secrets(url), key=len, reverse=True)
    for piece in pieces:
        text = text.replace(piece, HIDDEN)
    for piece in pieces:
        for size in range(len(piece) - 1, _SHORTEST_START - 1, -1):
            if text.endswith(piece[:size]):
                return text[:-size] + HIDDEN
    return text


def _secrets(url: str) -> frozenset[str]:
    """Longer ones may have shorter ones in them."""
    parts = urlsplit(url)
    whole = (parts.path, parts.query, f"{parts.path}?{parts.query}")
    pairs = parts.query.split("&")
    values = (one.partition("=")[2] for one in pairs)
    found = [*whole, *parts.path.split("/"), *pairs, *values]
    found += [unquote(one) for one in found]
    return frozenset(one for one in found if len(one) >= _SHORTEST)
