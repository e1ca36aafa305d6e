"""The verified path as a service is told of it (RFC 9440 section 2.3)."""

import base64
from collections.abc import Sequence

from ostiary.x509.certificate import Certificate

NOTHING = "none"
"""Said in place of a list that is empty or too long; a list begins with a colon."""

LONGEST = 8_000
"""Characters of a list that is told. Common servers read header lines of 8 KiB and refuse the whole
request beyond: nginx and Apache HTTP Server by default, Gunicorn too."""


def chain_list(path: Sequence[Certificate]) -> str:
    """What stands above the leaf, nearest first, as a List of Byte Sequences; ``NOTHING`` if empty.

    ``path`` is leaf first, trust anchor last, as it was verified and not as the client sent it. The
    RFC lets the root be left out where the service has it; an anchor that somebody else issued is
    no root, so it is told.
    """
    above = path[1:]
    if above and above[-1].is_self_issued:
        above = above[:-1]
    # RFC 8941 section 3.3.5: a Byte Sequence is base64 between colons.
    return ", ".join(f":{base64.b64encode(one.der).decode()}:" for one in above) or NOTHING
