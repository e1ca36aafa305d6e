"""Where the engine looks for API keys, held against Express Gateway's rules told in Python."""

import http.client
import json
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from random import Random
from urllib.parse import quote, unquote_plus

import pytest

from ostiary.compiler import credential_names
from ostiary.config.model.auth_policies import KeyAuthAction
from ostiary.supervisor.binary import EngineBinary
from tests.daemon.compiled import compiled, started
from tests.support.ports import free_port

pytestmark = pytest.mark.daemon

ACTIONS = (
    KeyAuthAction(),
    KeyAuthAction(api_key_header="X-Key", api_key_header_scheme="", api_key_field="k"),
    KeyAuthAction(disable_headers_scheme=True),
    KeyAuthAction(disable_headers=True, api_key_field="Api.Key"),
    KeyAuthAction(disable_query_param=True, api_key_header_scheme="My.Scheme"),
)
REQUESTS = 400


@dataclass(frozen=True)
class Asked:
    headers: tuple[tuple[str, str], ...]
    query: str


def expected(action: KeyAuthAction, asked: Asked) -> bytes:
    """The key that counts: that of the header, else that of the query."""
    return _of_header(action, asked) or _of_query(action, asked)


def _of_header(action: KeyAuthAction, asked: Asked) -> bytes:
    name = action.api_key_header.lower()
    values = [value.strip(" ") for header, value in asked.headers if header.lower() == name]
    if action.disable_headers or len(values) != 1:
        return b""
    (value,) = values
    if not action.scheme:
        return value.encode()
    scheme, blank, rest = value.partition(" ")
    if scheme.lower() != action.scheme.lower() or not blank:
        return b""
    return rest.lstrip(" ").encode()


def _of_query(action: KeyAuthAction, asked: Asked) -> bytes:
    if action.disable_query_param:
        return b""
    pairs = (part.partition("=") for part in asked.query.split("&"))
    found = (value for key, _, value in pairs if key == action.api_key_field)
    return unquote_plus(next(found, "")).encode()


def any_request(dice: Random) -> Asked:
    keys = ("one:s1", "a,b:c", "x", "", "q:%'\"", "  two:s2", "Basic YTpi", "z: y ")
    schemes = (
        "apiKey ",
        "APIKEY ",
        "apikey  ",
        "apiKey",
        "",
        "My.Scheme ",
        "MyXScheme ",
        "Bearer ",
    )
    headers = tuple(
        (
            dice.choice(("Authorization", "authorization", "X-Key", "x-key")),
            dice.choice(schemes) + dice.choice(keys),
        )
        for _ in range(dice.choice((0, 0, 1, 1, 1, 2)))
    )
    fields = ("apiKey", "apikey", "APIKEY", "k", "Api.Key", "api.key", "ApiXKey", "other")
    query = "&".join(
        f"{dice.choice(fields)}={_written(dice, dice.choice(keys))}"
        for _ in range(dice.choice((0, 0, 1, 2, 3)))
    )
    return Asked(headers, query)


def _written(dice: Random, key: str) -> str:
    if dice.randrange(2):
        return quote(key, safe=":,")
    return quote(key, safe="").replace("%20", "+")


@pytest.fixture(scope="module")
def engine(engine_binary: EngineBinary, tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """Answers with what it found, in hex, for the path ``/number`` of an action."""
    port, folder = free_port(), tmp_path_factory.mktemp("extraction")
    endpoints = {f"e{at}": {"paths": f"/{at}"} for at, _ in enumerate(ACTIONS)}
    pipelines = {
        f"e{at}": {
            "apiEndpoints": [f"e{at}"],
            "policies": [
                {"key-auth": {"action": action.model_dump(by_alias=True, exclude={"policy"})}}
            ],
        }
        for at, action in enumerate(ACTIONS)
    }
    document = {
        "http": {"port": port, "hostname": "127.0.0.1"},
        "apiEndpoints": endpoints,
        "pipelines": pipelines,
    }
    told = f"%[var({credential_names.PRESENTED}),hex]"
    with started(engine_binary, _telling(document, folder, told), folder, port):
        yield port


def _telling(document: dict[str, object], folder: Path, told: str) -> Path:
    """The files with a rule behind each extraction that answers with what was found."""
    bundle = compiled(json.dumps(document), folder)
    for name, content in bundle.files.items():
        (folder / name).write_bytes(content)
    lines = (folder / "haproxy.cfg").read_text().splitlines()
    hashing = f"set-var({credential_names.HASH})"
    answer = (
        "    http-request return status 200 content-type text/plain "
        f'lf-string "{told}" if {{ var({credential_names.JUDGEMENT}) -m found }}'
    )
    made = [one for line in lines for one in ((answer, line) if hashing in line else (line,))]
    file = folder / "haproxy.cfg"
    file.write_text("\n".join(made) + "\n")
    return file


def test_the_engine_finds_the_key_that_express_gateway_would(engine: int) -> None:
    dice = Random(20)
    found = 0
    with closing(http.client.HTTPConnection("127.0.0.1", engine, timeout=60)) as client:
        for _ in range(REQUESTS):
            at, asked = dice.randrange(len(ACTIONS)), any_request(dice)
            client.putrequest("GET", f"/{at}?{asked.query}" if asked.query else f"/{at}")
            for name, value in asked.headers:
                client.putheader(name, value)
            client.endheaders()
            reply = client.getresponse()
            body = reply.read()
            assert reply.status == 200, (asked, body)
            said = bytes.fromhex(body.decode())
            assert said == expected(ACTIONS[at], asked), (ACTIONS[at], asked)
            found += bool(said)
    assert REQUESTS // 5 < found < REQUESTS
