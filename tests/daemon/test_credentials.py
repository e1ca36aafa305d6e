"""API keys and passwords on the real engine: who passes, who doesn't, and until when."""

import time
from collections.abc import Iterator
from typing import Any
from uuid import UUID

import pytest

from ostiary.supervisor.binary import EngineBinary
from tests.daemon.clients import Connection, Reply
from tests.daemon.consumers_rig import BASIC, KEY, Rig, basic, key, serving
from tests.daemon.life import until
from tests.daemon.upstream import Upstream

pytestmark = pytest.mark.daemon

KEY_AUTH, BASIC_AUTH = "key-auth", "basic-auth"


def document(port: int) -> dict[str, Any]:
    def pipeline(endpoint: str, *policies: dict[str, Any]) -> dict[str, Any]:
        proxy = {"proxy": {"action": {"serviceEndpoint": "service"}}}
        return {"apiEndpoints": [endpoint], "policies": [*policies, proxy]}

    def stop(condition: dict[str, Any], status: int) -> dict[str, Any]:
        return {"terminate": {"condition": condition, "action": {"statusCode": status}}}

    return {
        "admin": {"enabled": False},
        "apiEndpoints": {
            "key": {"paths": "/key/*"},
            "scoped": {"paths": "/scoped/*", "scopes": ["read", "write"]},
            "odd": {"paths": "/odd/*"},
            "basic": {"paths": "/basic/*"},
            "basic-scoped": {"paths": "/basic-scoped/*", "scopes": "read"},
            "lenient": {"paths": "/lenient/*"},
            "either": {"paths": "/either/*"},
            "open": {"paths": "/open/*"},
        },
        "serviceEndpoints": {
            "service": {"url": f"http://127.0.0.1:{port}"},
            "special": {"url": f"http://127.0.0.1:{port}/special"},
        },
        "pipelines": {
            "key": pipeline("key", {KEY_AUTH: None}),
            "scoped": pipeline("scoped", {KEY_AUTH: None}),
            "odd": pipeline(
                "odd",
                {
                    KEY_AUTH: {
                        "action": {
                            "apiKeyHeader": "X-Key",
                            "disableHeadersScheme": True,
                            "disableQueryParam": True,
                        }
                    }
                },
            ),
            "basic": pipeline("basic", {BASIC_AUTH: None}),
            "basic-scoped": pipeline("basic-scoped", {BASIC_AUTH: None}),
            "lenient": pipeline(
                "lenient",
                {KEY_AUTH: {"action": {"passThrough": True}}},
                stop({"name": "consumer", "consumers": ["user2"]}, 418),
            ),
            "either": {
                "apiEndpoints": ["either"],
                "policies": [
                    {KEY_AUTH: {"action": {"passThrough": True}}},
                    {BASIC_AUTH: {"condition": {"name": "anonymous"}}},
                    {
                        "proxy": [
                            {
                                "condition": {"name": "scope", "scopes": ["special"]},
                                "action": {"serviceEndpoint": "special"},
                            },
                            {"action": {"serviceEndpoint": "service"}},
                        ]
                    },
                ],
            },
            "open": pipeline("open"),
        },
    }


@pytest.fixture(scope="module")
def rig(engine_binary: EngineBinary) -> Iterator[Rig]:
    with Upstream() as upstream, serving(engine_binary, document(upstream.port)) as rig:
        rig.directory.add(KEY, "one", "s1", 0x0123456789ABCDEF0123456789ABCDEF, "read", "write")
        rig.directory.add(KEY, "two", "s2", 2, "read")
        rig.directory.add(KEY, "off", "s3", 3)
        rig.directory.switch(KEY, "off", active=False)
        rig.directory.add(BASIC, "ada", "pass:word", 4, "special")
        yield rig


@pytest.fixture
def client(rig: Rig) -> Iterator[Connection]:
    with rig.connect() as client:
        yield client


ONE, TWO = key("one:s1"), key("two:s2")


def told(reply: Reply) -> dict[str, str]:
    """What the service saw of the request's headers."""
    assert reply.status == 200, reply
    return {name.lower(): value for name, value in reply.json["headers"]}


@pytest.mark.parametrize(
    ("path", "headers", "status"),
    [
        ("/key/x", [ONE], 200),
        ("/key/x", [key("one:s1", "APIKEY   ")], 200),
        ("/key/x", [], 401),
        ("/key/x", [key("one:s1", "")], 401),
        ("/key/x", [key("one:s1", "Bearer ")], 401),
        ("/key/x", [key("one:wrong")], 401),
        ("/key/x", [key("nobody:s1")], 401),
        ("/key/x", [key("off:s3")], 401),
        ("/key/x", [key("one")], 401),
        ("/key/x", [ONE, ONE], 401),
        ("/key/x", [key("\u00ff\u00fe:\u0100"[:2])], 401),
        ("/key/x?apiKey=one:s1", [], 200),
        ("/key/x?a=b&apiKey=one%3As1", [], 200),
        ("/key/x?apiKey=one:s2", [], 401),
        ("/key/x?apiKey=one:wrong", [ONE], 200),
        ("/key/x?apiKey=one:s1", [basic("ada", "x")], 200),
        ("/odd/x", [("x-key", "one:s1")], 200),
        ("/odd/x", [ONE], 401),
        ("/odd/x?apiKey=one:s1", [], 401),
        ("/scoped/x", [ONE], 200),
        ("/scoped/x", [TWO], 403),
        ("/key/x", [TWO], 200),
        ("/basic/x", [basic("ada", "pass:word")], 200),
        ("/basic/x", [basic("ada", "pass")], 401),
        ("/basic/x", [basic("bob", "pass:word")], 401),
        ("/basic/x", [("Authorization", "basic !!!")], 401),
        ("/basic/x", [ONE], 401),
        ("/basic-scoped/x", [basic("ada", "pass:word")], 401),
        ("/either/x", [ONE], 200),
        ("/either/x", [basic("ada", "pass:word")], 200),
        ("/either/x", [], 401),
        ("/lenient/x", [TWO], 418),
        ("/lenient/x", [ONE], 200),
        ("/lenient/x", [], 200),
        ("/lenient/x", [key("one:wrong")], 200),
        ("/open/x", [], 200),
    ],
)
def test_who_passes(
    client: Connection, path: str, headers: list[tuple[str, str]], status: int
) -> None:
    # The first time is judged, then it is remembered, here or in the engine.
    for _ in range(3):
        assert client.ask(path, headers=headers).status == status


def test_a_refusal_says_how_to_authenticate(client: Connection) -> None:
    by_key, by_password = client.ask("/key/x"), client.ask("/basic/x")
    assert by_key.headers["www-authenticate"] == 'apiKey realm="API"'
    assert by_password.headers["www-authenticate"] == 'Basic realm="API", charset="UTF-8"'
    assert by_key.headers["content-type"] == "application/problem+json"
    assert by_key.json["status"] == 401
    assert "www-authenticate" not in client.ask("/scoped/x", headers=[TWO]).headers


def test_the_service_is_told_the_consumer_and_nobody_else_can_tell_it(client: Connection) -> None:
    forged = ("eg-consumer-id", "somebody")
    one = str(UUID(int=0x0123456789ABCDEF0123456789ABCDEF))
    for _ in range(3):  # by the agent first, by the engine's table later
        assert told(client.ask("/key/x", headers=[ONE, forged]))["eg-consumer-id"] == one
    nobody = client.ask("/lenient/x", headers=[forged])
    assert "eg-consumer-id" not in told(nobody)
    assert nobody.headers["eg-consumer-id"] == "anonymous"
    assert "eg-consumer-id" not in client.ask("/key/x", headers=[ONE]).headers
    assert "eg-consumer-id" not in told(client.ask("/open/x", headers=[forged]))


def test_a_condition_sends_a_scope_elsewhere(client: Connection) -> None:
    for _ in range(2):
        ada = client.ask("/either/x", headers=[basic("ada", "pass:word")])
        assert ada.json["path"] == "/special/either/x"
        assert told(ada)["eg-consumer-id"] == str(UUID(int=4))
        assert client.ask("/either/x", headers=[ONE]).json["path"] == "/either/x"


def remembered(rig: Rig, ask: Any) -> None:
    """Wait until the engine answers without anybody being asked."""

    def by_itself() -> bool:
        before = sum(rig.gateway.credentials.counts.values())
        ask()
        return sum(rig.gateway.credentials.counts.values()) == before

    until(by_itself)


def test_a_known_credential_costs_no_question(rig: Rig, client: Connection) -> None:
    remembered(rig, lambda: client.ask("/key/x", headers=[ONE]))
    asked = rig.directory.asked
    counts = dict(rig.gateway.credentials.counts)
    for _ in range(50):
        assert client.ask("/key/x", headers=[ONE]).status == 200
    assert rig.directory.asked == asked
    assert rig.gateway.credentials.counts == counts


def test_a_deactivated_credential_is_refused_at_once_on_open_connections(
    rig: Rig, client: Connection
) -> None:
    rig.directory.add(KEY, "short", "s", 9)
    rig.directory.add(KEY, "other", "s", 10)
    short, other = key("short:s"), key("other:s")
    remembered(rig, lambda: client.ask("/key/x", headers=[short]))
    remembered(rig, lambda: client.ask("/key/x", headers=[other]))
    rig.directory.switch(KEY, "short", active=False)
    rig.changed((KEY, "short"))
    asked = rig.directory.asked
    assert client.ask("/key/x", headers=[other]).status == 200
    assert rig.directory.asked == asked, "nobody else is asked about again"
    assert client.ask("/key/x", headers=[short]).status == 401
    rig.directory.switch(KEY, "short", active=True)
    rig.changed(consumers=(9,))
    assert client.ask("/key/x", headers=[short]).status == 200


def test_what_changes_is_withdrawn_also_where_it_is_not_known_of_whom(
    rig: Rig, client: Connection
) -> None:
    remembered(rig, lambda: client.ask("/key/x", headers=[TWO]))
    rig.directory.switch(KEY, "two", active=False)
    assert client.ask("/key/x", headers=[TWO]).status == 200, "nobody has said so yet"
    assert rig.do(rig.gateway.reconsider_credentials(None))
    assert client.ask("/key/x", headers=[TWO]).status == 401
    rig.directory.switch(KEY, "two", active=True)
    rig.changed((KEY, "two"))
    assert client.ask("/key/x", headers=[TWO]).status == 200


def test_a_key_that_was_tried_too_early_is_good_once_it_is_there(
    rig: Rig, client: Connection
) -> None:
    early = key("early:s")
    for _ in range(4):
        assert client.ask("/key/x", headers=[early]).status == 401
    rig.directory.add(KEY, "early", "s", 11)
    rig.changed((KEY, "early"))
    assert client.ask("/key/x", headers=[early]).status == 200


def test_without_an_answer_nobody_new_passes_and_who_is_known_goes_on(
    rig: Rig, client: Connection
) -> None:
    rig.directory.add(KEY, "new", "s", 12)
    remembered(rig, lambda: client.ask("/key/x", headers=[ONE]))
    rig.directory.broken = True
    try:
        assert client.ask("/key/x", headers=[key("new:s")]).status == 503
        assert client.ask("/lenient/x", headers=[key("new:s")]).status == 503
        assert client.ask("/key/x", headers=[ONE]).status == 200
        assert client.ask("/lenient/x").status == 200
    finally:
        rig.directory.broken = False
    assert client.ask("/key/x", headers=[key("new:s")]).status == 200


def test_the_log_names_the_consumer_and_no_secret(rig: Rig, client: Connection) -> None:
    client.ask("/key/logged?apiKey=one:s1", headers=[TWO])
    client.ask("/key/logged?apiKey=one:nonsense")

    def lines() -> list[dict[str, Any]]:
        return [line for line in rig.log() if line.get("path") == "/key/logged"]

    until(lambda: len(lines()) >= 2)
    consumers = {line["credential"]: line["consumer"] for line in lines()}
    assert consumers == {"admitted": str(UUID(int=2)), "credential-wrong": ""}
    text = (rig.folder / "out.log").read_text()
    assert not any(secret in text for secret in ("one:s1", "nonsense", "pass:word"))


def test_who_guesses_is_not_asked_about_and_who_is_known_goes_on(rig: Rig) -> None:
    with Connection(rig.port, source="127.0.0.9") as guesser, rig.connect() as other:
        remembered(rig, lambda: guesser.ask("/key/x", headers=[ONE]))

        def turned_away() -> bool:
            name = f"guess{time.monotonic_ns()}"
            return guesser.ask("/key/x", headers=[key(f"{name}:s")]).status == 429

        until(turned_away)
        assert guesser.ask("/key/x", headers=[ONE]).status == 200
        assert guesser.ask("/lenient/x", headers=[key("guess:s")]).status == 429
        assert guesser.ask("/key/x").status == 401
        assert other.ask("/key/x", headers=[key("guess:s")]).status == 401


def test_the_engine_s_table_holds_no_credential(rig: Rig) -> None:
    dump = rig.do(rig.gateway.engine.socket.on_every_worker("show table ost_credentials"))
    text = "".join(dump.values())
    assert "key=" in text
    assert not any(secret in text for secret in ("one:", "s1", "ada"))
