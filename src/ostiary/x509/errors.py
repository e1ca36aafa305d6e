"""What was handed over is not what was asked for: one code, one sentence, one way out."""

from enum import Enum

from ostiary.kernel.errors import OstiaryError


class Unreadable(Enum):
    """Why bytes could not be read as what was asked for; the values are stable codes."""

    EMPTY = "empty"
    NO_PEM = "no-pem"
    TOO_LARGE = "too-large"
    MALFORMED = "malformed"
    HOSTILE_NAME = "hostile-name"
    CERTIFICATE = "is-a-certificate"
    TRUSTED_CERTIFICATE = "is-an-openssl-trusted-certificate"
    REQUEST = "is-a-certificate-request"
    PRIVATE_KEY = "is-a-private-key"
    PUBLIC_KEY = "is-a-public-key"
    CRL = "is-a-revocation-list"
    PKCS7 = "is-pkcs7"
    PKCS12 = "is-pkcs12"
    ENCRYPTED = "encrypted"
    OTHER_PEM = "other-pem"
    HOLDS_KEY = "holds-a-private-key"
    PASSWORD_NEEDED = "password-needed"  # noqa: S105 - a code
    WRONG_PASSWORD = "wrong-password"  # noqa: S105 - a code
    TOO_MANY = "too-many"
    WEB_PAGE = "is-a-web-page"
    ARCHIVE = "is-an-archive"
    JAVA_KEYSTORE = "is-a-java-keystore"


class UnreadableError(OstiaryError):
    """The base of those below: ``reason`` is the code, the rest is prose."""

    def __init__(self, reason: Unreadable, sentence: str, way_out: str = "") -> None:
        self.reason = reason
        self.sentence = sentence
        self.way_out = way_out
        super().__init__(f"{sentence} ({way_out})" if way_out else sentence)


class NotACertificate(UnreadableError):
    """These bytes are no certificate we will read."""


class NotAKey(UnreadableError):
    """These bytes are no private key we can use."""


class NotACrl(UnreadableError):
    """These bytes are no certificate revocation list."""


class NotAnOcspAnswer(UnreadableError):
    """These bytes are no answer of an OCSP responder."""


class NotAskable(OstiaryError):
    """There is no OCSP question about this certificate."""
