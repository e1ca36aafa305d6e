"""Refuse the requests for which a regular expression can't be decided.

A search that takes too many steps, or more memory than HAProxy's library has for it, ends in an
error, and HAProxy takes an error for "doesn't match": by a long enough query a client could turn
off the very condition that was to stop it.
"""

import re

from ostiary.compiler.answers import problem
from ostiary.haproxy.quote import regex

_REPEATS = re.compile(r"[*+{]")
"""What a search can take long by. Without these it takes no more steps than the text is long."""


def undecided_rules(
    fetch: str, source: str, tests: tuple[str, ...] = (), flag: str = ""
) -> list[str]:
    """Rules that answer 400 where ``fetch`` can't be searched for ``source``.

    ``tests`` say which requests the search matters for. The end of the text is found after
    everything else has been tried, in any text: only an error keeps it from being found.
    """
    if not _REPEATS.search(source):
        return []
    decided = rf"(?:{source})|\z"
    where = " ".join((*tests, f"!{{ {fetch} -m reg {flag}-- {regex(decided)} }}"))
    return [f"http-request return {problem(400)} if {where}"]
