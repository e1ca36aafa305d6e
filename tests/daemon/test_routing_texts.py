"""The operator's words come out of the real HAProxy as they went in, byte for byte."""

import re
from collections.abc import Callable
from pathlib import Path
from random import Random
from urllib.parse import quote

import pytest

from ostiary.config.model.api_endpoint import ApiEndpoint
from ostiary.config.model.condition import Always, Condition, PathExact, PathMatch
from ostiary.config.model.document import Document
from ostiary.config.model.listeners import HttpListener
from ostiary.config.model.pipeline import Pipeline, PolicyUse, ProxyAction, Step, TerminateAction
from ostiary.config.model.service_endpoint import ServiceEndpoint
from ostiary.supervisor.binary import EngineBinary
from tests.daemon.compiled import carried, recorder
from tests.support.express import Request

pytestmark = pytest.mark.daemon

_PIECES = (
    *("'", '"', "\\", "\\\\", "%", "%%", "%[", "%[src]", "%[unique-id]", "${HOME}", "$HOME", "$"),
    *("#", "~", "{", "}", "{ ", " }", " ", "  ", ",", "(", ")", "[", "]", ":", ";", "|", "&", "!"),
    *(
        "-i",
        "--",
        "-f",
        "if",
        "unless",
        "or",
        "||",
        "\\n",
        "\\x41",
        "\\'",
        '\\"',
        "é",
        "日本",
        "🔑",
    ),
    *("<b>", "a", "Z", "0", "=", "?", "*", "+", "^", ".", "/", "@", "`"),
)
_TEXTS = (
    *_PIECES,
    *("-", "}", "{", "''", '"\'"', "' if { always_true }", "'; #", "\\"),
    "x" * 20_000,
)


def _text(dice: Random) -> str:
    return "".join(dice.choice(_PIECES) for _ in range(dice.randrange(1, 9)))


def _terminate(message: str, status: int = 200, when: Condition | None = None) -> Step:
    action = TerminateAction(status_code=status, message=message)
    return Step(condition=when or Always(), action=action)


def _pipeline(endpoint: str, *steps: Step) -> Pipeline:
    policy = steps[0].action.policy
    return Pipeline(api_endpoints=(endpoint,), policies=(PolicyUse(name=policy, steps=steps),))


def _document(texts: list[str], port: int) -> Document:
    """``/N`` answers the N-th text, which is also a part of names."""
    names = [f"e{at} {_printable(text)[:99]}".strip() for at, text in enumerate(texts)]
    return Document(
        http=HttpListener(port=port, hostname="127.0.0.1"),
        api_endpoints={name: (ApiEndpoint(paths=(f"/{at}",)),) for at, name in enumerate(names)},
        pipelines={
            f"p{name} {text}": _pipeline(name, _terminate(text))
            for name, text in zip(names, texts, strict=True)
        },
    )


def _printable(text: str) -> str:
    return "".join(char for char in text if char.isprintable())


def test_messages_and_names_are_only_text(
    engine_binary: EngineBinary, run_folder: Path, free_port: Callable[[], int]
) -> None:
    dice = Random(4)
    texts = [*_TEXTS, *(_text(dice) for _ in range(150))]
    port = free_port()
    with carried(engine_binary, _document(texts, port), run_folder, port) as gateway:
        answers = [gateway.get(f"/{at}") for at in range(len(texts))]
    assert [answer.body for answer in answers] == [text.encode() for text in texts]


@pytest.mark.parametrize("status", [204, 205, 304])
def test_an_answer_that_may_have_no_body_has_none(
    engine_binary: EngineBinary, run_folder: Path, free_port: Callable[[], int], status: int
) -> None:
    port = free_port()
    document = f"""
http: {{port: {port}, hostname: 127.0.0.1}}
apiEndpoints: {{a: {{paths: /}}}}
pipelines: {{p: {{apiEndpoints: [a], policies: [terminate: {{action: {{statusCode: {status}}}}}]}}}}
"""
    with carried(engine_binary, document, run_folder, port) as gateway:
        first, second = gateway.get("/"), gateway.get("/")
    assert (first.status, first.body, second.status) == (status, b"", status)


_PATTERNS = (
    *(
        "}",
        "{",
        "^/'$",
        "-b",
        "--",
        "-i",
        "^/\\$HOME$",
        "[$]\\{HOME\\}",
        "%[2-5]",
        "^/%5C$",
        "#",
        "or",
    ),
    *(
        "a b|c",
        "",
        "\\|\\|",
        '^/"$',
        "~",
        "^/[&]$",
        "%\\[src",
        "@",
        "^/(?:a|})$",
        "^/\\x41$",
        "(?i)^/Q",
    ),
)


_URLS = (
    *("/", "/}", "/{", "/'", "/-b", "/--", "/-i", "/$HOME", "/${HOME}", "/%25", "/or", "/~", '/"'),
    *("/&", "/%5Bsrc", "/@", "/a", "/A", "/q", "/c", "/||", "/a%20b"),
)


def test_patterns_are_only_patterns(
    engine_binary: EngineBinary, run_folder: Path, free_port: Callable[[], int]
) -> None:
    port = free_port()
    exact = [_terminate(url, when=PathExact(path=url)) for url in _URLS]
    pipelines = {
        f"c{at}": _pipeline(
            f"c{at}", _terminate("yes", when=PathMatch(pattern=pattern)), _terminate("no")
        )
        for at, pattern in enumerate(_PATTERNS)
    } | {"exact": _pipeline("exact", *exact)}
    document = Document(
        http=HttpListener(port=port, hostname="127.0.0.1"),
        api_endpoints={name: (ApiEndpoint(host=f"{name}.test"),) for name in pipelines},
        pipelines=pipelines,
    )
    with carried(engine_binary, document, run_folder, port) as gateway:
        for at, pattern in enumerate(_PATTERNS):
            answers = gateway.ask(Request("GET", f"c{at}.test", url) for url in _URLS)
            matched = [u for u, one in zip(_URLS, answers, strict=True) if one.text == "yes"]
            assert matched == [url for url in _URLS if re.search(pattern, url)], pattern
        told = [gateway.get(url, "exact.test").text for url in _URLS]
    assert told == list(_URLS)


def test_header_values_and_paths_of_services_are_only_text(
    engine_binary: EngineBinary, run_folder: Path, free_port: Callable[[], int]
) -> None:
    dice = Random(5)
    plain = "".join(char for piece in _PIECES for char in piece if char.isascii() and char >= " ")
    values = ["".join(dice.choice(plain) for _ in range(12)).strip() for _ in range(40)]
    headers = {f"X-T{at}": value for at, value in enumerate(values)}
    path = "/it's/%25/$HOME/%7B/a,b;(c)!/'"
    port = free_port()

    def proxy(*, ignore_path: bool) -> Step:
        action = ProxyAction(service_endpoint="s", headers=headers, ignore_path=ignore_path)
        return Step(action=action)

    with recorder() as upstream:
        document = Document(
            http=HttpListener(port=port, hostname="127.0.0.1"),
            api_endpoints={"all": (ApiEndpoint(paths=("/all/*",)),), "only": (ApiEndpoint(),)},
            service_endpoints={"s": ServiceEndpoint(url=f"http://127.0.0.1:{upstream}{path}")},
            pipelines={
                "all": _pipeline("all", proxy(ignore_path=False)),
                "only": _pipeline("only", proxy(ignore_path=True)),
            },
        )
        with carried(engine_binary, document, run_folder, port) as gateway:
            told = gateway.get(f"/all/{quote('é x')}?q=$HOME").told
            only = gateway.get("/other?q=1").told
    assert told["url"] == path + "/all/%C3%A9%20x?q=$HOME"
    assert only["url"] == path
    assert {name: told[name.lower()] for name in headers} == headers
