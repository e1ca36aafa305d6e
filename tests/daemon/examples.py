"""What the examples of the reference do: for each condition a request of which it is true, and one
of which it isn't; documents that try every example on one gateway.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import yaml

from ostiary.config.model.base import Model
from ostiary.config.model.condition import CONDITION_MODELS
from ostiary.config.model.pipeline import ACTIONS
from tests.daemon.gateway import Certificates
from tests.support.ports import free_port

KEYS = {"ada": "ada:s", "carl": "carl:s", "orders": "orders:s"}
"""API keys: two users', and one with a scope."""


@dataclass(frozen=True)
class Ask:
    """One request, to the host of the condition unless another is named."""

    path: str = "/"
    method: str = "GET"
    host: str = ""
    key: str = ""
    client: str = ""
    """``device``, ``good``, ``stranger`` show a certificate; nothing: none."""
    kind: str = ""
    """The header ``x-kind``."""
    body: bytes = b""
    """JSON."""


Asks = tuple[Ask, ...]
CONDITIONS: dict[str, tuple[Asks, Asks]] = {
    "always": ((Ask(),), ()),
    "never": ((), (Ask(),)),
    "allOf": ((Ask("/a1"),), (Ask("/a1", "POST"), Ask("/b"))),
    "oneOf": ((Ask("/a"), Ask("/b")), (Ask("/c"),)),
    "not": ((Ask(), Ask(client="stranger")), (Ask(client="good"),)),
    "pathExact": ((Ask("/status"),), (Ask("/status?a=1"), Ask("/Status"), Ask("/status/"))),
    "pathMatch": ((Ask("/v1/a"), Ask("/v2/")), (Ask("/v3/a"), Ask("/a/v1/"))),
    "pathmatch": ((Ask("/users/5"), Ask("/USERS/5/?a=1")), (Ask("/users"), Ask("/users/5/6"))),
    "regexpmatch": ((Ask("/js/a.js"),), (Ask("/JS/a.js"),)),
    "method": ((Ask("/", "POST"), Ask("/", "PUT")), (Ask(), Ask("/", "PATCH"))),
    "hostMatch": (
        (Ask(host="api.example.com"), Ask(host="a.b.example.com")),
        (Ask(host="example.com"), Ask(host="API.EXAMPLE.COM"), Ask(host="api.example.com:80")),
    ),
    "tlsClientAuthenticated": ((Ask(client="good"),), (Ask(), Ask(client="stranger"))),
    "expression": (
        (Ask("/?n=2", kind="a"),),
        (Ask("/?n=1", kind="a"), Ask("/?n=2"), Ask(kind="a")),
    ),
    "json-schema": (
        (Ask("/", "POST", body=b'{"name": "x"}'),),
        (Ask("/", "POST", body=b'{"name": 1}'), Ask("/", "POST", body=b"{}"), Ask()),
    ),
    "authenticated": ((Ask(key="carl"),), (Ask(),)),
    "anonymous": ((Ask(),), (Ask(key="carl"),)),
    "consumer": ((Ask(key="ada"),), (Ask(), Ask(key="carl"))),
    "scope": ((Ask(key="orders"),), (Ask(), Ask(key="ada"))),
    "clientCertificate": ((Ask(client="device"),), (Ask(), Ask(client="good"))),
}
"""By name: requests of which the example is true, and of which it is false."""

LINES: list[tuple[str, Asks, Asks]] = [
    ("{name: allOf, conditions: []}", (Ask(),), ()),
    ("{name: oneOf, conditions: []}", (), (Ask(),)),
    ("{name: anyOf, conditions: [{name: never}, {name: always}]}", (Ask(),), ()),
    ("{name: not, condition: {name: never}}", (Ask(),), ()),
    ("{name: pathExact, path: '/c?q=1'}", (Ask("/c?q=1"),), (Ask("/c"), Ask("/c?q=2"))),
    ("{name: pathMatch, pattern: 'fo+$'}", (Ask("/c/q?fooo"), Ask("/foo")), (Ask("/foo/"),)),
    ("{name: pathMatch, pattern: b}", (Ask("/abc"),), (Ask("/aBc"),)),
    ("{name: method, methods: OPTIONS}", (Ask("/", "OPTIONS"),), (Ask(),)),
    ("{name: hostMatch, pattern: 'h.test:*'}", (Ask(host="h.test:81"),), (Ask(host="h.test"),)),
    ("{name: hostMatch, pattern: '{h,i}.tes?'}", (Ask(host="i.test"),), (Ask(host="i.tes"),)),
    (
        "{name: clientCertificate, issuer: 'CN=root-a', serial: ['0A:1F', ff]}",
        (Ask(client="device"),),
        (Ask(client="good"),),
    ),
    (
        "{name: not, condition: {name: clientCertificate, subject: ['CN=good', 'CN=x']}}",
        (Ask(client="device"), Ask(client="stranger"), Ask()),
        (Ask(client="good"),),
    ),
    (
        "{name: clientCertificate, uri: 'spiffe://example/*', ip: 10.0.0.0/8, email: '*@a.test'}",
        (Ask(client="device"),),
        (Ask(client="good"),),
    ),
]
"""Lines of Express Gateway's semantics (lib/conditions, 1.16.11) that the examples don't show, and
the certificate's other fields."""


def name_of(model: type[Model]) -> str:
    """The policy's or the condition's first name."""
    name: str = (model.model_fields.get("policy") or model.model_fields["name"]).default
    return name


def here(models: Iterable[type[Model]]) -> dict[str, str]:
    """Examples by name."""
    return {name_of(one): one.example for one in models}  # type: ignore[attr-defined]  # each has one


@dataclass(frozen=True)
class Tried:
    """A condition in a pipeline of its own."""

    text: str
    host: str
    yes: Asks
    no: Asks


def tried() -> list[Tried]:
    """The conditions' examples, then the lines."""
    found = [(text, *CONDITIONS[name]) for name, text in here(CONDITION_MODELS).items()]
    return [
        Tried(text, f"c{number}.test", yes, no)
        for number, (text, yes, no) in enumerate([*found, *LINES])
    ]


def document(made: Certificates, service: int, issuer: str) -> dict[str, Any]:
    """Every example, and every line, each in a pipeline of its own; ``issuer``: where the examples'
    is."""
    pipelines = {one.host: _judging(one) for one in tried()}
    pipelines |= {
        f"p-{name}": _acting(name, text.replace("https://issuer.example/", f"{issuer}/", 1))
        for name, text in here(ACTIONS).items()
    }
    return {
        "admin": {"enabled": False},
        "https": {
            "port": free_port(),
            "hostname": "127.0.0.1",
            "tls": {"default": made.entry(made.a)},
            "options": {"requestCert": True, "rejectUnauthorized": False},
        },
        "apiEndpoints": {name: endpoints for name, (endpoints, _) in pipelines.items()},
        "serviceEndpoints": {"backend": {"url": f"http://127.0.0.1:{service}"}},
        "pipelines": {
            name: {"apiEndpoints": [name], "policies": policies}
            for name, (_, policies) in pipelines.items()
        },
    }


def _judging(one: Tried) -> tuple[Any, list[Any]]:
    """Endpoints and policies: 202 where the condition is true, 203 where it isn't."""
    named = (ask.host.partition(":")[0].lower() for ask in (*one.yes, *one.no))
    hosts = dict.fromkeys([one.host, *filter(None, named)])
    return [{"host": host} for host in hosts], [
        {"key-auth": {"action": {"passThrough": True}}},
        {"terminate": {"condition": yaml.safe_load(one.text), "action": {"statusCode": 202}}},
        {"terminate": {"action": {"statusCode": 203}}},
    ]


def _acting(name: str, text: str) -> tuple[Any, list[Any]]:
    policies = yaml.load(text, _Yaml)
    if not any("proxy" in one for one in policies):
        policies.append({"proxy": {"action": {"serviceEndpoint": "backend"}}})
    paths = "/strip/*" if name == "proxy" else "*"
    return {"host": f"p-{name}.test", "paths": paths}, policies


class _Yaml(yaml.SafeLoader):
    """Also reads patterns, as the configuration does."""


_Yaml.add_constructor(
    "tag:yaml.org,2002:js/regexp",
    lambda loader, node: {"regexp": str(loader.construct_scalar(node)).strip("/")},
)
