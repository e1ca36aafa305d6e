"""How much work a PKCS#12 bundle asks for before it opens, told without doing it.

Key derivation repeats a digest as often as the file says, up to 2^31 times: a few bytes would keep
a core busy for half an hour.
"""

from collections.abc import Iterator

MOST_ITERATIONS = 1_000_000
"""Rounds; OpenSSL writes 2,048, Java 10,000, OWASP advises 600,000. About a quarter of a second."""
MOST_IN_ALL = 4 * MOST_ITERATIONS
"""Rounds of a whole bundle: it may have thousands of parts, each encrypted by itself."""

_INTEGER, _OCTETS = 0x02, 0x04
_CONSTRUCTED = 0x20
_DEEPEST = 32
_MOST_ELEMENTS = 500_000


def is_modest(data: bytes) -> bool:
    """Whether no iteration count in plain sight exceeds the limit, nor all together theirs, and
    all could be looked at.

    In MacData (RFC 7292 4), the PBE parameters (its appendix C) and PBKDF2 (RFC 8018 A.2) alike
    the count is an INTEGER right after the salt, an OCTET STRING. What is itself encrypted is not
    seen. Octet strings are looked into, for PKCS#12 wraps its parts in them.
    """
    left, rounds = _MOST_ELEMENTS, MOST_IN_ALL
    waiting = [(memoryview(data), 0)]
    while waiting:
        content, depth = waiting.pop()
        before = 0
        for tag, inner in _elements(content):
            left -= 1
            if left < 0 or depth > _DEEPEST:
                return False
            if tag == _INTEGER and before == _OCTETS:
                count = int.from_bytes(inner[:64], "big")
                rounds -= count
                if count > MOST_ITERATIONS or rounds < 0:
                    return False
            elif tag & _CONSTRUCTED or tag == _OCTETS:
                waiting.append((inner, depth + 1))
            before = tag & ~_CONSTRUCTED  # BER may cut an octet string in pieces
    return True


def _elements(data: memoryview) -> Iterator[tuple[int, memoryview]]:
    """Tags (low form) and contents, as far as they go; BER's indefinite lengths are walked into."""
    position = 0
    while position + 2 <= len(data):
        tag, length = data[position], data[position + 1]
        position += 2
        if length == 0x80:  # to the end-of-contents octets, which look like an empty element
            length = len(data) - position
        elif length > 0x80:
            count = length & 0x7F
            length = int.from_bytes(data[position : position + count], "big")
            position += count
        if position + length > len(data):
            return
        yield tag, data[position : position + length]
        position += length
