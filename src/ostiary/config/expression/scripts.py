"""Scripts: what is worked out by JavaScript for each request, and what of it can be told before."""

import re

from ostiary.config.expression.parsing import (
    Mistaken,
    NotSupported,
    parse_expression,
    parse_template,
)
from ostiary.config.expression.parts import Computed, Expression
from ostiary.scripts.model import Script, Wanted
from ostiary.scripts.syntax import syntax_fault
from ostiary.scripts.vocabulary import (
    GLOBALS,
    changed_headers,
    first_word,
    set_names,
    unknown_names,
)

_KNOWN = (*GLOBALS, "true", "false", "null", "this", "undefined", "globalThis", "Math", "Number")
_BARE = re.compile(r"[\w ./:;,-]+")
ABOUT_SCRIPTS = (
    "scripts see req, apiEndpoint, requestID and consumer.id, as docs/how-to/expressions.md tells"
)
LONGEST = 8192
"""Characters of a script."""


def read_expression(source: str, wanted: Wanted = Wanted.TEXT) -> Expression:
    """As ``parse_expression``; what isn't in the closed grammar becomes one ``Computed``.

    Raises NotSupported where JavaScript can't read it, or it needs what isn't known here.
    """
    try:
        return parse_expression(source)
    except Mistaken:
        raise
    except NotSupported as error:
        return (Computed(checked(Script(source, wanted), closed=error)),)


def read_template(source: str, wanted: Wanted = Wanted.MESSAGE) -> Expression:
    """As ``parse_template``, likewise. Raises NotSupported."""
    try:
        return parse_template(source)
    except Mistaken:
        raise
    except NotSupported as error:
        return (Computed(checked(Script(source, wanted, template=True), closed=error)),)


def acting_script(source: str) -> Script:
    """A script that is run for what it does. Raises NotSupported."""
    names = changed_headers(source)
    for name in names:
        if name != name.lower():
            message = f"names in req.headers are lower case: {name[:80]!r} is no header's"
            raise Mistaken(f"{message}; write {name[:80].lower()!r}")
    return checked(Script(source, Wanted.CHANGES, headers=names))


def checked(script: Script, closed: NotSupported | None = None) -> Script:
    """The script, if it can be run; ``closed``: why the engine can't do without it.

    Raises NotSupported.
    """
    if len(script.source) > LONGEST:
        raise NotSupported(f"it is longer than {LONGEST} characters")
    fault = syntax_fault(script)
    if fault:
        raise NotSupported(f"JavaScript can't read it: {fault}")
    unknown = [*unknown_names(script.source)]
    if unknown:
        raise NotSupported(f"{', '.join(unknown)} can't be known here")
    fixed = [*set_names(script.source)]
    if fixed:
        raise NotSupported(f"{', '.join(fixed)} can't be set by a script")
    if not script.template and script.wanted is not Wanted.CHANGES:
        _begins_well(script.source, closed)
    return script


def _begins_well(source: str, closed: NotSupported | None) -> None:
    """A text without quotes would throw at each request."""
    word = first_word(source)
    if word and word not in _KNOWN and _BARE.fullmatch(source):
        raise closed or NotSupported(f"nothing is known by the name {word[:80]!r}")
