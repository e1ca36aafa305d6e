"""Conditions that HAProxy works out and scripts, side by side: they say the same of any request.

Each condition stands in two pipelines: as it is, and behind a comma, which only a script can read.
"""

import random
from collections.abc import Iterator
from typing import Any

import pytest

from ostiary.config.expression.judging import truth_of
from ostiary.supervisor.binary import EngineBinary
from tests.daemon.clients import Connection
from tests.daemon.consumers_rig import KEY, Rig, key, serving

pytestmark = pytest.mark.daemon

CONDITIONS = (
    "req.method === 'GET'",
    "req.method != 'GET';",
    "['PUT', 'GET', 'M-SEARCH'].includes(req.method)",
    "req.ip === '127.0.0.1' && !req.secure",
    "req.ip.startsWith('127.') && req.protocol === 'http'",
    "req.client.authorized || req.connection.encrypted === true",
    "req.hostname === 'OWN.example'",
    "req.hostname.endsWith('.example') || req.host.includes('EXAM')",
    "req.path === '/x/y'",
    "req.path.endsWith('/y') || req.url.includes('n=1')",
    "req.url === '/x?n'",
    r"/^\/x\/[^\/]+$/.test(req.path)",
    r"/^\/X(\/y|\/z)?$/i.test(req.path)",
    r"/n=\d|[?&]long-/.test(req.url)",
    r"/^.\w*$/.test(req.url)",
    "req.headers['x-a']",
    "!req.headers['x-a']",
    "req.headers['x-a'] === ''",
    "req.headers['x-a'] == 'v'",
    "req.get('X-A') !== 'v'",
    "'v w' === req.header('x-a')",
    "req.headers['x-a'] === undefined || req.headers['x-a'] != null",
    "req.headers['x-a'].startsWith('v')",
    "req.headers['x-a'].endsWith('v ')",
    "req.headers['x-a']?.endsWith('v')",
    "req.headers['x-a'] && req.headers['x-a'].includes('v w')",
    "req.headers['x-a'] && !req.headers['x-a'].includes('w')",
    "['', 'v'].includes(req.headers['x-a'])",
    "req.headers.cookie === 'c=1, d' || req.headers.cookie?.includes('e=2')",
    "req.headers.accept?.includes('json') && req.headers.accept !== 'text/json'",
    "req.headers['user-agent'] === 'u, v'",
    "req.headers['user-agent']?.includes(', v')",
    "/^u|undefined$/.test(req.headers['user-agent'])",
    "/UND/.test(req.headers['user-agent'])",
    "req.headers['user-agent']",
    "req.query.n",
    "req.query.n === undefined",
    "req.query.n == '1'",
    "req.query.n !== ''",
    "req.query.n === 'a b' || req.query.n === 'a&b+c'",
    "['1', 'a,b', '='].includes(req.query.n)",
    "req.method === 'GET' && req.query.n === 'a,b'",
    "req.headers['x-a'] || req.query.n",
    "!(req.headers['x-a'] && (req.query.n || req.path === '/x')) || req.query.m === 'M'",
    "consumer",
    "consumer.id === '00000000-0000-0000-0000-000000000001'",
    "consumer && consumer.id !== '00000000-0000-0000-0000-000000000001'",
    "req.user?.id === '00000000-0000-0000-0000-000000000001'",
    "consumer?.id || req.method === 'PUT'",
    "(req.query.n === '1' || req.headers['x-a'].includes('v')) && !consumer.id.endsWith('1')",
)
SAMPLES = 16
_MIXING = random.Random(11)
CONDITIONS += tuple(
    form.format(*(one.rstrip(";") for one in _MIXING.sample(CONDITIONS, 3)))
    for form in (
        *("({}) && ({}) && !({})", "({}) || !({}) || ({})", "!(({}) && ({})) || ({})"),
        *("({}) && (({}) || !({}))", "(!({}) || ({})) && ({})", "({}) && !({}) || ({})"),
    )
    for _ in range(3)
)
METHODS = ("GET", "GET", "PUT", "get", "M-SEARCH")
HOSTS = ("%s.example", "%s.example:8080", "%s.EXAMPLE")
PATHS = ("/", "/x", "/x/", "/x/y", "/X/Y", "/x/y/z", "/x/%0", "/xn=1")
PAIRS = (
    *("n", "n=", "=n", "n=1", "N=1", "n=a,b", "n=a", "n==", "%6e=1", "%6E=%31", "n=%3d"),
    *("n=a+b", "n=a%20b", "n=a%26b%2Bc", "n=a%26b%2bc", "n=1;n=2", "x;n=1", "m=n", "m=M&", "m=%4d"),
    *("n=%", "n=1%zz", "n=%31%ff", "n%ff=1", "a[n]=1", "n%5B%5D=1", "&", "m&n&m", "?n=1", "n[=%zz"),
    *("n=1" + "&x" * 999, "n" + "&" * 1000, "x&" * 999 + "n=1", "long-" + "y" * 4000),
)
LIKELY = ("n", "n=", "n=1", "%6e=1", "n=a+b", "n=a%20b", "n=a%26b%2Bc", "n=a,b", "n=%3d")
VALUES = (
    *("v", "v w", "", "w v", "w,v", "v,", " w", "w v ", "V"),
    *("u", "u, v", "c=1", "d; e=2", "json"),
)
NAMES = ("X-A", "X-A", "x-a", "User-Agent", "Cookie", "Accept", "X-B")


def _name(at: int, *, script: bool) -> str:
    return f"{'s' if script else 'b'}{at}"


def _steps(source: str) -> list[dict[str, Any]]:
    condition = {"name": "expression", "expression": source}
    return [
        {"key-auth": {"action": {"passThrough": True}}},
        {"terminate": {"condition": condition, "action": {"statusCode": 402}}},
        {"terminate": {"action": {"statusCode": 403}}},
    ]


def document() -> dict[str, Any]:
    wanted: dict[str, list[dict[str, Any]]] = {}
    for at, source in enumerate(CONDITIONS):
        name, asked = _name(at, script=False), _name(at, script=True)
        wanted[name] = _steps(source.replace("OWN", name))
        wanted[asked] = _steps(f"0, {source.rstrip(';')}".replace("OWN", asked))
    return {
        "admin": {"enabled": False},
        "apiEndpoints": {name: {"host": f"{name}.example", "paths": "*"} for name in wanted},
        "serviceEndpoints": {"service": {"url": "http://127.0.0.1:9"}},
        "pipelines": {n: {"apiEndpoints": [n], "policies": p} for n, p in wanted.items()},
    }


@pytest.fixture(scope="module")
def rig(engine_binary: EngineBinary) -> Iterator[Rig]:
    with serving(engine_binary, document()) as rig:
        rig.directory.add(KEY, "a", "s", 1)
        yield rig


def _request(dice: random.Random, source: str) -> tuple[str, str, str, list[tuple[str, str]]]:
    """Method, target, host with a place for its first label, headers: what ``source`` looks at."""
    count = (0, 1, 1, 1, 2, 2, 3) if "query" in source or "url" in source else (0, 0, 0, 1)
    pairs = [dice.choice(dice.choice((PAIRS, LIKELY))) for _ in range(dice.choice(count))]
    target = dice.choice(PATHS) + (f"?{'&'.join(pairs)}" if pairs or dice.random() < 0.2 else "")
    near = [name for name in NAMES if name.lower() in source.lower()] or NAMES
    # Scripts aren't run of requests with two user agents, whether they look at them or not.
    again = "user-agent" in source.lower()
    names = [dice.choice(dice.choice((NAMES, near, near, near))) for _ in range(dice.choice(count))]
    if near is not NAMES:
        names += dice.choices(near, k=dice.choice((0, 1, 1, 2)))
    headers = [(name, dice.choice(dice.choice((VALUES, VALUES[:4])))) for name in names]
    if not again:
        agents = [one for one in headers if one[0] == "User-Agent"]
        headers = [one for one in headers if one[0] != "User-Agent"] + agents[:1]
    headers += [key("a:s")] if dice.random() < 0.4 else []
    return dice.choice(METHODS), target, dice.choice(HOSTS), headers


def _status(client: Connection, name: str, request: tuple[str, str, str, Any]) -> int:
    method, target, host, headers = request
    return client.ask(target, host % name, method=method, headers=headers).status


def test_haproxy_and_scripts_say_the_same_of_any_request(rig: Rig) -> None:
    dice = random.Random(20)
    seen: set[int] = set()
    with rig.connect() as client:
        for at, source in enumerate(CONDITIONS):
            assert truth_of(source), source
            for _ in range(SAMPLES):
                request = _request(dice, source)
                said = _status(client, _name(at, script=True), request)
                assert _status(client, _name(at, script=False), request) == said, (source, request)
                seen.add(said)
    assert seen >= {400, 402, 403, 500}
