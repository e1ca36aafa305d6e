"""What one connection was allowed must not open another: TLS sessions carried elsewhere."""

import ssl
from collections.abc import Iterator
from typing import Any

import pytest

from ostiary.supervisor.binary import EngineBinary
from tests.daemon.clients import Connection, Reply, context
from tests.daemon.gateway import Certificates, Running, World, mixed, world
from tests.support.pki import Made

pytestmark = pytest.mark.daemon

TLS12, TLS13 = ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3


@pytest.fixture(scope="module")
def all_kinds(engine_binary: EngineBinary) -> Iterator[World]:
    with world(engine_binary, mixed) as made:
        yield made


@pytest.fixture(
    params=[(TLS12, True), (TLS12, False), (TLS13, True), (TLS13, False)],
    ids=["tls12-ticket", "tls12-session-id", "tls13-ticket", "tls13-no-ticket-option"],
)
def session_kind(request: pytest.FixtureRequest) -> tuple[ssl.TLSVersion, bool]:
    kind: tuple[ssl.TLSVersion, bool] = request.param
    return kind


def client(made: Made | None, kind: tuple[ssl.TLSVersion, bool]) -> ssl.SSLContext:
    version, tickets = kind
    return context(made, version=version, tickets=tickets)


def begin(
    gateway: Running, tls: ssl.SSLContext, sni: str, host: str = "", path: str = "/open/x"
) -> tuple[Reply, ssl.SSLSession]:
    """A full handshake and one request; the answer and the session to carry elsewhere."""
    with gateway.connect(tls, sni) as first:
        reply = first.ask(path, host or sni)
        assert not first.resumed
        assert first.session is not None
        return reply, first.session


def resume(
    gateway: Running, tls: ssl.SSLContext, sni: str, session: ssl.SSLSession
) -> Connection | None:
    """The connection, or None when the handshake was refused."""
    try:
        return gateway.connect(tls, sni, session=session)
    except (ssl.SSLError, ConnectionError):
        return None


def answers(connection: Connection | None, host: str, path: str = "/api/x") -> int:
    """The status; 0 when there is no answer at all."""
    if connection is None:
        return 0
    with connection:
        try:
            return connection.ask(path, host).status
        except (EOFError, ConnectionError, ssl.SSLError):
            return 0


def test_a_resumed_session_of_an_anonymous_client_stays_anonymous(
    all_kinds: World, session_kind: tuple[ssl.TLSVersion, bool]
) -> None:
    tls = client(None, session_kind)
    _, session = begin(all_kinds.gateway, tls, "a.example")
    connection = resume(all_kinds.gateway, tls, "a.example", session)
    assert connection is not None
    assert connection.resumed
    assert answers(connection, "a.example") == 403


@pytest.mark.parametrize("who", ["stranger", "of_b"])
def test_a_resumed_session_of_an_untrusted_certificate_stays_refused(
    all_kinds: World, session_kind: tuple[ssl.TLSVersion, bool], who: str
) -> None:
    tls = client(getattr(all_kinds, who), session_kind)
    _, session = begin(all_kinds.gateway, tls, "a.example")
    connection = resume(all_kinds.gateway, tls, "a.example", session)
    assert connection is not None
    assert connection.resumed
    assert answers(connection, "a.example") == 403


def test_a_resumed_session_of_an_admitted_client_stays_admitted(
    all_kinds: World, session_kind: tuple[ssl.TLSVersion, bool]
) -> None:
    for sni in ("a.example", "strict.example"):
        tls = client(all_kinds.good, session_kind)
        reply, session = begin(all_kinds.gateway, tls, sni, path="/api/x")
        assert reply.status == 200
        connection = resume(all_kinds.gateway, tls, sni, session)
        assert connection is not None
        assert connection.resumed
        assert answers(connection, sni) == 200


FROM = [
    ("open.example", "none"), ("open.example", "good"), ("a.example", "none"),
    ("a.example", "good"), ("a.example", "stranger"), ("nobody.example", "good"),
    ("strict.example", "good"), ("other.example", "none"), ("b.example", "stranger"),
]  # fmt: skip


@pytest.mark.parametrize(("begun_at", "who"), FROM)
@pytest.mark.parametrize("target", ["b.example", "strict-b.example", "exact.wild.example"])
def test_a_session_begun_at_another_name_gives_nothing_where_b_is_trusted(
    all_kinds: World,
    session_kind: tuple[ssl.TLSVersion, bool],
    begun_at: str,
    who: str,
    target: str,
) -> None:
    tls = client(getattr(all_kinds, who, None), session_kind)
    _, session = begin(all_kinds.gateway, tls, begun_at)
    for path in ("/api/x", "/open/x", "/none"):
        connection = resume(all_kinds.gateway, tls, target, session)
        allowed = {0, 401, 403, 421}
        if target == "b.example" and path != "/api/x":
            allowed |= {200, 404}  # a lenient name: what needs no certificate may be had
        assert answers(connection, target, path) in allowed
    # With TLS 1.2 the server goes by the session's name, not the ClientHello's (SSL_get_servername
    # of OpenSSL): then the connection counts as one to that name, for that name's clients only.
    connection = resume(all_kinds.gateway, tls, target, session)
    welcome = who == "good" and begun_at in ("a.example", "strict.example")
    assert answers(connection, begun_at) in ({0, 403, 421, 200} if welcome else {0, 401, 403, 421})


@pytest.mark.parametrize("target", ["strict.example", "x.wild.example"])
@pytest.mark.parametrize("who", ["none", "stranger", "of_b"])
def test_a_session_begun_at_an_open_name_gives_nothing_where_a_is_required(
    all_kinds: World, session_kind: tuple[ssl.TLSVersion, bool], who: str, target: str
) -> None:
    for begun_at in ("open.example", "a.example", "other.example", "b.example"):
        tls = client(getattr(all_kinds, who, None), session_kind)
        _, session = begin(all_kinds.gateway, tls, begun_at)
        for path in ("/api/x", "/open/x", "/none"):
            connection = resume(all_kinds.gateway, tls, target, session)
            assert answers(connection, target, path) in (0, 401, 403, 421)


@pytest.mark.parametrize(("sni", "host"), [
    ("a.example", "b.example"), ("a.example", "strict-b.example"), ("a.example", "other.example"),
    ("other.example", "a.example"), ("open.example", "strict.example"),
    ("open.example", "STRICT.example."), ("a.example", "B.EXAMPLE:443"),
    ("x.wild.example", "exact.wild.example"), ("strict.example", "x.wild.example"),
])  # fmt: skip
def test_a_host_of_another_entry_is_misdirected_over_both_protocols(
    all_kinds: World, sni: str, host: str
) -> None:
    gateway = all_kinds.gateway
    with gateway.connect(context(all_kinds.good), sni) as connection:
        before = len(all_kinds.upstream.seen)
        assert connection.ask("/api/x", host).status == 421
    coalescing = gateway.http2(all_kinds.good, sni)
    with coalescing.connection:
        assert coalescing.ask("/api/x", host).status == 421
    assert len(all_kinds.upstream.seen) == before


@pytest.fixture(scope="module")
def one_bind(engine_binary: EngineBinary) -> Iterator[World]:
    """No name is strict, so that all share one bind without an SNI reader before it."""

    def entries(made: Certificates) -> dict[str, Any]:
        return {
            "default": made.entry(requestCert=False),
            "a.example": made.entry(made.a),
            "b.example": made.entry(made.b),
        }

    with world(engine_binary, entries) as made:
        yield made


@pytest.mark.parametrize("who", ["none", "good", "of_b", "stranger"])
def test_sessions_carried_between_lenient_names_of_one_bind_give_nothing(
    one_bind: World, session_kind: tuple[ssl.TLSVersion, bool], who: str
) -> None:
    trusted = {("good", "a.example"), ("of_b", "b.example")}
    for begun_at in ("open.example", "a.example", "b.example"):
        tls = client(getattr(one_bind, who, None), session_kind)
        _, session = begin(one_bind.gateway, tls, begun_at)
        for target in ("open.example", "a.example", "b.example"):
            connection = resume(one_bind.gateway, tls, target, session)
            # A certificate proved at one name may count at another that trusts it: never otherwise.
            allowed = {0, 403, 421} | ({200} if (who, target) in trusted else set())
            assert answers(connection, target) in allowed
    assert one_bind.gateway.status(one_bind.good, "a.example") == 200


def test_after_a_misdirected_request_the_connection_does_not_change_its_name(
    all_kinds: World,
) -> None:
    coalescing = all_kinds.gateway.http2(all_kinds.good, "a.example")
    with coalescing.connection:
        streams = [coalescing.request("/api/x", "a.example") for _ in range(3)]
        assert [coalescing.read(one).status for one in streams] == [200] * 3
        assert coalescing.ask("/api/x", "b.example").status == 421


def test_names_of_one_entry_may_share_a_connection(all_kinds: World) -> None:
    shared = all_kinds.gateway.http2(all_kinds.good, "one.wild.example")
    with shared.connection:
        assert shared.ask("/api/x", "one.wild.example").status == 200
        assert shared.ask("/api/x", "two.wild.example").status == 200


@pytest.mark.parametrize("sni", ["a.example", "strict.example"])
def test_a_resumed_session_is_judged_with_the_intermediates_that_others_showed(
    all_kinds: World, session_kind: tuple[ssl.TLSVersion, bool], sni: str
) -> None:
    below = all_kinds.kit.intermediate(all_kinds.a, f"mid-{sni}")
    deep = all_kinds.kit.client(below, f"deep-{sni}")
    tls = client(deep, session_kind)
    reply, session = begin(all_kinds.gateway, tls, sni, path="/api/x")
    assert reply.status == 200
    connection = resume(all_kinds.gateway, tls, sni, session)
    assert connection is not None
    assert connection.resumed
    assert answers(connection, sni) == 200


def test_the_session_of_an_untrusted_client_can_be_resumed_with_a_good_certificate_in_hand_in_vain(
    all_kinds: World,
) -> None:
    # The certificate of a resumed session is the one that was proved, whatever is loaded now.
    tls = client(all_kinds.stranger, (TLS13, True))
    _, session = begin(all_kinds.gateway, tls, "a.example")
    tls.load_cert_chain(all_kinds.good.chain_file, all_kinds.good.key_file)
    connection = resume(all_kinds.gateway, tls, "a.example", session)
    assert connection is not None
    assert connection.resumed
    assert answers(connection, "a.example") == 403
