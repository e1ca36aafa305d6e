"""Policies on the real HAProxy: what clients and the service see of each."""

import http.client
import json
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from email.message import Message
from pathlib import Path
from urllib.parse import quote

import pytest

from ostiary.services.explain import Explainer
from ostiary.services.explanation import Shown
from ostiary.services.visits import Scheme, Visit
from ostiary.supervisor.binary import EngineBinary
from tests.daemon.compiled import Gateway, carried, checked, recorder
from tests.support.ports import free_port
from tests.unit.services.support import NOW, prepared

pytestmark = pytest.mark.daemon

DOCUMENT = (Path(__file__).parent / "policies.yml").read_text()


@dataclass(frozen=True)
class Reply:
    status: int
    body: bytes
    headers: Message

    def all(self, name: str) -> list[str]:
        return self.headers.get_all(name, [])


@dataclass(frozen=True)
class Rig:
    gateway: Gateway
    folder: Path

    def ask(self, host: str, url: str = "/", method: str = "GET", **headers: str) -> Reply:
        """One request; underscores in names of headers stand for dashes."""
        with closing(http.client.HTTPConnection("127.0.0.1", self.gateway.port, timeout=60)) as to:
            named = {name.replace("_", "-"): value for name, value in headers.items()}
            to.request(method, url, headers={"Host": f"{host}.test", **named})
            answer = to.getresponse()
            return Reply(answer.status, answer.read(), answer.headers)

    def seen(
        self, host: str, url: str = "/", method: str = "GET", **headers: str
    ) -> dict[str, str]:
        """What the service saw of a request."""
        reply = self.ask(host, url, method, **headers)
        assert reply.status == 200
        told: dict[str, str] = json.loads(reply.body)
        return told


@pytest.fixture(scope="module")
def rig(engine_binary: EngineBinary) -> Iterator[Rig]:
    folder = Path(tempfile.mkdtemp(prefix="ost-"))
    port = free_port()
    with recorder() as service:
        text = DOCUMENT.replace("@PORT@", str(port)).replace("@SERVICE@", str(service))
        with carried(engine_binary, text, folder, port) as gateway:
            yield Rig(gateway, folder)
    shutil.rmtree(folder)


def test_headers_are_set_from_expressions_and_stay_data(rig: Rig) -> None:
    seen = rig.seen("headers", "/a/b?token=t%0d%0aX-Evil:1&x=1", X_A="v", Cookie="a=b")
    assert seen["x-p-ip"] == "127.0.0.1"
    assert seen["x-p-said"] == "it's %[src] $HOME \\ {}"
    assert seen["authorization"] == "Bearer tX-Evil:1"
    assert "x-evil" not in seen
    url = "/a/b?token=t%0D%0AX-Evil:1&x=1"
    assert seen["x-url"] == f"GET {url} /a/b {url}"
    assert seen["x-host"] == "headers.test|headers.test|v|"
    assert seen["x-id"] == seen["eg-request-id"]
    assert not {"x-a", "cookie", "x-gone", "x-post"} & set(seen)
    assert rig.seen("headers", "/", "POST")["x-post"] == "yes"


def test_parameters_of_the_query_are_replaced_however_they_are_written(rig: Rig) -> None:
    asked = "/a?x=1&secret=2&secret&a.b=3&axb=4&b=0&%73ecret=5"
    assert (
        rig.seen("query", asked, X_A="m & n")["url"] == "/a?x=1&axb=4&who=m%20%26%20n&b=2%20%26%203"
    )
    assert rig.seen("query", "/a")["url"] == "/a?who=&b=2%20%26%203"


def test_answers_are_changed_if_the_step_ran_and_the_first_step_has_the_last_word(rig: Rig) -> None:
    passed = rig.ask("answers", "/a?b=c").headers
    assert [passed[f"x-{one}"] for one in ("first", "was", "second", "third", "url")] == [
        *("1", "/a?b=c", None, "3", None)
    ]
    assert passed["server"] is None
    ended = rig.ask("answers", "/ended")
    assert (ended.status, ended.body) == (403, b"no")
    assert (ended.headers["x-first"], ended.headers["x-third"]) == ("1", None)
    assert rig.ask("answers", "/a", "POST").headers["x-third"] is None
    assert rig.ask("nobody").headers["x-seen"] == "1"


def test_a_redirect_says_where_to_go(rig: Rig) -> None:
    moved = rig.ask("answers", "/moved/x?y=%20")
    assert (moved.status, moved.headers["location"]) == (308, "https://new.test/moved/x?y=%20")


def test_paths_are_rewritten_for_all_that_comes_after(rig: Rig) -> None:
    moved = rig.ask("rewrite", "/tina/5/OF/me/?q=1")
    assert (moved.status, moved.headers["location"]) == (302, "/status/me/5?q=1")
    seen = rig.seen("rewrite", "/users/5?q=1")
    assert (seen["url"], seen["x-was"]) == ("/people/5/all?q=1", "/users/5?q=1")
    assert rig.ask("rewrite", "/users/0").status == 410
    assert rig.seen("rewrite", "/js/a.js?v=1")["url"] == "/src/a.js?v=1"


def test_a_rewrite_can_not_climb_out_of_the_path_it_was_given(rig: Rig) -> None:
    assert rig.ask("rewrite", "/js../secret").status == 400
    assert rig.ask("rewrite", "/js?/x").status == 200


def test_the_proxy_is_chosen_after_the_steps_before_it(rig: Rig) -> None:
    assert rig.seen("choose", "/old/x")["url"] == "/t/new/x"
    assert "x-second" not in rig.seen("choose", "/old/x")
    assert rig.seen("choose", "/s")["x-second"] == "yes"
    assert [rig.ask("choose", path).status for path in ("/no", "/")] == [403, 404]
    assert rig.ask("choose", "/", "OPTIONS").status == 204
    for path in ("/old/x", "/no", "/s", "/"):
        assert rig.ask("choose", path).headers["access-control-allow-origin"] == "https://a.test"
    assert rig.ask("cors").headers["access-control-allow-origin"] == "*"


def test_a_preflight_is_answered_and_says_what_is_allowed(rig: Rig) -> None:
    asked = rig.ask("cors", "/", "OPTIONS", Access_Control_Request_Headers="X-Q, X-R")
    assert (asked.status, asked.body) == (204, b"")
    assert _cors(asked) == {
        "access-control-allow-origin": ["*"],
        "access-control-allow-methods": ["GET,HEAD,PUT,PATCH,POST,DELETE"],
        "access-control-allow-headers": ["X-Q, X-R"],
        "access-control-allow-credentials": ["true"],
        "access-control-expose-headers": ["X-One,X-Two"],
        "access-control-max-age": ["60"],
        "vary": ["Access-Control-Request-Headers"],
    }
    for path, status in (("/", 200), ("/no", 401)):
        answer = rig.ask("cors", path)
        assert answer.status == status
        assert sorted(_cors(answer)) == [
            "access-control-allow-credentials",
            "access-control-allow-origin",
            "access-control-expose-headers",
        ]


def _cors(answer: Reply) -> dict[str, list[str]]:
    names = {name.lower() for name in answer.headers if name.lower().startswith("access-control")}
    return {name: answer.all(name) for name in (*names, "vary") if answer.all(name)}


def test_one_of_several_sites_is_told_itself_and_no_other(rig: Rig) -> None:
    asked = rig.ask("sites", "/", "OPTIONS", Origin="https://one.test")
    assert asked.status == 200
    assert asked.all("access-control-allow-headers") == ["X-A,X-B"]
    assert asked.all("access-control-allow-origin") == ["https://one.test"]
    assert asked.all("vary") == ["Origin"]
    for origin, told in (
        ("https://ABC.two.test", ["https://ABC.two.test"]),
        ("https://abc.two.test.evil.test", []),
        ("https://one.test.evil.test", []),
        ("null", []),
    ):
        answer = rig.ask("sites", "/", Origin=origin)
        assert answer.all("access-control-allow-origin") == told
        assert answer.all("vary") == ["Origin"]


def test_requests_above_the_limit_are_refused_for_each_client_alone(rig: Rig) -> None:
    first = rig.ask("limit", "/one", X_Key="a")
    now = time.time()
    assert first.status == 200
    told = [first.headers[f"x-ratelimit-{one}"] for one in ("limit", "remaining")]
    assert told == ["2", "1"]
    assert now + 30 < int(first.headers["x-ratelimit-reset"]) <= now + 61
    assert rig.ask("limit", "/one", X_Key="a").headers["x-ratelimit-remaining"] == "0"
    refused = rig.ask("limit", "/one", X_Key="a")
    assert (refused.status, refused.body) == (429, b"slow down")
    assert refused.headers["x-ratelimit-remaining"] == "0"
    assert 0 < int(refused.headers["retry-after"]) <= 60
    in_json = rig.ask("limit", "/one", X_Key="a", Accept="application/json")
    assert json.loads(in_json.body) == {"message": "slow down"}
    assert rig.ask("limit", "/one", X_Key="b").status == 200
    assert rig.ask("limit", "/two", X_Key="a").headers["x-ratelimit-limit"] is None


def test_long_keys_that_differ_at_their_end_are_two_clients(rig: Rig) -> None:
    start = "k" * 5000
    statuses = [rig.ask("limit", "/one", X_Key=start + end).status for end in "aabba"]
    assert statuses == [200, 200, 200, 200, 429]


def test_a_window_ends_and_another_begins(rig: Rig) -> None:
    """Two steps count by the same thing, each for itself: the second one outlasts the first."""
    until = time.monotonic() + 30
    statuses = []
    while len([one for one in statuses if one == 200]) < 2:
        statuses.append(rig.ask("short").status)
        assert time.monotonic() < until
        time.sleep(0.05)
    assert statuses.count(429) > 0
    assert rig.ask("short", "/").headers["x-ratelimit-limit"] in {"1", "4"}


def test_addresses_are_let_in_or_not(rig: Rig) -> None:
    denied = rig.ask("addresses", "/denied")
    assert (denied.status, denied.body) == (403, b"not you")
    assert rig.ask("addresses", "/allowed").status == 200
    assert rig.ask("addresses", "/others").status == 404


def test_messages_stand_in_the_access_log_as_text(rig: Rig) -> None:
    said = 'a"b\x01\u20ac'
    rig.ask("log", f"/?x={quote(said)}&end=1")
    rig.ask("addresses", "/unsaid")
    until = time.monotonic() + 30
    while not (lines := _logged(rig, "/unsaid")) or not _logged(rig, "log.test"):
        assert time.monotonic() < until
        time.sleep(0.05)
    assert lines[0]["messages"] == []
    line = _logged(rig, "log.test")[0]
    assert line["messages"] == ['said a"b\u20ac "%[src]"', "from 127.0.0.1"]


def _logged(rig: Rig, word: str) -> list[dict[str, list[str]]]:
    lines = (rig.folder / "out.log").read_bytes().split(b"\n")
    return [json.loads(one) for one in lines[:-1] if one.startswith(b"{") and word.encode() in one]


def test_counting_by_several_things_needs_a_newer_engine(engine_binary: EngineBinary) -> None:
    """Two keys in one pipeline are more tracked counters than old HAProxies have."""
    port = free_port()
    document = f"""
http: {{port: {port}, hostname: 127.0.0.1}}
apiEndpoints: {{a: {{}}}}
pipelines:
  p:
    apiEndpoints: [a]
    policies:
      - rate-limit:
          - action: {{max: 3}}
          - action: {{max: 1, rateLimitBy: "${{req.headers.x}}"}}
      - terminate: {{action: {{statusCode: 200}}}}
"""
    folder = Path(tempfile.mkdtemp(prefix="ost-"))
    try:
        if engine_binary.version < (2, 8):
            assert "need HAProxy 2.8" in str(checked(engine_binary, document, folder))
            return
        with carried(engine_binary, document, folder, port) as gateway:
            rig = Rig(gateway, folder)
            assert [rig.ask("a", x=key).status for key in "aabcd"] == [200, 429, 200, 429, 429]
    finally:
        shutil.rmtree(folder)


@pytest.mark.parametrize(
    ("host", "url", "method", "headers"),
    [
        ("headers", "/a/b?token=t%0d%0aX-Evil:1&x=1", "GET", {"X-A": "v", "Cookie": "a=b"}),
        ("headers", "//a/./b/../%7ec?%7e=%3f", "POST", {"X-Forwarded-For": "192.0.2.1"}),
        ("query", "/a?x=1&secret=2&secret&a.b=3&axb=4&b=0&%73ecret=5", "GET", {"X-A": "m & n,/~"}),
        ("query", "/a", "GET", {"Forwarded": "for=192.0.2.1", "X-B": "kept"}),
        ("rewrite", "/users/5?q=1", "GET", {"Connection": "keep-alive, X-B", "X-B": "kept"}),
        ("rewrite", "/js//a.js?v=1", "GET", {}),
        ("choose", "/old/x", "GET", {"X-Client-Cert-Serial": "00"}),
        ("choose", "/s?q", "GET", {}),
    ],
)
def test_what_is_explained_is_what_the_service_gets(
    rig: Rig, host: str, url: str, method: str, headers: dict[str, str]
) -> None:
    path, _, query = url.partition("?")
    named = {"Accept-Encoding": "identity", **headers}
    visit = Visit(
        scheme=Scheme.HTTP,
        name="",
        host=f"{host}.test",
        method=method,
        path=path,
        query=query,
        headers=tuple(named.items()),
        client="127.0.0.1",
    )
    text = DOCUMENT.replace("@PORT@", "80").replace("@SERVICE@", "81")
    told = Explainer(prepared(text), NOW).visit(visit, Shown(b"")).forwarded
    assert told is not None
    seen = rig.seen(host, url, method, **headers)
    assert (seen.pop("method"), seen.pop("url")) == (told.method, told.path)
    expected = {name.lower(): value for name, value in told.headers}
    # Two ports are ours, the body's length is HTTP's own.
    unlike = {"host", "content-length", *(one for one in expected if "<" in expected[one])}
    assert {name: value for name, value in seen.items() if name not in unlike} == {
        name: value for name, value in expected.items() if name not in unlike
    }
