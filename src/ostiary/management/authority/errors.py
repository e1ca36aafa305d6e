"""Why the authority refuses."""

from enum import Enum

from ostiary.kernel.errors import OstiaryError, WrongUse


class Why(Enum):
    """Reasons for which a certificate is not issued; the values are stable."""

    BAD_NAME = "bad-name"
    BAD_REQUEST = "bad-request"
    NOT_ALLOWED = "not-allowed"
    TOO_LONG = "too-long"
    NAME_TAKEN = "name-taken"
    KEY_COMPROMISED = "key-compromised"
    DENIED = "denied"
    OTHER_NAMES = "other-names"
    NOT_GOOD = "not-good"
    TOO_MANY = "too-many"


class NotIssued(WrongUse):
    """A certificate is not issued; ``why`` tells it to a program."""

    def __init__(self, why: Why, sentence: str, way_out: str = "", *, more: str = "") -> None:
        """``more`` is for operators alone, and follows the sentence."""
        self.why = why
        end = f" ({way_out})" if way_out else ""
        self.for_strangers = sentence + end
        super().__init__(sentence + more + end)


class NoAuthority(WrongUse):
    """There is no authority in this folder."""


class AuthorityThere(WrongUse):
    """There is an authority in this folder already."""


class AuthorityInUse(WrongUse):
    """Another command works with this authority."""


class BadProfile(WrongUse):
    """The profile can't be used."""


class NoSuchCertificate(WrongUse):
    """The ledger has no certificate of this name, number or content."""


class BadToken(WrongUse):
    """A token that is unknown, has ended, or is used up; never says which."""

    def __init__(self, sentence: str = "the token is unknown, has ended, or is used up") -> None:
        super().__init__(sentence)


class NoEnrolment(WrongUse):
    """No devices enrol here just now: ``pki.est`` isn't in force."""


class NoSuchRequest(WrongUse):
    """Nobody asked for a certificate under this number."""


class Exhausted(OstiaryError):
    """No serial number could be found that is free; the dice are loaded."""
