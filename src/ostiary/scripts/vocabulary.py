"""Names that scripts may use, and those of Express Gateway's that mean nothing here.

Express 4 (``lib/request.js``), Node.js (``http.IncomingMessage``, ``tls.TLSSocket``) and Express
Gateway 1.16 (``lib/gateway/context.js``). Reading one of the latter throws: a script that looks at
what isn't known must not go on with ``undefined``.
"""

import re
from collections.abc import Iterator
from typing import Final

GLOBALS: Final = ("req", "apiEndpoint", "requestID", "consumer", "egContext")
"""What a script finds beside JavaScript's own."""
NOT_GLOBALS: Final = ("res", "requestStream", "run", "match", "evaluateAsTemplateString")
"""What Express Gateway's context has and ours lacks."""
_LACKING: Final = (
    "require",
    "process",
    "console",
    "module",
    "Buffer",
    "setTimeout",
    "setInterval",
    "setImmediate",
    "fetch",
    "Intl",
    "WebAssembly",
)
"""What scripts never had there, or QuickJS lacks: a ReferenceError, which is told beforehand."""
NOT_OF_REQUEST: Final = (
    "res",
    "app",
    "route",
    "next",
    "baseUrl",
    "rawHeaders",
    "trailers",
    "rawTrailers",
    "httpVersion",
    "httpVersionMajor",
    "httpVersionMinor",
    "cookies",
    "signedCookies",
    "session",
    "subdomains",
    "fresh",
    "stale",
    "xhr",
    "accepts",
    "acceptsCharsets",
    "acceptsEncodings",
    "acceptsLanguages",
    "is",
    "param",
    "range",
    "isAuthenticated",
    "isUnauthenticated",
    "login",
    "logIn",
    "logout",
    "logOut",
    "on",
    "once",
    "pipe",
    "read",
    "resume",
    "pause",
    "destroy",
    "setEncoding",
    "setTimeout",
)
NOT_OF_SOCKET: Final = (
    "authorizationError",
    "remotePort",
    "remoteFamily",
    "localAddress",
    "localPort",
    "getCipher",
    "getProtocol",
    "getSession",
    "getPeerX509Certificate",
    "servername",
    "alpnProtocol",
    "isSessionReused",
)
NOT_OF_CERTIFICATE: Final = (
    "raw",
    "pubkey",
    "modulus",
    "exponent",
    "bits",
    "asn1Curve",
    "nistCurve",
    "infoAccess",
    "issuerCertificate",
    "ext_key_usage",
)
OF_CONSUMER: Final = ("id",)
OF_ENDPOINT: Final = ("apiEndpointName", "scopes")
"""Of these two, Express Gateway's operators make up properties of their own: whatever else is read
there would be found there, perhaps."""
OF_ALL: Final = (
    *("constructor", "hasOwnProperty", "isPrototypeOf", "propertyIsEnumerable"),
    *("toLocaleString", "toString", "valueOf", "toJSON", "then", "__proto__"),
)
"""What JavaScript itself looks for in any object."""

_DOT = r"\s*(?:\?\.|\.)\s*"
_TEXTS = re.compile(r"'(?:[^'\\\n]|\\.)*'|\"(?:[^\"\\\n]|\\.)*\"|//[^\n]*|/\*.*?\*/", re.DOTALL)
_FIRST = re.compile(r"\s*([A-Za-z_$][\w$]*)")
_HEADER = rf"\breq{_DOT}headers\s*(?:\.\s*([\w$]+)|\[\s*(['\"`])([\w-]+)\2\s*\])"
_CHANGED = (
    re.compile(rf"{_HEADER}\s*(?:[+]|\|\||&&|\?\?)?=(?![=>])"),
    re.compile(rf"\bdelete\s+(?:egContext\s*\.\s*)?{_HEADER}"),
)
_BODY = re.compile(rf"\breq{_DOT}body\b|\breq\s*\[\s*['\"`]body|\bbody\b[^:]*\}}\s*=\s*req\b")
_PARAMETERS = re.compile(_BODY.pattern.replace("body", "params"))
_OBJECTS = (
    (rf"\breq{_DOT}", NOT_OF_REQUEST),
    (rf"\b(?:client|socket|connection){_DOT}", NOT_OF_SOCKET),
    (rf"\bgetPeerCertificate\s*\([^()]*\){_DOT}", NOT_OF_CERTIFICATE),
)
_STRICT = (
    (rf"(?<![\w$.])(?:egContext{_DOT})?(?:consumer|req{_DOT}user){_DOT}", OF_CONSUMER),
    (rf"(?<![\w$.])(?:egContext{_DOT})?apiEndpoint{_DOT}", OF_ENDPOINT),
)
_ALONE = rf"(?<![\w$.'\"])({'|'.join((*NOT_GLOBALS, *_LACKING))})\b(?!\s*[:=][^=])"
_RULES = (
    *(
        re.compile(rf"{before}(?!(?:{'|'.join((*names, *OF_ALL))})\b)([A-Za-z_$][\w$]*)")
        for before, names in _STRICT
    ),
    *(re.compile(f"{before}({'|'.join(names)})\\b") for before, names in _OBJECTS),
    re.compile(_ALONE),
)
_SETS = re.compile(
    rf"\breq{_DOT}(url|path|method|originalUrl|protocol|hostname|ip|query|params|user)\s*=(?!=)"
)


def unknown_names(source: str) -> Iterator[str]:
    """Yield the names in a script that Express Gateway's scripts have and ours don't, each once.

    Only what is written plainly is found; the rest throws when it runs.
    """
    plain = _TEXTS.sub("''", source)
    yield from dict.fromkeys(found[1] for rule in _RULES for found in rule.finditer(plain))


def set_names(source: str) -> Iterator[str]:
    """Yield the parts of the request that a script sets and can't, each once."""
    plain = _TEXTS.sub("''", source)
    yield from dict.fromkeys(f"req.{found[1]}" for found in _SETS.finditer(plain))


def first_word(source: str) -> str:
    """The name a script begins with; empty where it begins with something else."""
    found = _FIRST.match(source)
    return found[1] if found else ""


def changed_headers(source: str) -> tuple[str, ...]:
    """The headers that a script sets or deletes, as they stand in it, in order."""
    found = (one[1] or one[3] for rule in _CHANGED for one in rule.finditer(source))
    return tuple(dict.fromkeys(found))


def reads_body(source: str) -> bool:
    """Whether a script looks at the request's body: then it is waited for."""
    return _BODY.search(source) is not None


def reads_parameters(source: str) -> bool:
    """Whether a script looks at what the path of its API endpoint found."""
    return _PARAMETERS.search(source) is not None
