"""The page that goes through Express Gateway piece by piece leaves none out, and is up to date."""

import re

import pytest

from ostiary.config.foreign import PROXY_OPTIONS
from ostiary.config.model.condition import CONDITIONS
from ostiary.config.model.listeners import TlsOptions
from ostiary.config.model.pipeline import ACTIONS, POLICIES
from tests.docs.pages import ROOT

PAGE = (ROOT / "docs/reference/express-gateway.md").read_text()
VERDICTS = {"same", "better", "differs", "refused"}

# Express Gateway 1.16.11: lib/config/schemas, lib/conditions, lib/policies, lib/rest/routes, bin.
TOP = "http https admin apiEndpoints apiEndpoint serviceEndpoints policies pipelines pipeline"
ENDPOINT = "host hostRegex paths path pathRegex methods scopes url urls proxyOptions"
TLS = "default key cert ca requestCert rejectUnauthorized minVersion maxVersion ciphers crl dhparam"
MORE_TLS = "honorCipherOrder secureOptions ecdhCurve sessionTimeout ticketKeys sessionIdContext"
THEIR_CONDITIONS = (
    "always never allOf oneOf not pathExact pathMatch method hostMatch expression authenticated "
    "anonymous tlsClientAuthenticated json-schema"
)
THEIR_POLICIES = (
    "basic-auth cors expression headers jwt key-auth log oauth2 oauth2-introspect proxy rate-limit "
    "request-transformer response-transformer terminate"
)
PARAMETERS = (
    "passThrough apiKeyHeader apiKeyHeaderScheme apiKeyField disableHeaders disableHeadersScheme "
    "disableQueryParam origin allowedHeaders exposedHeaders credentials maxAge headersPrefix "
    "optionsSuccessStatus forwardHeaders message rateLimitBy windowMs max delayAfter delayMs body "
    "statusCode serviceEndpoint strategy changeOrigin stripPath ignorePath prependPath secure xfwd "
    "followRedirects autoRewrite toProxy preserveHeaderKeyCase hostRewrite protocolRewrite auth "
    "proxyUrl target keyFile certFile caFile timeout proxyTimeout"
)
REST = "GET /users|GET /apps|POST /users|POST /apps|/scopes|POST /credentials|DELETE /tokens/:token"
MORE_REST = "/credentials/:type/:id/scopes|GET /schemas|/pipelines|/policies|/service-endpoints"
EG = "gateway create|users create|apps …|credentials create|credential:scopes add|scopes create"
MORE_EG = "tokens revoke|plugins install"
SYSTEM = "db crypto session accessTokens refreshTokens authorizationCodes plugins cli"


def rows() -> list[tuple[str, str, str]]:
    """Piece, verdict, how."""
    found = re.findall(r"^\| (.+?) \| ([a-z ]+) \| ?(.*?) ?\|$", PAGE, re.MULTILINE)
    return [row for row in found if row[1] not in {"verdict"}]


def code(text: str) -> set[str]:
    return set(re.findall(r"`([^`]+)`", text))


def test_each_row_has_a_verdict() -> None:
    assert {verdict for _, verdict, _ in rows()} == VERDICTS
    assert len(rows()) > 80


@pytest.mark.parametrize(
    "words", [TOP, ENDPOINT, TLS, MORE_TLS, THEIR_CONDITIONS, THEIR_POLICIES, PARAMETERS, SYSTEM]
)
def test_no_word_is_left_out(words: str) -> None:
    told = {word for row in rows() for cell in row for word in code(cell)}
    assert set(words.split()) - told == set()


@pytest.mark.parametrize("pieces", [REST, MORE_REST, EG, MORE_EG])
def test_no_route_and_no_command_is_left_out(pieces: str) -> None:
    told = " ".join(piece.replace("`eg ", "`") for piece, _, _ in rows())
    assert [one for one in pieces.split("|") if one not in told] == []


def test_what_is_there_is_not_said_to_lack_and_the_other_way_round() -> None:
    verdicts = {word: verdict for piece, verdict, _ in rows() for word in code(piece)}
    there = {*POLICIES, *CONDITIONS}
    lacking = {word for word, verdict in verdicts.items() if verdict == "refused"}
    assert lacking & there == set()
    theirs = {*THEIR_CONDITIONS.split(), *THEIR_POLICIES.split()}
    assert {one for one in theirs - there if verdicts[one] != "refused"} == set()


def test_our_own_words_are_the_ones_that_the_configuration_takes() -> None:
    options = {field.alias or name for name, field in TlsOptions.model_fields.items()}
    told = {word for piece, verdict, _ in rows() if verdict == "same" for word in code(piece)}
    assert {"minVersion", "ciphers", "handshakeTimeout", "maxHeaderSize"} <= told & options
    refused = {word for piece, verdict, _ in rows() if verdict == "refused" for word in code(piece)}
    assert refused & options == set()
    assert {"followRedirects", "proxyUrl", "auth"} <= refused & PROXY_OPTIONS.keys()
    parameters = {
        field.alias or name for one in ACTIONS for name, field in one.model_fields.items()
    }
    assert {"rateLimitBy", "apiKeyHeader", "forwardHeaders", "changeOrigin"} <= parameters
