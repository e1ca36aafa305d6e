"""Every example of the reference acts as it says, on one gateway: a request for yes, one for no."""

import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from ipaddress import ip_address
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from uuid import NAMESPACE_URL, uuid5

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from ostiary.config.model.condition import CONDITION_MODELS
from ostiary.config.model.pipeline import ACTIONS
from ostiary.consumers.certificates import CertificateCredential, CertificateRule
from ostiary.supervisor.binary import EngineBinary
from tests.daemon.clients import Connection, Reply, context
from tests.daemon.consumers_rig import BASIC, KEY, Rig, basic, serving
from tests.daemon.examples import CONDITIONS, Ask, Tried, document, here, name_of, tried
from tests.daemon.forwarding import HEADER, forwarding, in_header, peer
from tests.daemon.gateway import Certificates
from tests.daemon.upstream import Upstream
from tests.support.pki import Kit, Made
from tests.support.tokens import jwk, key_set, token
from tests.support.web import Site

pytestmark = pytest.mark.daemon


def device(kit: Kit, root: Made) -> Made:
    """A certificate with names of every kind."""
    subject = [(NameOID.ORGANIZATION_NAME, "Example"), (NameOID.COMMON_NAME, "device-7")]
    alternatives = [
        x509.DNSName("device-7.devices.example"),
        x509.UniformResourceIdentifier("spiffe://example/device-7"),
        x509.RFC822Name("device-7@a.test"),
        x509.IPAddress(ip_address("10.0.0.7")),
    ]
    return kit.client(
        root,
        "device",
        subject=x509.Name([x509.NameAttribute(oid, text) for oid, text in subject]),
        serial=0x0A1F,
        extensions=[(x509.SubjectAlternativeName(alternatives), False)],
    )


def van(kit: Kit, root: Made) -> Made:
    subject = [(NameOID.ORGANIZATION_NAME, "Contoso"), (NameOID.COMMON_NAME, "van-7")]
    name = x509.Name([x509.NameAttribute(oid, text) for oid, text in subject])
    return kit.client(root, "van", subject=name)


ISSUER = ec.generate_private_key(ec.SECP256R1())


@dataclass(frozen=True)
class Trying:
    rig: Rig
    https: int
    clients: dict[str, Made | None]
    issuer: Site

    @contextmanager
    def connect(self, client: str = "") -> Iterator[Connection]:
        with Connection(self.https, context(self.clients[client]), sni="any.test") as connection:
            yield connection

    def judge(self, one: Tried, ask: Ask) -> bool:
        """What the condition is of a request."""
        headers = [("Authorization", f"apiKey {ask.key}:s")] if ask.key else []
        headers += [("X-Kind", ask.kind)] if ask.kind else []
        headers += [("Content-Type", "application/json")] if ask.body else []
        with self.connect(ask.client) as connection:
            reply = connection.ask(
                ask.path,
                ask.host or one.host,
                method=ask.method,
                headers=headers,
                body=ask.body,
            )
        assert reply.status in {202, 203}, (one, ask, reply)
        return reply.status == 202

    def ask(
        self, policy: str, path: str = "/", method: str = "GET", client: str = "", **headers: str
    ) -> Reply:
        """One request through the policy; underscores in names of headers stand for dashes."""
        named = [(name.replace("_", "-"), value) for name, value in headers.items()]
        with self.connect(client) as connection:
            return connection.ask(path, f"p-{policy}.test", method=method, headers=named)

    def seen(
        self, policy: str, path: str = "/", client: str = "", **headers: str
    ) -> dict[str, Any]:
        """What the service saw: headers in lower case, and ``path``."""
        reply = self.ask(policy, path, client=client, **headers)
        assert reply.status == 200, reply
        found = {name.lower(): value for name, value in reply.json["headers"]}
        return {**found, "path": reply.json["path"]}


@pytest.fixture(scope="module")
def trying(any_engine: EngineBinary) -> Iterator[Trying]:
    folder = Path(tempfile.mkdtemp(prefix="ost-"))
    try:
        made = Certificates(folder)
        clients = {
            "": None,
            "good": made.good,
            "stranger": made.stranger,
            "device": device(made.kit, made.a),
            "van": van(made.kit, made.a),
        }
        with Upstream() as upstream, Site() as site:
            site.put("/.well-known/jwks.json", key_set(jwk(ISSUER, "first")))
            config = document(made, upstream.port, site.url("").rstrip("/"))
            with serving(any_engine, config) as rig:
                for number, name in enumerate(("ada", "carl"), 1):
                    rig.directory.add(KEY, name, "s", number)
                    known = rig.directory.known[KEY, name]
                    named = replace(known, consumer=replace(known.consumer, name=name))
                    rig.directory.known[KEY, name] = named
                rig.directory.add(KEY, "orders", "s", 3, "orders")
                rig.directory.add(BASIC, "ada", "a long sentence", 1)
                https = config["https"]["port"]
                rig.directory.tied["van-7"] = CertificateCredential(
                    known=rig.directory.known[KEY, "ada"],
                    rules=(CertificateRule(distinguished_name="CN=van-7,**"),),
                )
                rig.gateway.doorkeepers.consumers.consult(rig.directory)
                yield Trying(rig, https, clients, site)
    finally:
        shutil.rmtree(folder)


def test_each_policy_and_condition_of_the_reference_is_tried() -> None:
    assert {name_of(one) for one in CONDITION_MODELS} == CONDITIONS.keys()
    assert here(ACTIONS).keys() == POLICIES.keys()


@pytest.mark.parametrize("one", tried(), ids=lambda one: str(one.text))
def test_a_condition_is_true_of_these_requests_and_of_no_others(trying: Trying, one: Tried) -> None:
    assert [ask for ask in one.yes if not trying.judge(one, ask)] == []
    assert [ask for ask in one.no if trying.judge(one, ask)] == []


def _basic_auth(trying: Trying) -> None:
    name, value = basic("ada", "a long sentence")
    assert trying.seen("basic-auth", **{name: value})["eg-consumer-id"].endswith("1")
    nobody = trying.ask("basic-auth", Authorization="Basic eDp5")
    assert (nobody.status, nobody.headers["eg-consumer-id"]) == (200, "anonymous")


def _client_cert(trying: Trying) -> None:
    assert trying.seen("client-cert", client="van")["eg-consumer-id"].endswith("1")
    assert trying.ask("client-cert", client="device").status == 403, "another organization"
    assert trying.ask("client-cert").status == 401


def _cors(trying: Trying) -> None:
    told = "access-control-allow-origin"
    for origin in ("https://app.example.com", "https://shop.example.com"):
        assert trying.ask("cors", Origin=origin).headers[told] == origin
    assert told not in trying.ask("cors", Origin="https://evil.test").headers
    preflight = trying.ask("cors", method="OPTIONS", Origin="https://app.example.com")
    assert (preflight.status, preflight.headers["access-control-max-age"]) == (204, "600")


def _expression(trying: Trying) -> None:
    seen = trying.seen("expression", "/?kind=ABC", X_Kind="client", X_Debug="1")
    assert (seen["x-kind"], "x-debug" in seen) == ("abc", False)
    assert trying.seen("expression")["x-kind"] == "none"


def _headers(trying: Trying) -> None:
    seen = trying.seen("headers")
    assert (seen["x-gateway-client"], seen["x-gateway-name"]) == ("127.0.0.1", "Ostiary")


def _ip_filter(trying: Trying) -> None:
    refused = trying.ask("ip-filter")
    assert (refused.status, refused.body) == (403, b"Forbidden")


def _jwt(trying: Trying) -> None:
    def bearer(audience: str, key: object = ISSUER) -> str:
        claims = {"sub": "ada", "aud": audience, "iss": "https://issuer.example/"}
        return f"Bearer {token(claims, key, 'ES256', kid='first')}"

    who = uuid5(uuid5(NAMESPACE_URL, "https://issuer.example/"), "ada")
    assert trying.seen("jwt", Authorization=bearer("orders"))["eg-consumer-id"] == str(who)
    assert trying.ask("jwt", Authorization=bearer("reports")).status == 401
    other = ec.generate_private_key(ec.SECP256R1())
    assert trying.ask("jwt", Authorization=bearer("orders", other)).status == 401


def _introspect(trying: Trying) -> None:
    trying.issuer.put("/introspect", b'{"active": true, "sub": "ada"}')
    seen = trying.seen("oauth2-introspect", Authorization="Bearer opaque")
    assert seen["eg-consumer-id"] == str(uuid5(uuid5(NAMESPACE_URL, ""), "ada"))
    assert trying.issuer.bodies[-1].startswith(b"token=opaque")
    assert trying.issuer.headers[-1]["authorization"] == "Basic Z2F0ZXdheTpzZWNyZXQ="
    trying.issuer.put("/introspect", b'{"active": false}')
    assert trying.ask("oauth2-introspect", Authorization="Bearer other").status == 401


def _key_auth(trying: Trying) -> None:
    assert trying.seen("key-auth", X_Api_Key="ada:s")["eg-consumer-id"].endswith("1")
    refused = trying.ask("key-auth", "/?apiKey=ada:s", Authorization="apiKey ada:s")
    assert refused.status == 401


def _log(trying: Trying) -> None:
    assert trying.ask("log", "/said?x=1").status == 200
    until = time.monotonic() + 30
    while not (said := [one["messages"] for one in trying.rig.log() if one.get("path") == "/said"]):
        assert time.monotonic() < until
        time.sleep(0.05)
    assert said == [["GET /said?x=1 from 127.0.0.1"]]


def _proxy(trying: Trying) -> None:
    assert trying.seen("proxy", "/strip/q/w?y=1")["path"] == "/q/w?y=1"
    assert trying.ask("proxy", "/other").status == 404


def _rate_limit(trying: Trying) -> None:
    read = trying.ask("rate-limit")
    assert (read.status, read.headers["x-ratelimit-limit"]) == (200, "1000")
    until, statuses = time.monotonic() + 30, [0]
    with trying.connect() as connection:
        while statuses[-1] != 429:
            assert time.monotonic() < until
            statuses.append(connection.ask("/", "p-rate-limit.test", method="POST").status)
    assert statuses[1:11] == [200] * 10


def _redirect(trying: Trying) -> None:
    moved = trying.ask("redirect", "/docs/a?b=c")
    assert (moved.status, moved.headers["location"]) == (301, "https://docs.example.com/docs/a?b=c")
    assert trying.ask("redirect", "/doc").status == 200


def _request_transformer(trying: Trying) -> None:
    told = {"X_Tenant": "t 1", "Cookie": "a=b"}
    seen = trying.seen("request-transformer", "/?debug=1&a=b", **told)
    assert "cookie" not in seen
    assert (seen["x-client"], seen["authorization"]) == ("127.0.0.1 by https", "Basic eDp5")
    asked = urlsplit(seen["path"]).query
    assert asked in {"a=b&tenant=t%201", "a=b&tenant=t+1"}


def _response_transformer(trying: Trying) -> None:
    headers = trying.ask("response-transformer").headers
    assert headers["strict-transport-security"] == "max-age=31536000"
    assert "server" not in headers


def _rewrite(trying: Trying) -> None:
    assert trying.seen("rewrite", "/js/a.js?v=1")["path"] == "/src/js/a.js?v=1"
    moved = trying.ask("rewrite", "/old/5")
    assert (moved.status, moved.headers["location"]) == (302, "/new/5")
    assert trying.seen("rewrite", "/other")["path"] == "/other"


def _terminate(trying: Trying) -> None:
    refused = trying.ask("terminate")
    assert (refused.status, refused.body) == (403, b"Show a certificate.")
    assert refused.headers["content-type"] == "text/plain; charset=utf-8"
    with trying.connect("good") as connection:
        assert connection.ask("/", "p-terminate.test").status == 200


POLICIES: dict[str, Callable[[Trying], None]] = {
    "basic-auth": _basic_auth,
    "client-cert": _client_cert,
    "cors": _cors,
    "expression": _expression,
    "headers": _headers,
    "ip-filter": _ip_filter,
    "jwt": _jwt,
    "key-auth": _key_auth,
    "log": _log,
    "oauth2-introspect": _introspect,
    "proxy": _proxy,
    "rate-limit": _rate_limit,
    "redirect": _redirect,
    "request-transformer": _request_transformer,
    "response-transformer": _response_transformer,
    "rewrite": _rewrite,
    "terminate": _terminate,
}


@pytest.mark.parametrize("name", sorted(POLICIES))
def test_a_policy_does_what_its_example_says(trying: Trying, name: str) -> None:
    POLICIES[name](trying)


def test_names_in_headers_are_judged_request_by_request_on_one_connection(
    any_engine: EngineBinary,
) -> None:
    """A balancer's connection alternates clients; what was told of one is never another's."""

    def by_name(document: dict[str, Any], made: Certificates) -> None:
        mine = {
            "name": "clientCertificate",
            "subject": "CN=*,O=Example",
            "dns": "*.devices.example",
        }
        del document["policies"]
        document["pipelines"]["open"]["policies"] = [
            {"terminate": {"condition": mine, "action": {"statusCode": 202}}},
            {"terminate": {"action": {"statusCode": 203}}},
        ]

    with forwarding(any_engine, by_name) as world, peer(world) as balancer:
        named, good = device(world.kit, world.a), world.good
        asked = [named, good, None, named, world.stranger, good, named]
        headers = [[(HEADER, in_header(one))] if one else [] for one in asked]
        statuses = [balancer.ask("/open/x", headers=one).status for one in headers]
        assert statuses == [202, 203, 203, 202, 403, 203, 202]
