"""Tokens on the real engine: who passes, until when, and with which certificate."""

import json
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs
from uuid import UUID

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from ostiary.consumers.model import CredentialType
from ostiary.supervisor.binary import EngineBinary
from ostiary.wiring.ground import prepare_file
from tests.daemon.clients import Connection, Reply, context
from tests.daemon.consumers_rig import Rig, serving
from tests.daemon.life import until
from tests.daemon.upstream import Upstream
from tests.support.pki import Kit, Made
from tests.support.ports import free_port
from tests.support.tokens import SECRET, bearer, bound_to, jwk, key_set, token
from tests.support.web import Site

pytestmark = pytest.mark.daemon

JWT = CredentialType.JWT


def document(port: int, folder: Path, site: Site, kit: Kit) -> dict[str, Any]:
    policies: dict[str, dict[str, Any]] = {
        "stored": {"jwt": {"secretOrPublicKey": SECRET.decode(), "leeway": "2s"}},
        "scoped": {"jwt": {"secretOrPublicKey": SECRET.decode()}},
        "file": {"jwt": {"secretOrPublicKeyFile": "secret", "checkCredentialExistence": False}},
        "keys": {
            "jwt": {
                "jwksUrl": site.url("/keys"),
                "audience": "orders",
                "issuer": "https://issuer.example/",
                "checkCredentialExistence": False,
            }
        },
        "query": {
            "jwt": {
                "secretOrPublicKey": SECRET.decode(),
                "jwtExtractor": "query",
                "jwtExtractorField": "token",
                "checkCredentialExistence": False,
                "passThrough": True,
            }
        },
        "bound": {
            "jwt": {
                "secretOrPublicKey": SECRET.decode(),
                "checkCredentialExistence": False,
                "requireBoundCertificate": True,
            }
        },
        "opaque": {
            "oauth2-introspect": {
                "endpoint": site.url("/introspect"),
                "authorization_value": "Basic Z2F0ZTpzZWNyZXQ=",
                "ttl": 2,
            }
        },
    }
    proxy = {"proxy": {"action": {"serviceEndpoint": "service"}}}
    server = kit.server(None, "server", dns=["default.example"])
    return {
        "admin": {"enabled": False},
        "https": {
            "port": free_port(),
            "hostname": "127.0.0.1",
            "tls": {"default": {"cert": str(server.chain_file), "key": str(server.key_file)}},
        },
        "clientCertificateAuth": {
            "type": "certificate",
            "trustedCertificates": [str(kit.folder / "root.crt")],
        },
        "apiEndpoints": {
            name: {"paths": f"/{name}/*", **({"scopes": ["read"]} if name in SCOPED else {})}
            for name in policies
        },
        "serviceEndpoints": {"service": {"url": f"http://127.0.0.1:{port}"}},
        "pipelines": {
            name: {
                "apiEndpoints": [name],
                "policies": [{one: {"action": action} for one, action in policy.items()}, proxy],
            }
            for name, policy in policies.items()
        },
    }


SCOPED = ("scoped", "opaque")
KEY, OTHER_KEY = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())


class Server:
    """An authorization server: what it says of which token."""

    def __init__(self, site: Site) -> None:
        self.said: dict[str, dict[str, Any]] = {}
        self.site = site
        site.answers["/introspect"] = self.answer

    def answer(self, handler: BaseHTTPRequestHandler) -> None:
        asked = parse_qs(self.site.bodies[-1].decode())["token"][0]
        body = json.dumps(self.said.get(asked, {"active": False})).encode()
        handler.send_response(200)
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body)


class Scene:
    """A gateway, its issuer, and clients with certificates."""

    def __init__(self, rig: Rig, site: Site, kit: Kit, root: Made, port: int) -> None:
        self.rig, self.site, self.kit, self.port = rig, site, kit, port
        self.server = Server(site)
        self.one, self.two = kit.client(root, "one"), kit.client(root, "two")

    def tls(self, made: Made | None = None, **more: Any) -> Connection:
        return Connection(self.port, context(made), sni="default.example", **more)


@pytest.fixture(scope="module")
def scene(any_engine: EngineBinary, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    folder = tmp_path_factory.mktemp("tokens")
    kit = Kit(folder)
    root = kit.root("root")
    with Upstream() as upstream, Site() as site:
        site.put("/keys", key_set(jwk(KEY, "first")))
        wanted = document(upstream.port, folder, site, kit)
        (folder / "secret").write_bytes(SECRET)
        files = {"secret": SECRET}
        with serving(any_engine, wanted, files) as rig:
            rig.directory.add(JWT, "ada", "", 7, "read")
            rig.directory.add(JWT, "bob", "", 8)
            yield Scene(rig, site, kit, root, wanted["https"]["port"])


@pytest.fixture
def client(scene: Scene) -> Iterator[Connection]:
    with scene.rig.connect() as client:
        yield client


def told(reply: Reply) -> dict[str, str]:
    """What the service saw of the request's headers."""
    assert reply.status == 200, (reply, reply.body)
    return {name.lower(): value for name, value in reply.json["headers"]}


def now(seconds: float = 0) -> int:
    return int(time.time() + seconds)


def test_a_subject_that_is_a_stored_credential_passes(client: Connection) -> None:
    good = token({"sub": "ada", "exp": now(60)})
    for _ in range(3):
        passed = client.ask("/stored/x", headers=[bearer(good), ("eg-consumer-id", "forged")])
        assert told(passed)["eg-consumer-id"] == str(UUID(int=7))


def error_of(reply: Reply) -> str:
    """The ``error`` of a challenge (RFC 6750 section 3); empty: none is told."""
    challenge = reply.headers["www-authenticate"]
    assert challenge.startswith('Bearer realm="API"'), challenge
    return challenge.partition('error="')[2].partition('"')[0]


def remembered(scene: Scene, ask: Any) -> None:
    """Wait until the engine answers without anybody being asked."""
    counts = scene.rig.gateway.credentials.counts

    def by_itself() -> bool:
        before = sum(counts.values())
        ask()
        return sum(counts.values()) == before

    until(by_itself)


@pytest.mark.parametrize(
    ("path", "claims", "status", "error"),
    [
        ("/stored/x", {"sub": "nobody"}, 401, "invalid_token"),
        ("/stored/x", {}, 401, "invalid_token"),
        ("/stored/x", {"sub": "ada", "exp": -10}, 401, "invalid_token"),
        ("/stored/x", {"sub": "ada", "nbf": 60}, 401, "invalid_token"),
        ("/stored/x", {"sub": "ada", "nbf": 1}, 200, ""),
        ("/stored/x", {"sub": "ada", "cnf": {"jkt": "a"}}, 401, "invalid_token"),
        ("/scoped/x", {"sub": "ada"}, 200, ""),
        ("/scoped/x", {"sub": "bob", "scope": "read"}, 403, "insufficient_scope"),
        ("/query/x", {"sub": "ada"}, 200, ""),
    ],
)
def test_who_passes(
    client: Connection, path: str, claims: dict[str, Any], status: int, error: str
) -> None:
    times = {name: now(claims[name]) for name in ("exp", "nbf") if name in claims}
    sent = token({**claims, **times})
    for _ in range(3):  # by the agent first, from its memory or the engine's later
        reply = client.ask(path, headers=[bearer(sent)])
        assert reply.status == status, reply.body
        if status != 200:
            assert error_of(reply) == error


def test_who_sends_no_token_is_told_how_to(client: Connection) -> None:
    reply = client.ask("/stored/x")
    assert reply.status == 401
    assert reply.headers["www-authenticate"] == 'Bearer realm="API"'
    assert reply.headers["content-type"] == "application/problem+json"
    wrong = client.ask("/stored/x", headers=[bearer("a.b.c")])
    assert 'error_description="the credential can' in wrong.headers["www-authenticate"]


def test_a_known_token_costs_no_question(scene: Scene, client: Connection) -> None:
    sent = bearer(token({"sub": "ada", "jti": "known"}))
    remembered(scene, lambda: client.ask("/stored/x", headers=[sent]))
    counts, asked = dict(scene.rig.gateway.credentials.counts), scene.rig.directory.asked
    for _ in range(20):
        assert client.ask("/stored/x", headers=[sent]).status == 200
    assert scene.rig.gateway.credentials.counts == counts
    assert scene.rig.directory.asked == asked


def test_a_deactivated_credential_is_refused_at_once_on_open_connections(
    scene: Scene, client: Connection
) -> None:
    scene.rig.directory.add(JWT, "eve", "", 9)
    sent = bearer(token({"sub": "eve"}))
    remembered(scene, lambda: client.ask("/stored/x", headers=[sent]))
    scene.rig.directory.switch(JWT, "eve", active=False)
    scene.rig.changed((JWT, "eve"))
    assert client.ask("/stored/x", headers=[sent]).status == 401
    scene.rig.directory.switch(JWT, "eve", active=True)
    scene.rig.changed(consumers=(9,))
    assert client.ask("/stored/x", headers=[sent]).status == 200


def test_what_a_connection_has_kept_is_not_taken_for_what_was_judged_after_a_change(
    scene: Scene, client: Connection
) -> None:
    # The row ends with the token, so at the same second before the change and after it.
    scene.rig.directory.add(JWT, "kim", "", 10)
    sent = bearer(token({"sub": "kim", "exp": now(600)}))
    remembered(scene, lambda: client.ask("/stored/x", headers=[sent]))
    assert client.ask("/stored/x", headers=[sent]).status == 200
    scene.rig.directory.switch(JWT, "kim", active=False)
    scene.rig.changed((JWT, "kim"))
    with scene.rig.connect() as other:
        remembered(scene, lambda: other.ask("/stored/x", headers=[sent]))
        assert other.ask("/stored/x", headers=[sent]).status == 401
    assert client.ask("/stored/x", headers=[sent]).status == 401


def test_a_remembered_token_is_refused_when_it_ends(scene: Scene, client: Connection) -> None:
    ends = now(8)
    sent = bearer(token({"sub": "x", "exp": ends}))
    remembered(scene, lambda: client.ask("/file/x", headers=[sent]))
    assert client.ask("/file/x", headers=[sent]).status == 200
    time.sleep(max(0.0, ends - 0.5 - time.time()))
    until(lambda: client.ask("/file/x", headers=[sent]).status == 401)
    assert time.time() >= ends
    early = bearer(token({"sub": "x", "nbf": now(3)}))
    assert client.ask("/file/x", headers=[early]).status == 401
    until(lambda: client.ask("/file/x", headers=[early]).status == 200)


def test_the_service_is_told_whom_the_issuer_vouches_for(client: Connection) -> None:
    named = UUID("8c0c1f3e-7a11-4c58-9d3c-0f6f54a8a0d1")
    for claims, wanted in (
        ({"sub": str(named)}, named),
        ({"sub": "carl", "iss": "https://a.example"}, None),
    ):
        said = [
            told(client.ask("/file/x", headers=[bearer(token({**claims, "jti": jti}))]))
            for jti in ("1", "2")
        ]
        ids = {one["eg-consumer-id"] for one in said}
        assert len(ids) == 1
        assert wanted is None or ids == {str(wanted)}


def test_where_a_token_is_looked_for(client: Connection) -> None:
    sent = token({"sub": "x"})
    assert "eg-consumer-id" in told(client.ask(f"/query/x?token={sent}"))
    anonymous = client.ask("/query/x?token=nonsense")
    assert anonymous.status == 200
    assert anonymous.headers["eg-consumer-id"] == "anonymous"
    assert client.ask("/file/x", headers=[bearer(sent), bearer(sent)]).status == 401


def test_a_token_that_is_too_long_is_refused_and_the_reason_told(
    scene: Scene, client: Connection
) -> None:
    long = token({"sub": "ada", "pad": "x" * 13_000})
    assert len(long) > 16_384
    reply = client.ask("/stored/long", headers=[bearer(long)])
    assert reply.status == 401
    assert "longer than 16384 bytes" in reply.headers["www-authenticate"]
    fits = token({"sub": "ada", "pad": "x" * 12_000})
    assert client.ask("/stored/long", headers=[bearer(fits)]).status == 200
    lines = [line for line in scene.rig.log() if line.get("path") == "/stored/long"]
    assert lines[0]["credential"] == "token-too-long"


def test_a_bound_token_passes_with_its_certificate_only(scene: Scene) -> None:
    sent = bearer(token({"sub": "x", **bound_to(scene.one)}))
    free = bearer(token({"sub": "x", "jti": "free"}))
    with (
        scene.tls(scene.one) as one,
        scene.tls(scene.two) as two,
        scene.tls() as none,
        scene.rig.connect() as plain,
    ):
        for _ in range(4):  # what one connection had remembered must let no other in
            for path in ("/file/x", "/bound/x"):
                assert one.ask(path, headers=[sent]).status == 200
                for other in (two, none, plain):
                    refused = other.ask(path, headers=[sent])
                    assert refused.status == 401
                    assert error_of(refused) == "invalid_token"
            assert two.ask("/file/x", headers=[free]).status == 200
            assert one.ask("/bound/x", headers=[free]).status == 401
        # The same connection sends both: what was kept of one token says nothing of the other.
        assert two.ask("/file/x", headers=[sent]).status == 401


def test_a_bound_token_passes_on_a_resumed_session(scene: Scene) -> None:
    sent = bearer(token({"sub": "x", "jti": "resumed", **bound_to(scene.one)}))
    tls = context(scene.one)
    with Connection(scene.port, tls, sni="default.example") as first:
        assert first.ask("/bound/x", headers=[sent]).status == 200
        session = first.session
    with Connection(scene.port, tls, sni="default.example", session=session) as again:
        assert again.ask("/bound/x", headers=[sent]).status == 200
        assert again.resumed
        foreign = bearer(token({"sub": "x", **bound_to(scene.two)}))
        assert again.ask("/bound/x", headers=[foreign]).status == 401


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keys are looked for again without a pause."""
    monkeypatch.setattr("ostiary.wiring.key_sets.BETWEEN_SECONDS", 0.0)


def signed(key: Any, kid: str | None, **claims: object) -> tuple[str, str]:
    named = {"kid": kid} if kid else {}
    own = {"iss": "https://issuer.example/", "aud": ["orders", "x"], "sub": "x"}
    return bearer(token({**own, **claims}, key, "ES256", **named))


def test_keys_that_an_issuer_publishes_come_and_go(
    scene: Scene, client: Connection, quick: None
) -> None:
    old, new = signed(KEY, "first"), signed(OTHER_KEY, "second")

    def status(sent: tuple[str, str]) -> int:
        return client.ask("/keys/x", headers=[sent]).status

    remembered(scene, lambda: client.ask("/keys/x", headers=[old]))
    assert status(old) == status(signed(KEY, None)) == 200
    assert status(signed(KEY, "first", aud="others")) == 401
    assert status(signed(KEY, "first", iss="https://else.example/")) == 401
    assert status(new) == 401
    scene.site.put("/keys", key_set(jwk(KEY, "first"), jwk(OTHER_KEY, "second")))
    assert status(signed(OTHER_KEY, "second", jti="1")) == 200
    assert status(signed(OTHER_KEY, None, jti="2")) == 200
    scene.site.put("/keys", key_set(jwk(OTHER_KEY, "second")))
    assert status(old) == 200, "nobody has looked yet"
    assert status(signed(KEY, "third")) == 401, "this makes it look"
    assert status(old) == 401, "by a key that is gone, and was let in on this connection"
    assert status(signed(OTHER_KEY, "second", jti="3")) == 200


def test_keys_that_cannot_be_had_refuse_only_whom_nobody_knows(
    scene: Scene, client: Connection, quick: None
) -> None:
    scene.site.put("/keys", key_set(jwk(KEY, "first")))
    until(lambda: client.ask("/keys/x", headers=[signed(KEY, "first", jti="9")]).status == 200)
    scene.site.answers.pop("/keys")
    try:
        known, unknown = signed(KEY, "first", jti="10"), signed(KEY, "else", jti="11")
        assert client.ask("/keys/x", headers=[known]).status == 200
        assert client.ask("/keys/x", headers=[unknown]).status == 503
    finally:
        scene.site.put("/keys", key_set(jwk(KEY, "first")))


def test_a_changed_secret_acts_on_open_connections_without_a_reload(
    scene: Scene, client: Connection
) -> None:
    sent, other = bearer(token({"sub": "x", "jti": "old"})), b"another-secret-of-more-than-32-bytes"
    remembered(scene, lambda: client.ask("/file/x", headers=[sent]))
    gateway, folder = scene.rig.gateway, scene.rig.folder

    def apply(secret: bytes) -> bool:
        (folder / "secret").write_bytes(secret)
        return scene.rig.do(gateway.apply(prepare_file(folder / "gateway.config.yml"))).reloaded

    assert not apply(other)
    try:
        assert client.ask("/file/x", headers=[sent]).status == 401
        assert client.ask("/file/x", headers=[bearer(token({"sub": "x"}, other))]).status == 200
    finally:
        assert not apply(SECRET)
    assert client.ask("/file/x", headers=[sent]).status == 200


def opaque(client: Connection, name: str) -> Reply:
    return client.ask("/opaque/x", headers=[bearer(name)])


def test_an_authorization_server_is_asked_once_about_a_token(
    scene: Scene, client: Connection
) -> None:
    said = scene.server.said
    said["t1"] = {"active": True, "scope": "read write", "sub": "x", "exp": now(60)}
    said["t2"] = {"active": True, "scope": "write"}
    said["t3"] = {"active": "true", "scope": "read"}
    told(opaque(client, "t1"))
    asked = len(scene.site.bodies)
    for _ in range(5):
        told(opaque(client, "t1"))
    assert len(scene.site.bodies) == asked
    assert parse_qs(scene.site.bodies[-1].decode()) == {
        "token": ["t1"],
        "token_type_hint": ["access_token"],
    }
    assert scene.site.headers[-1]["authorization"] == "Basic Z2F0ZTpzZWNyZXQ="
    lacking = opaque(client, "t2")
    assert (lacking.status, error_of(lacking)) == (403, "insufficient_scope")
    unknown = opaque(client, "t0")
    assert (unknown.status, error_of(unknown)) == (401, "invalid_token")
    assert opaque(client, "t3").status == 503, "that is no answer"


def test_what_an_authorization_server_takes_back_is_refused_once_its_word_is_too_old(
    scene: Scene, client: Connection
) -> None:
    scene.server.said["t4"] = {"active": True, "scope": "read"}
    remembered(scene, lambda: opaque(client, "t4"))
    del scene.server.said["t4"]
    until(lambda: opaque(client, "t4").status == 401)


def test_without_an_authorization_server_nobody_new_passes(
    scene: Scene, client: Connection
) -> None:
    answer = scene.site.answers.pop("/introspect")
    try:
        assert opaque(client, "t5").status == 503
    finally:
        scene.site.answers["/introspect"] = answer
    scene.server.said["t5"] = {"active": True, "scope": "read"}
    assert opaque(client, "t5").status == 200


def test_an_introspected_token_is_bound_too(scene: Scene) -> None:
    scene.server.said["t6"] = {"active": True, "scope": "read", **bound_to(scene.one)}
    with scene.tls(scene.one) as one, scene.tls(scene.two) as two:
        for _ in range(3):
            assert opaque(one, "t6").status == 200
            assert opaque(two, "t6").status == 401


def test_neither_log_nor_table_holds_a_token_or_a_secret(scene: Scene, client: Connection) -> None:
    scene.server.said["opaque-secret"] = {"active": True, "scope": "read"}
    sent = token({"sub": "ada", "jti": "logged"})
    assert client.ask("/stored/logged", headers=[bearer(sent)]).status == 200
    assert client.ask(f"/query/logged?token={sent}").status == 200
    assert opaque(client, "opaque-secret").status == 200
    until(lambda: any(line.get("path") == "/query/logged" for line in scene.rig.log()))
    lines = [line for line in scene.rig.log() if line.get("path") == "/stored/logged"]
    assert (lines[0]["credential"], lines[0]["consumer"]) == ("admitted", str(UUID(int=7)))
    socket = scene.rig.gateway.engine.socket
    dump = "".join(scene.rig.do(socket.on_every_worker("show table ost_credentials")).values())
    assert "key=" in dump
    text = (scene.rig.folder / "out.log").read_text() + dump
    for secret in (sent, sent.partition(".")[2], "opaque-secret", SECRET.decode(), "Z2F0ZT"):
        assert secret not in text
