"""What is said to who has no good token (RFC 6750 section 3)."""

from ostiary.compiler.tokens import AsksToken
from ostiary.config.model.policies.tokens import IntrospectAction
from ostiary.consumers.reason import CredentialReason
from ostiary.haproxy.files import render_map
from ostiary.haproxy.quote import word

SENTENCES_FILE = "token-errors.map"


def sentences_file() -> bytes:
    """By code: what was wrong with a token, for ``error_description``."""
    return render_map({str(one.code): one.sentence for one in CredentialReason})


def bearer(action: AsksToken) -> str:
    """The challenge to who has sent no token: no error is told (RFC 6750 section 3.1)."""
    scheme = "Bearer" if isinstance(action, IntrospectAction) else action.scheme or "Bearer"
    return f'{scheme} realm="API"'


def invalid_token(action: AsksToken, code: str, file: str) -> str:
    """The same to who has sent one, as a format. ``code``: the variable with the reason's."""
    described = f"%[var({code}),map_str({file})]"
    return f'{bearer(action)}, error="invalid_token", error_description="{described}"'


def insufficient_scope(action: AsksToken) -> str:
    """To whose token lacks a scope."""
    return f'{bearer(action)}, error="insufficient_scope"'


def header(value: str) -> str:
    """The arguments of ``http-request return`` for a challenge."""
    return f"hdr WWW-Authenticate {word(value)}"


def missing(code: str) -> str:
    """ACL literal: nothing was sent."""
    return f"{{ var({code}) -m int {CredentialReason.MISSING.code} }}"
