"""Expressions of policies as log-format strings. Whatever a client sent stays data in them."""

from typing import assert_never

from ostiary.compiler import names
from ostiary.compiler.conditions import AUTHENTICATED
from ostiary.compiler.facts import Fact as Certificate
from ostiary.compiler.fetches import HOSTNAME, PLAIN
from ostiary.compiler.stage import Acting
from ostiary.config.expression.parts import (
    Computed,
    Expression,
    Fact,
    Header,
    Part,
    Query,
    Text,
    Told,
)
from ostiary.haproxy.quote import argument, log_text, word

_CONTROL = r"[\x00-\x1f\x7f]"
NO_CONTROLS = f"regsub({argument(_CONTROL)},{argument('')},g)"
"""A converter that takes control characters out: percent-decoded, a parameter of the query may
hold the end of a header line."""

_BYTE, _BYTE_AND_COLON = "(..)(?!$)", r"\1:"
_COLONS = f"regsub({argument(_BYTE)},{argument(_BYTE_AND_COLON)},g)"
"""As Node.js writes fingerprints: a colon between any two bytes."""
_DIGEST = "txn.ost.peer_id"


def format_of(expression: Expression, acting: Acting) -> str:
    """The expression as a log-format string, a word; rules that it needs are written before."""
    return word(text_of(expression, acting))


def text_of(expression: Expression, acting: Acting) -> str:
    """The same, not yet a word."""
    return "".join(_part(part, acting) for part in expression)


def key_of(expression: Expression, acting: Acting) -> str:
    """As ``format_of``, for what is only told apart: fingerprints have no colons, which cost more
    than all the rest of a step that counts."""
    return word("".join(_key_part(part, acting) for part in expression))


def _key_part(part: Part, acting: Acting) -> str:
    if not (isinstance(part, Told) and part.fact is Fact.FINGERPRINT):
        return _part(part, acting)
    digest = word(_digest(in_header=acting.stage.setting.in_header))
    acting.stage.first(_DIGEST, digest, AUTHENTICATED)
    return f"%[var({_DIGEST})]"


def _part(part: Part, acting: Acting) -> str:
    match part:
        case Text():
            return log_text(part.text)
        case Told():
            return f"%[{_told(part.fact, acting)}]"
        case Header():
            return f"%[req.fhdr({part.name},1)]"
        case Query():
            decoded = f"url_param({part.name}),url_dec(1),{NO_CONTROLS}"
            name = f"{acting.name}_q_{part.name.encode().hex()}"
            acting.do(f"set-var({name}) {word(decoded)}")
            return f"%[var({name})]"
        case Computed():
            return f"%[var({acting.ask(part.script)})]"
        case _:
            assert_never(part)


def _told(fact: Fact, acting: Acting) -> str:
    if fact in PLAIN:
        return PLAIN[fact]
    stage = acting.stage
    match fact:
        case Fact.HOSTNAME:
            stage.first(names.HOSTNAME, word(HOSTNAME))
            return f"var({names.HOSTNAME})"
        case Fact.ORIGINAL_URL:
            stage.first(names.ORIGINAL_URL, "pathq")
            return f"var({names.ORIGINAL_URL})"
        case _:
            variable, expression = _certificate(fact, in_header=stage.setting.in_header)
            stage.first(variable, word(expression), AUTHENTICATED)
            return f"var({variable})"


def _certificate(fact: Fact, *, in_header: bool) -> tuple[str, str]:
    """Of admitted clients: a variable, and what it is set to."""
    if fact is Fact.FINGERPRINT:
        return "txn.ost.peer_fp", f"{_digest(in_header=in_header)},upper,{_COLONS}"
    if fact is Fact.SERIAL:
        return "txn.ost.peer_sn", Certificate.SERIAL.value if in_header else "ssl_c_serial,hex"
    return "txn.ost.peer_cn", "ssl_c_s_dn(CN)"


def _digest(*, in_header: bool) -> str:
    """SHA-256 of the certificate as the engine has it, in hexadecimal."""
    return Certificate.FINGERPRINT.value if in_header else f"var({names.FINGERPRINT})"
