"""From an answer to the variables that HAProxy's rules read."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from ostiary.spoe.actions import Scope, set_var_head
from ostiary.spoe.values import Kind, encode_integer, encode_value

ADMITTED: Final = 1
"""The one code that HAProxy's rules let pass."""

CODE: Final = "code"
"""Variable of the transaction: what was decided."""

UNTIL: Final = "until"
"""Variable of the transaction: until when that may be remembered."""

WOULD: Final = "would"
"""Variable of the transaction: why a report-only policy would have refused; 0 if it wouldn't."""

CHAIN: Final = "chain"
"""Variable of the transaction: the verified chain, for the service. HAProxy's rules keep it for the
connection's other requests: what is answered to one of them must never reach another by itself."""

MARKS: Final = "m"
"""Begin of variables of the transaction: what conditions ask about the certificate."""

_CODE_HEAD: Final = set_var_head(Scope.TRANSACTION, CODE)
_UNTIL_HEAD: Final = set_var_head(Scope.TRANSACTION, UNTIL)
_WOULD_HEAD: Final = set_var_head(Scope.TRANSACTION, WOULD)
_CHAIN_HEAD: Final = set_var_head(Scope.TRANSACTION, CHAIN)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What was decided; raises ValueError outside the ranges that HAProxy's tables can hold."""

    code: int
    """1 admits; every other number up to 255 is a reason to refuse."""
    until: int
    """How long the answer may be remembered: Unix seconds, 32 bits unsigned."""
    chain: str | None = None
    """The verified chain as text for the service; None tells nothing about it."""
    would: int = 0
    """What ``code`` would be if the policy didn't only report, where that is another; else 0."""
    facts: bytes = b""
    """About a certificate in a header: ``Facts.actions``."""
    marks: tuple[int, ...] = ()
    """Outcomes of conditions on the certificate, 31 bits in each."""

    def __post_init__(self) -> None:
        if not (0 <= self.code <= 255 and 0 <= self.would <= 255):
            raise ValueError(f"code {self.code} or {self.would} doesn't fit in 8 bits unsigned")
        if not 0 <= self.until < 2**32:
            raise ValueError(f"until {self.until} doesn't fit in 32 bits unsigned")


def actions_for(answer: Answer) -> bytes:
    """Encode ``txn.<prefix>.code``, ``.until`` and ``.would``, integers to HAProxy.

    And ``txn.<prefix>.chain``, a string, where the answer tells it, and the facts. HAProxy ignores
    what its rules don't mention.
    """
    verdict = b"".join(
        (
            _CODE_HEAD,
            encode_integer(Kind.UINT32, answer.code),
            _UNTIL_HEAD,
            encode_integer(Kind.UINT32, answer.until),
            _WOULD_HEAD,
            encode_integer(Kind.UINT32, answer.would),
            answer.facts,
            *_marked(answer.marks),
        )
    )
    return verdict if answer.chain is None else verdict + _CHAIN_HEAD + encode_value(answer.chain)


def _marked(marks: tuple[int, ...]) -> Iterator[bytes]:
    for number, bits in enumerate(marks):
        yield set_var_head(Scope.TRANSACTION, f"{MARKS}{number}")
        yield encode_integer(Kind.UINT32, bits)
