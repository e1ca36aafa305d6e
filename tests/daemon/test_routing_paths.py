"""What the service sees: path, query and Host, as Express Gateway was measured to send them."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from ostiary.supervisor.binary import EngineBinary
from tests.daemon.compiled import Gateway, carried, recorder

pytestmark = pytest.mark.daemon

_DOCUMENT = """
http: {{port: {port}, hostname: 127.0.0.1}}
apiEndpoints:
  it: {{paths: {paths}}}
serviceEndpoints:
  s: {service}
pipelines:
  p:
    apiEndpoints: [it]
    policies: [proxy: {{action: {{serviceEndpoint: s{options}}}}}]
"""


@contextmanager
def _gateway(
    binary: EngineBinary, folder: Path, port: int, *, paths: str, options: str, base: str = "/base"
) -> Iterator[Gateway]:
    with recorder() as upstream:
        service = f'{{url: "http://127.0.0.1:{upstream}{base}"}}'
        text = _DOCUMENT.format(
            port=port, paths=paths, service=service, options=options and ", " + options
        )
        with carried(binary, text, folder, port) as gateway:
            yield gateway


_STRIP = "stripPath: true"


@pytest.mark.parametrize(
    ("paths", "options", "asked", "seen"),
    [
        # Measured on Express Gateway 1.16.11.
        ("/prox/*", "", "/prox/z?y=1", "/base/prox/z?y=1"),
        ("/strip/*", _STRIP, "/strip/q/w?y=1", "/base/q/w?y=1"),
        ("/exact", _STRIP, "/exact?a=1", "/base/?a=1"),
        ("/sp/:id/z", _STRIP, "/sp/12/z", "/base/12/z"),
        ("'*'", "ignorePath: true", "/any/thing?a=1", "/base"),
        # Read in its source (lib/policies/proxy), with the joining of http-proxy.
        ("/star*", _STRIP, "/starfish/x?a=1", "/base/fish/x?a=1"),
        ("/star*", _STRIP, "/star", "/base/"),
        ("/star*", _STRIP, "/star?a=1", "/base/?a=1"),
        ("/star*", _STRIP, "/star/x", "/base/x"),
        ("'*'", _STRIP, "/a/b", "/base/a/b"),
        ("/*", _STRIP, "/a/b", "/base/a/b"),
        ("/:id", _STRIP, "/a", "/base/a"),
        ("/pre-:id", _STRIP, "/pre-7?a=1", "/base/7?a=1"),
        ("[/one, /two/*]", _STRIP, "/one", "/base/"),
        ("[/one, /two/*]", _STRIP, "/two/x", "/base/x"),
        ("/STRIP/*", _STRIP, "/strip/Q", "/base/Q"),
        ("/strip/*", f"{_STRIP}, prependPath: false", "/strip/q", "/q"),
        ("/prox/*", "prependPath: false", "/prox/z", "/prox/z"),
        # Ours: the path that is matched is the path that is forwarded.
        ("/a/*", "", "/x/../a/./%7Eb//c%2fd".replace("%2fd", "d"), "/base/a/~b/cd"),
    ],
)
def test_the_path_is_rewritten_as_express_gateway_does(
    engine_binary: EngineBinary,
    run_folder: Path,
    free_port: Callable[[], int],
    paths: str,
    options: str,
    asked: str,
    seen: str,
) -> None:
    with _gateway(engine_binary, run_folder, free_port(), paths=paths, options=options) as gateway:
        answer = gateway.get(asked)
    assert (answer.status, answer.told.get("url")) == (200, seen)


@pytest.mark.parametrize("base", ["", "/", "/base/"])
def test_a_trailing_slash_of_the_base_is_not_doubled(
    engine_binary: EngineBinary, run_folder: Path, free_port: Callable[[], int], base: str
) -> None:
    with _gateway(
        engine_binary, run_folder, free_port(), paths="/*", options="", base=base
    ) as gateway:
        assert gateway.get("/a?b").told["url"] == base.rstrip("/") + "/a?b"


@pytest.mark.parametrize("kept", [False, True])
def test_the_host_is_the_services_own_unless_it_is_to_be_kept(
    engine_binary: EngineBinary, run_folder: Path, free_port: Callable[[], int], kept: bool
) -> None:
    options = "changeOrigin: false" if kept else ""
    with _gateway(engine_binary, run_folder, free_port(), paths="/*", options=options) as gateway:
        told = gateway.get("/", "API.example.com:80").told
    assert told["x-forwarded-host"] == "API.example.com:80"
    if kept:
        assert told["host"] == "API.example.com:80"
    else:
        assert told["host"].startswith("127.0.0.1:")


def test_an_empty_header_value_is_sent_empty(
    engine_binary: EngineBinary, run_folder: Path, free_port: Callable[[], int]
) -> None:
    options = "headers: {X-Nothing: '', X-Something: a}"
    with _gateway(engine_binary, run_folder, free_port(), paths="/*", options=options) as gateway:
        told = gateway.get("/").told
    assert (told["x-nothing"], told["x-something"]) == ("", "a")


@pytest.mark.parametrize("pattern", [(0, 1), (0, 0, 1), (0, 1, 0), (0, 0)])
def test_several_addresses_take_turns_and_each_sees_its_own_name(
    engine_binary: EngineBinary,
    run_folder: Path,
    free_port: Callable[[], int],
    pattern: tuple[int, ...],
) -> None:
    port = free_port()
    with ExitStack() as stack:
        ports = [stack.enter_context(recorder()) for _ in range(2)]
        authorities = [f"127.0.0.1:{ports[one]}" for one in pattern]
        service = "{urls: [" + ", ".join(f'"http://{one}"' for one in authorities) + "]}"
        text = _DOCUMENT.format(port=port, paths="/*", service=service, options="")
        gateway = stack.enter_context(carried(engine_binary, text, run_folder, port))
        seen = [gateway.get("/").told["host"] for _ in range(4 * len(pattern))]
    assert {one: seen.count(one) for one in seen} == {
        one: 4 * authorities.count(one) for one in authorities
    }
