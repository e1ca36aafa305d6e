"""Changes of the configuration and of every file it names: applied, or refused and told."""

import contextlib
import re
import shutil
import signal
import ssl
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from ostiary.supervisor.binary import EngineBinary
from tests.daemon.clients import context
from tests.daemon.gateway import Certificates, World, world
from tests.daemon.life import (
    Log,
    apply,
    in_place,
    presented,
    processes,
    refuse,
    renamed,
    rewrite,
    until,
    ways_to_replace,
)

WAYS = (*ways_to_replace, *ways_to_replace[::-1])


@pytest.fixture(scope="module")
def made() -> list[Certificates]:
    """The certificates of the world below."""
    return []


@pytest.fixture(scope="module")
def shared(engine_binary: EngineBinary, made: list[Certificates]) -> Iterator[World]:
    """One gateway for all changes."""

    def tls(certificates: Certificates) -> dict[str, Any]:
        made[:] = [certificates]
        return entries(certificates)

    with world(engine_binary, tls) as it:
        yield it


@pytest.fixture
def site(shared: World) -> Iterator[World]:
    """The gateway, which gets its files back after each test."""
    names = ("site.pem", "site.key", "anchors.pem", "gateway.config.yml")
    before = {shared.folder / name: (shared.folder / name).read_bytes() for name in names}
    yield shared
    if any(not file.exists() or file.read_bytes() != was for file, was in before.items()):
        for file, was in before.items():
            renamed(file, was)
        apply(shared.gateway, lambda: shared.gateway.process.send_signal(signal.SIGHUP))


def entries(made: Certificates) -> dict[str, Any]:
    """Files of their own, so that one can be changed without the others."""
    for name in ("site.pem", "site.key", "anchors.pem"):
        source = {
            "site.pem": made.server.chain_file,
            "site.key": made.server.key_file,
            "anchors.pem": made.a.certificate_file,
        }[name]
        shutil.copy(source, made.kit.folder / name)
    own = {"cert": "site.pem", "key": "site.key"}
    return {
        "default": made.entry(made.a),
        "a.example": {**own, "ca": "anchors.pem"},
        "strict.example": {**own, "ca": "anchors.pem", "rejectUnauthorized": True},
    }


def test_a_new_server_certificate_is_shown_however_it_was_written(
    site: World, made: list[Certificates]
) -> None:
    key = made[0].server.key
    path = site.folder / "site.pem"
    for number, way in enumerate(WAYS):
        new = site.kit.server(site.a, f"new{number}", dns=["a.example"], key=key)
        apply(site.gateway, _doing(way, path, new.pem))
        assert presented(site.gateway, "a.example") == new.der, (number, way.__name__)


def test_a_new_key_with_its_certificate_is_shown_however_they_were_written(site: World) -> None:
    for way in (*ways_to_replace, renamed):
        new = site.kit.server(site.a, f"key-{way.__name__}", dns=["a.example"])
        _renew(site, way, new.key_file.read_bytes(), new.pem)
        assert presented(site.gateway, "a.example") == new.der


def test_whom_the_ca_file_names_is_trusted_at_once_on_connections_old_and_new(site: World) -> None:
    path = site.folder / "anchors.pem"
    gateway = site.gateway
    names = ("a.example", "strict.example")
    trusted, removed = (site.good, site.a), (site.of_b, site.b)
    for way in (*ways_to_replace, renamed):
        with contextlib.ExitStack() as stack:
            client = context(trusted[0])
            opened = {sni: stack.enter_context(gateway.connect(client, sni)) for sni in names}
            assert [opened[sni].ask("/api/x", sni).status for sni in names] == [200, 200]
            apply(gateway, _doing(way, path, removed[1].pem))
            assert [opened[sni].ask("/api/x", sni).status for sni in names] == [403, 403]
        assert [gateway.status(removed[0], sni) for sni in names] == [200, 200]
        trusted, removed = removed, trusted


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_a_session_of_a_ca_that_was_removed_is_worth_nothing(
    site: World, version: ssl.TLSVersion
) -> None:
    gateway, path = site.gateway, site.folder / "anchors.pem"
    tls = context(site.good, version=version)
    with gateway.connect(tls, "a.example") as first:
        assert first.ask("/api/x", "a.example").status == 200
        session = first.session
    apply(gateway, lambda: renamed(path, site.b.pem))
    with gateway.connect(tls, "a.example", session=session) as again:
        assert again.ask("/api/x", "a.example").status == 403


def test_a_request_in_flight_does_not_keep_the_verdict_of_its_connection_alive(
    site: World,
) -> None:
    gateway, path = site.gateway, site.folder / "anchors.pem"
    with (
        gateway.connect(context(site.good), "a.example") as slow,
        gateway.connect(context(site.good), "a.example") as other,
    ):
        assert other.ask("/api/x", "a.example").status == 200
        slow.send(b"GET /api/slow/2.5 HTTP/1.1\r\nHost: a.example\r\n\r\n")
        until(lambda: any("slow" in seen.path for seen in site.upstream.seen))
        apply(gateway, lambda: in_place(path, site.b.pem))
        assert other.ask("/api/x", "a.example").status == 403


def test_a_change_of_the_configuration_is_applied_however_it_was_written(site: World) -> None:
    gateway = site.gateway
    file = gateway.folder / "gateway.config.yml"
    for number, way in enumerate((*ways_to_replace, renamed, None)):
        code = 410 + number
        gateway.config["pipelines"]["open"]["policies"] = [
            {"terminate": [{"action": {"statusCode": code}}]}
        ]
        before = file.read_bytes()
        rewrite(gateway)
        after = file.read_bytes()
        if way is None:
            apply(gateway, lambda: gateway.process.send_signal(signal.SIGHUP))
        else:
            file.write_bytes(before)
            apply(gateway, _doing(way, file, after))
        assert gateway.status(None, "a.example", "/open/x") == code


BAD: dict[str, tuple[Callable[[str], str], str]] = {
    "broken YAML": (
        lambda text: text.replace("https:\n", "https: [\n"),
        r"gateway.config.yml:\d+:",
    ),
    "an unknown key": (
        lambda text: text.replace("requestCert: true", "requestCrt: true"),
        r"gateway.config.yml:\d+:\d+.*did you mean.*requestCert",
    ),
    "a file that is not there": (
        lambda text: text.replace("ca: anchors.pem", "ca: nowhere.pem"),
        r"gateway.config.yml:\d+:\d+.*nowhere.pem",
    ),
    "a key of another certificate": (
        lambda text: text.replace("key: site.key", "key: good.key"),
        r"gateway.config.yml:\d+:\d+.*not the key",
    ),
    "what HAProxy refuses": (
        lambda text: text.replace("requestCert: true", "ciphers: NONSENSE\n    requestCert: true"),
        r"gateway.config.yml:\d+:\d+",
    ),
}


@pytest.mark.parametrize("what", BAD)
def test_a_bad_change_is_told_with_its_line_changes_nothing_and_can_be_mended(
    site: World, what: str
) -> None:
    spoil, told = BAD[what]
    gateway = site.gateway
    good = (gateway.folder / "gateway.config.yml").read_text()
    bad = spoil(good)
    assert bad != good
    worker = processes(gateway).workers[0].pid
    said = refuse(gateway, lambda: rewrite(gateway, bad))
    assert re.search(told, said), said
    assert gateway.status(site.good, "a.example") == 200
    assert gateway.status(site.stranger, "a.example") == 403
    assert worker in {one.pid for one in processes(gateway).workers if not one.draining}
    rewrite(gateway, good)
    mended = Log(gateway)
    gateway.process.send_signal(signal.SIGHUP)
    mended.wait("change-applied")


def test_a_bad_certificate_file_is_told_at_the_line_that_names_it_and_mended_by_itself(
    site: World,
) -> None:
    gateway, path = site.gateway, site.folder / "site.pem"
    good, shown = path.read_bytes(), presented(site.gateway, "a.example")
    other = site.kit.server(site.a, "another", dns=["a.example"])
    for bad, told in (
        (b"no PEM at all", "site.pem"),
        (other.pem, "not the key"),
        (None, "no such"),
    ):
        said = refuse(gateway, path.unlink if bad is None else _doing(renamed, path, bad))
        assert re.search(rf"gateway.config.yml:\d+:\d+: error: .*{told}", said), said
        assert presented(gateway, "a.example") == shown
        apply(gateway, lambda: renamed(path, good))


def test_a_file_that_is_named_before_it_is_there_is_applied_when_it_comes(site: World) -> None:
    gateway = site.gateway
    good = (gateway.folder / "gateway.config.yml").read_text()
    later = site.folder / "later" / "ca.pem"
    said = refuse(
        gateway, lambda: rewrite(gateway, good.replace("ca: anchors.pem", "ca: later/ca.pem"))
    )
    assert "later/ca.pem" in said

    def come() -> None:
        later.parent.mkdir()
        later.write_bytes(site.b.pem)

    apply(gateway, come)
    assert gateway.status(site.of_b, "a.example") == 200
    assert gateway.status(site.good, "a.example") == 403


def _doing(way: Callable[[Path, bytes], None], path: Path, content: bytes) -> Callable[[], None]:
    return lambda: way(path, content)


def _renew(site: World, way: Callable[[Path, bytes], None], key: bytes, pem: bytes) -> None:
    """Key first, certificate after: what certificate tools do, in whatever order."""

    def both() -> None:
        way(site.folder / "site.key", key)
        way(site.folder / "site.pem", pem)

    apply(site.gateway, both)
