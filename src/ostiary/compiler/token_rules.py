"""Rules that find a token in a request.

A token's row has, beside the token, the certificate that the client shows: a token that is bound to
one (RFC 8705) must not pass with another because it was admitted with that.
"""

from collections.abc import Callable, Iterator
from typing import TypeAlias

from ostiary.compiler import credential_names as names
from ostiary.compiler.conditions import AUTHENTICATED
from ostiary.compiler.facts import Fact
from ostiary.compiler.names import FINGERPRINT
from ostiary.compiler.tokens import AsksToken
from ostiary.config.model.policies.tokens import IntrospectAction
from ostiary.consumers.reason import CredentialReason
from ostiary.haproxy.quote import argument, word
from ostiary.jose.claims import LONGEST_TOKEN

FromHeader: TypeAlias = Callable[[str, str], str]
"""The rule that takes a credential from a header, by name and scheme."""
_PRESENTED = f"{{ var({names.PRESENTED}),length gt 0 }}"


def token_extraction(action: AsksToken, found: str, from_header: FromHeader) -> Iterator[str]:
    """Set ``PRESENTED``, once. ``found``: ACL literal for "the route asks for it"."""
    jwt = None if isinstance(action, IntrospectAction) else action
    field = jwt.jwt_extractor_field or "" if jwt else ""
    if jwt is None or jwt.scheme:
        yield from_header("Authorization", jwt.scheme if jwt else "Bearer")
    elif jwt.jwt_extractor == "header":
        yield from_header(field, "")
    else:
        value = f"url_param({argument(field)})"
        yield f"http-request set-var({names.PRESENTED}) {word(value)} if {found}"
    # A token that the agent can't be asked about is refused, not answered "try again".
    yield (
        f"http-request set-var({names.CODE}) int({CredentialReason.TOKEN_TOO_LONG.code}) "
        f"if {{ var({names.PRESENTED}),length gt {LONGEST_TOKEN} }}"
    )
    yield f"http-request set-var({names.BOUND_TO}) var({FINGERPRINT}) if {AUTHENTICATED}"
    yield (
        f"http-request set-var({names.BOUND_TO}) {word(Fact.FINGERPRINT.value)} "
        f"if {AUTHENTICATED} !{{ var({names.BOUND_TO}) -m found }}"
    )


def binding_rule() -> str:
    """Make the certificate part of the row's key."""
    both = f"var({names.HASH}),concat(|,{names.BOUND_TO}),sha2(256),hex"
    return (
        f"http-request set-var({names.HASH}) {both} "
        f"if {_PRESENTED} {{ var({names.BOUND_TO}) -m found }}"
    )
