"""Finding elements in DER that somebody has decoded already (X.690 section 8.1)."""

LONG = 0x80
"""From this on the octet of the length tells how many octets the length has."""


def inside(data: bytes, at: int) -> tuple[int, int]:
    """Where the content of the element at ``at`` begins and ends."""
    size = data[at + 1]
    if size < LONG:
        return at + 2, at + 2 + size
    begin = at + 2 + (size - LONG)
    return begin, begin + int.from_bytes(data[at + 2 : begin], "big")


def first_inside(data: bytes) -> bytes:
    """The first element inside the first one, whole: what is signed of a certificate or list."""
    begin = inside(data, 0)[0]
    return data[begin : inside(data, begin)[1]]
