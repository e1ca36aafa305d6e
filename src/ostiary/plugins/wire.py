"""Requests, identities and answers as JSON, on their way to the process of a plug-in and back."""

from dataclasses import asdict
from datetime import datetime
from typing import Any

from ostiary.plugins.answers import (
    BadAnswer,
    Checked,
    Holds,
    checked_changes,
    checked_refusal,
)
from ostiary.plugins.call import Kind, PluginCall
from ostiary.plugins.interface import Certificate, Identity, Request


def told_request(request: Request) -> dict[str, Any]:
    """As JSON."""
    return asdict(request)


def told_identity(identity: Identity) -> dict[str, Any]:
    """As JSON."""
    told = asdict(identity)
    if identity.certificate is not None:
        for name in ("not_before", "not_after"):
            moment = getattr(identity.certificate, name)
            told["certificate"][name] = moment and moment.isoformat()
    return told


def request_of(told: dict[str, Any]) -> Request:
    """The same again. Raises TypeError, ValueError."""
    return Request(**{**told, "headers": _several(told["headers"])})


def identity_of(told: dict[str, Any]) -> Identity:
    """The same again. Raises TypeError, ValueError, KeyError."""
    shown = told["certificate"]
    if shown is None:
        return Identity(consumer=told["consumer"])
    certificate = Certificate(
        **{
            **shown,
            "names": _several(shown["names"]),
            "alternative_names": tuple(shown["alternative_names"]),
            "not_before": _moment(shown["not_before"]),
            "not_after": _moment(shown["not_after"]),
        }
    )
    return Identity(certificate=certificate, consumer=told["consumer"])


def _several(told: dict[str, list[str]]) -> dict[str, tuple[str, ...]]:
    return {name: tuple(values) for name, values in told.items()}


def _moment(told: str | None) -> datetime | None:
    return datetime.fromisoformat(told) if told else None


def told_answer(answer: Checked) -> dict[str, Any]:
    """As JSON."""
    return {"kind": type(answer).__name__, **asdict(answer)}


def answer_of(told: object, call: PluginCall) -> Checked:
    """The same again. Raises BadAnswer where it is none for this call: third parties' code runs
    where it comes from, so nothing is believed unlooked at."""
    match told, call.kind:
        case {"kind": "Holds", "value": bool(value)}, Kind.CONDITION:
            return Holds(value)
        case {"kind": "Goes", "headers": dict(headers)}, Kind.POLICY:
            return checked_changes(headers, call.headers)
        case {"kind": "Refused", "status": status, "reason": reason}, Kind.POLICY:
            return checked_refusal(status, reason)
        case _:
            raise BadAnswer(f"its process gave no answer for a {call.kind}")
