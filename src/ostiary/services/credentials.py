"""The credential of a described request: where a step finds it, and what it is worth there.

Judged by the functions that the agent judges by; nothing is counted, remembered or told to the
engine.
"""

import base64
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Never, TypeAlias, assert_never

from ostiary.compiler.profiles import AsksSecret
from ostiary.config.model.auth_policies import BasicAuthAction, KeyAuthAction
from ostiary.consumers.judging import Bad, Good, Judgement, Verdict, judge_known
from ostiary.consumers.model import Known
from ostiary.consumers.reason import CredentialReason
from ostiary.kernel.errors import OstiaryError
from ostiary.services.percent import decoded
from ostiary.services.requests import Request

AskDirectory: TypeAlias = Callable[[Judgement, bytes], Verdict]
"""Judges a credential as it was sent; who can't be judged gets NO_ANSWER."""


class NobodyToAsk(OstiaryError):
    """A credential is shown, and no consumers are at hand."""


def nobody_to_ask(_judgement: object, _sent: object) -> Never:
    """Raises NobodyToAsk."""
    raise NobodyToAsk("the request shows a credential, and only the gateway has its consumers")


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """What a visitor shows wherever a step looks for it, beside what stands in the request."""

    key: str = field(default="", repr=False)
    """An API key, ``keyId:keySecret``; empty for none."""
    password: str = field(default="", repr=False)
    """``name:password``; empty for none."""
    token: str = field(default="", repr=False)
    """A token as it is sent, without its scheme; empty for none."""
    as_if: tuple[Known, ...] | None = None
    """The credentials of a consumer, each as if it were shown with its right secret."""


NO_PROOF = Proof()


@dataclass(frozen=True, slots=True)
class Judged:
    """What became of the credential that a step asked for."""

    verdict: Verdict
    shown: str
    """What was shown, in a few words, nothing secret; empty: nothing."""


def judged(
    action: AsksSecret,
    judgement: Judgement,
    request: Request,
    proof: Proof,
    ask: AskDirectory,
) -> Judged:
    """What stands in the request counts first, then what is shown beside it."""
    sent = credential_in(action, request)
    if sent:
        return Judged(ask(judgement, sent), "the credential in the request")
    beside = _beside(action, proof)
    if beside:
        return Judged(ask(judgement, beside), "the credential that was given")
    return as_if_shown(judgement, proof.as_if or ())


def as_if_shown(judgement: Judgement, credentials: Iterable[Known]) -> Judged:
    """The first that would be good, of those of the type that is asked for."""
    of_type = (one for one in credentials if one.credential.type is judgement.type)
    found = [judge_known(judgement, one) for one in of_type]
    best = next((one for one in found if isinstance(one, Good)), None)
    verdict = best or next(iter(found), Bad(CredentialReason.MISSING))
    return Judged(verdict, "as if it were shown" if found else "")


def credential_in(action: AsksSecret, request: Request) -> bytes:
    """The credential as the engine finds it (``compiler.credentials``); empty for none."""
    match action:
        case KeyAuthAction():
            in_header = b"" if action.disable_headers else _in_header(action, request)
            return in_header or _in_query(action, request)
        case BasicAuthAction():
            return after_scheme(request.header_values("authorization"), "Basic")
        case _:
            assert_never(action)


def _beside(action: AsksSecret, proof: Proof) -> bytes:
    match action:
        case KeyAuthAction():
            return proof.key.encode()
        case BasicAuthAction():
            return base64.b64encode(proof.password.encode())
        case _:
            assert_never(action)


def _in_header(action: KeyAuthAction, request: Request) -> bytes:
    return after_scheme(request.header_values(action.api_key_header.lower()), action.scheme)


def after_scheme(values: tuple[str, ...], scheme: str) -> bytes:
    """What stands in a header, after its scheme if it has one; empty for none.

    A header that comes twice can be read in two ways: it counts as none.
    """
    if len(values) != 1:
        return b""
    value = values[0].strip(" ")
    if not scheme:
        return value.encode()
    if not value.lower().startswith(f"{scheme.lower()} "):
        return b""
    return value[len(scheme) + 1 :].lstrip(" ").encode()


def _in_query(action: KeyAuthAction, request: Request) -> bytes:
    if action.disable_query_param:
        return b""
    return decoded(request.parameter(action.api_key_field))
