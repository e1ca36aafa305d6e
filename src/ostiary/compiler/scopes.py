"""Scopes: which policy judges a request, and how it is enforced.

The gateway's policy judges at each entry; an API with a part of its own has a policy of its own.
The engine learns which by one look-up of the route's number, whatever the number of APIs.
"""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Flag

from ostiary.compiler import names
from ostiary.compiler.bundle import entry_id
from ostiary.compiler.routes import RouteTable
from ostiary.config.effective import AuthType, Effective, EffectivePolicy, HeaderSettings
from ostiary.haproxy.files import render_map

HEADER_ENTRY = entry_id("header", "")
"""In header mode the one entry of all listeners: the certificate is judged the same everywhere."""

_OVERRIDES = "overrides.map"
_MODES = "modes.map"


class Mode(Flag):
    """How a policy is enforced."""

    LENIENT = 0
    REQUIRED = 1
    """Who shows no certificate is refused."""
    REPORT_ONLY = 2
    """Nobody is refused; what would be is told."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scheme:
    """Client certificate authentication as the listeners' rules need it."""

    type: AuthType
    header: HeaderSettings
    gateway: Mode
    apis: Mapping[str, Mode]
    """The APIs with policies of their own; empty for type none."""
    soft: bool = False
    """Some policy lets pass whose revocation can't be determined, and tells it."""

    @property
    def modes(self) -> frozenset[Mode]:
        """Every mode that some request meets."""
        return frozenset({self.gateway, *self.apis.values()})

    @property
    def requires(self) -> bool:
        """Whether every request's policy refuses whoever isn't admitted."""
        return self.modes == {Mode.REQUIRED}

    @property
    def reports(self) -> bool:
        """Whether anybody is let pass who is told as one that would be refused."""
        return self.soft or any(Mode.REPORT_ONLY in mode for mode in self.modes)


def scheme_of(effective: Effective) -> Scheme:
    """What the effective settings come to for the engine."""
    judged = effective.type.value is not AuthType.NONE
    overriding = sorted(effective.overriding) if judged else []
    policies = (effective.gateway, *(effective.apis[name] for name in overriding))
    return Scheme(
        type=effective.type.value,
        header=effective.header,
        gateway=_mode(effective.gateway) if judged else Mode.LENIENT,
        apis={name: _mode(effective.apis[name]) for name in overriding},
        soft=judged and any(one.revocation.value == "soft" for one in policies),
    )


def _mode(policy: EffectivePolicy) -> Mode:
    mode = Mode.REQUIRED if policy.required.value else Mode.LENIENT
    return mode | Mode.REPORT_ONLY if policy.report_only.value else mode


def api_id(name: str) -> str:
    """The short, stable name of an API in keys and questions: 16 hex digits."""
    return hashlib.sha256(f"api/{name}".encode()).hexdigest()[:16]


def scope_of(entry: str, api: str | None = None) -> str:
    """What the agent is asked about: an entry, or an API's own policy there."""
    return entry if api is None else f"{entry}.{api_id(api)}"


def scope_files(scheme: Scheme, table: RouteTable) -> dict[str, bytes]:
    """The maps from a route's number to the API's scope, and to the mode of its policy."""
    files: dict[str, bytes] = {}
    routes = [route for route in table.routes if route.endpoint in scheme.apis]
    if scheme.apis:
        files[_OVERRIDES] = render_map(
            {str(route.rank): f".{api_id(route.endpoint)}" for route in routes}
        )
    if len(scheme.modes) > 1:
        files[_MODES] = render_map(
            {str(route.rank): str(scheme.apis[route.endpoint].value) for route in routes}
        )
    return files


def scope_expression(scheme: Scheme) -> str:
    """The request's scope, as a sample expression.

    In header mode the entry is the same on all connections. Without policies of APIs there is
    nothing to look up.
    """
    if scheme.apis:
        return f"var({names.SCOPE})"
    return _entry(scheme)


def _entry(scheme: Scheme) -> str:
    return f"str({HEADER_ENTRY})" if scheme.type is AuthType.HEADER else f"var({names.ENTRY})"


def scope_rules(scheme: Scheme, path_of: Callable[[str], str]) -> list[str]:
    """Say by whose policy the request is judged; stands after the route's look-up."""
    rules = []
    if scheme.apis:
        look = f"var({names.ROUTE}),map_str({path_of(_OVERRIDES)})"
        rules.append(f"http-request set-var({names.API}) {look}")
        scope = f"{_entry(scheme)},concat(,{names.API})"
        rules.append(f"http-request set-var({names.SCOPE}) {scope}")
    if len(scheme.modes) > 1:
        look = f"var({names.ROUTE}),map_str_int({path_of(_MODES)},{scheme.gateway.value})"
        rules.append(f"http-request set-var({names.MODE}) {look}")
    return rules
