"""Checks of policies that ask for tokens: what their models can't see alone."""

import ipaddress
from collections.abc import Iterator

from ostiary.config.effective import AuthType, Effective
from ostiary.config.model.document import Document
from ostiary.config.model.policies.tokens import IntrospectAction, JwtAction, TokenAction
from ostiary.config.model.url import parse_url
from ostiary.config.text.tree import PathPart, Places
from ostiary.kernel.problems import Problem


def check_tokens(document: Document, places: Places, effective: Effective) -> Iterator[Problem]:
    """Yield problems of the steps that ask for tokens."""
    shows = _shows_certificates(document, effective)
    for name, pipeline in document.pipelines.items():
        for use_number, use in enumerate(pipeline.policies):
            for number, step in enumerate(use.steps):
                path = ("pipelines", name, "policies", use_number, "steps", number, "action")
                if isinstance(step.action, JwtAction | IntrospectAction):
                    yield from _action(step.action, path, places, shows=shows)


def _action(
    action: JwtAction | IntrospectAction,
    path: tuple[PathPart, ...],
    places: Places,
    *,
    shows: bool,
) -> Iterator[Problem]:
    field, url = _url(action)
    if url is not None and _in_the_clear(url):
        message = f"{field} is not https: whoever is on the way can have any token let in"
        yield places.warning((*path, field), message, "use https")
    if isinstance(action, JwtAction) and action.jwks_url is not None and not action.audience:
        message = "tokens that the issuer made for others are taken, too (RFC 8725 section 3.9)"
        yield places.warning((*path, "jwksUrl"), message, "add audience")
    if action.require_bound_certificate and not shows:
        message = "nobody passes: no client is asked for the certificate that tokens are bound to"
        way_out = "add clientCertificateAuth, or requestCert to https.options"
        yield places.problem((*path, "requireBoundCertificate"), message, way_out)


def _url(action: TokenAction) -> tuple[str, str | None]:
    if isinstance(action, IntrospectAction):
        return "endpoint", action.endpoint
    return "jwksUrl", action.jwks_url if isinstance(action, JwtAction) else None


def _in_the_clear(url: str) -> bool:
    found = parse_url(url.partition("?")[0])
    if found.scheme == "https" or found.host == "localhost":
        return False
    try:
        return not ipaddress.ip_address(found.host).is_loopback
    except ValueError:
        return True


def _shows_certificates(document: Document, effective: Effective) -> bool:
    https = document.https
    if effective.type.value is AuthType.HEADER:
        return True
    if https is None:
        return False
    asked = any(https.requests_certificate(name) for name in https.tls)
    return asked or effective.type.value is AuthType.CERTIFICATE
