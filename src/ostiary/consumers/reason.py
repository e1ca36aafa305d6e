"""What came of a credential: stable words and numbers, with the prose beside them."""

from enum import Enum


class CredentialReason(Enum):
    """One refusal of a credential. The value and ``code`` are public and never change.

    1 stands for "admitted" wherever a ``code`` stands for a refusal.
    """

    code: int
    sentence: str
    """One sentence without a full stop."""

    # The defaults are never used: they let a type checker accept CredentialReason("…").
    def __new__(cls, value: str, code: int = 0, sentence: str = "") -> "CredentialReason":
        """Keep the stable code as the value and the rest beside it."""
        member = object.__new__(cls)
        member._value_ = value
        member.code, member.sentence = code, sentence
        return member

    MISSING = ("credential-missing", 2, "the request has no credential of this kind")
    WRONG = ("credential-wrong", 3, "there is no such credential, or its secret is another")
    INACTIVE = ("credential-inactive", 4, "the credential, its app or its user is deactivated")
    SCOPE_MISSING = ("scope-missing", 5, "the credential lacks a scope that the API asks for")
    NO_ANSWER = ("credential-unanswered", 6, "the agent that decides did not answer in time")
    TOO_MANY = (
        "too-many-attempts",
        7,
        "too many wrong credentials came from the client's address lately",
    )
    MALFORMED = ("credential-malformed", 8, "the credential can't be read")
    # Of certificates (the policy client-cert).
    NOT_ADMITTED = ("certificate-not-admitted", 40, "the certificate shown isn't trusted here")
    NAME_REFUSED = ("certificate-name-refused", 41, "the step's names don't let it pass")
    NOBODYS = ("certificate-nobodys", 42, "the certificate is no consumer's")
    AMBIGUOUS = ("certificate-ambiguous", 43, "the certificate is several consumers'")
    OUT_OF_DATE = ("credential-out-of-date", 44, "it isn't between the credential's dates")
    CONSUMER_REFUSED = ("consumer-refused", 45, "the step asks for other consumers")
    # Of tokens.
    TOKEN_SIGNATURE = ("token-signature", 20, "none of the keys has signed the token")
    TOKEN_EXPIRED = ("token-expired", 21, "the token has expired")
    TOKEN_EARLY = ("token-not-yet-valid", 22, "the token is not valid yet")
    TOKEN_CLAIMS = ("token-claims", 23, "the token has another issuer or audience, or no subject")
    TOKEN_BINDING = (
        "token-binding",
        24,
        "the token is not bound to the certificate that the client shows",
    )
    TOKEN_INACTIVE = ("token-inactive", 25, "the authorization server calls the token inactive")
    ISSUER_UNREACHABLE = (
        "issuer-unreachable",
        26,
        "the authorization server can't be asked about the token, or for its keys",
    )
    TOKEN_TOO_LONG = ("token-too-long", 27, "the token is longer than 16384 bytes")

    @property
    def unjudged(self) -> bool:
        """Whether nothing is known about the credential: "we can't tell" is not "nobody"."""
        reasons = (self.NO_ANSWER, self.TOO_MANY, self.ISSUER_UNREACHABLE)
        return self in reasons
