"""Lists that come from a web site: by URL, and from where certificates say that they are."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ostiary.supervisor.binary import EngineBinary
from tests.daemon.admin_rig import Api
from tests.daemon.clients import context
from tests.daemon.gateway import Certificates, World, world
from tests.daemon.life import Log, end_by, until
from tests.doors.cli_rig import call
from tests.support.lists import crl_of, points
from tests.support.ports import free_port
from tests.support.web import Site, status

pytestmark = pytest.mark.daemon
SNI = "default.example"


@pytest.fixture
def site() -> Iterator[Site]:
    with Site() as found:
        yield found


def revocation(**more: Any) -> dict[str, Any]:
    return {"type": "certificate", "required": True, "revocation": more}


def listed(binary: EngineBinary, site: Site, **more: Any) -> Any:
    """A's list is at a URL, B has none; no mode is given."""

    def with_url(document: dict[str, Any], made: Certificates) -> None:
        gone = made.kit.client(made.a, "gone")
        site.put("/a.crl", crl_of(made.a, {gone: None}, number=5))
        document["clientCertificateAuth"] = revocation(crl=[site.url("/a.crl")], **more)

    return world(binary, both_trusted, with_url)


def both_trusted(made: Certificates) -> dict[str, Any]:
    return {"default": made.entry(made.a, made.b)}


def client_in(folder: Path, name: str) -> Any:
    class Files:
        chain_file = folder / f"{name}.pem"
        key_file = folder / f"{name}.key"

    return Files()


def fetch(made: World) -> dict[str, Any]:
    """Have everything fetched now; the sources by URL."""
    with Api(made.gateway.state) as api:
        answer = api.http.post("/api/v1/revocation/fetch", json={})
        assert answer.status_code == 200, answer.text
        return {one["source"]: one for one in answer.json()["sources"]}


def test_a_list_at_a_url_acts_like_a_file_and_is_kept_over_a_restart(
    any_engine: EngineBinary, site: Site
) -> None:
    with listed(any_engine, site) as made:
        gateway, url = made.gateway, site.url("/a.crl")
        until(lambda: gateway.status(made.good, SNI) == 200)
        assert gateway.status(client_in(made.folder, "gone"), SNI) == 403
        assert gateway.status(made.of_b, SNI) == 403  # strict, where any list is named

        site.put("/a.crl", crl_of(made.a, {made.good: None}, number=6))
        with gateway.connect(context(made.good), SNI) as open_connection:
            assert open_connection.ask("/api/x", SNI).status == 200
            assert fetch(made)[url]["lists"][0]["number"] == 6
            assert open_connection.ask("/api/x", SNI).status == 403

        site.put("/a.crl", crl_of(made.a, number=5))
        assert "is older (number 5)" in fetch(made)[url]["error"]
        site.put("/a.crl", crl_of(made.a, number=9, signer=made.b))
        assert "signed by nobody who is known" in fetch(made)[url]["error"]
        assert gateway.status(made.good, SNI) == 403

        site.answers["/a.crl"] = status(503)
        assert end_by(gateway) == 0
        gateway.start()
        assert gateway.status(made.good, SNI) == 403
        gone = client_in(made.folder, "gone")
        assert gateway.status(gone, SNI) == 200  # number 6 doesn't name it
        done = call(
            "explain", "--cert", made.good.chain_file, "--api", "api",
            "--config", gateway.folder / "gateway.config.yml", "--state", gateway.state,
        )  # fmt: skip
        assert (done.code, "was revoked by 'CN=root-a'" in done.out) == (1, True), done.said
        (told,) = fetch(made).values()
        assert (told["lists"][0]["number"], told["freshness"]) == (6, "current")
        assert "503" in told["error"]


def test_a_certificates_own_list_is_fetched_once_its_path_is_verified(
    any_engine: EngineBinary, site: Site
) -> None:
    def with_points(document: dict[str, Any], made: Certificates) -> None:
        admin = free_port()
        document["admin"] = {"port": admin}
        document["clientCertificateAuth"] = revocation(
            mode="strict",
            fetch={
                "distributionPoints": True,
                "hosts": [f"127.0.0.1:{site.port}", f"127.0.0.1:{admin}", "169.254.169.254"],
                "private": True,
            },
        )
        kit = made.kit
        here = site.url("/b.crl")
        kit.client(made.b, "points", extensions=points(here))
        kit.client(made.b, "metadata", extensions=points("http://169.254.169.254/latest"))
        kit.client(made.b, "admin", extensions=points(f"http://127.0.0.1:{admin}/api/v1/gateway"))
        kit.client(kit.root("nobody"), "unknown", extensions=points(site.url("/unknown.crl")))
        site.put("/b.crl", crl_of(made.b))

    with world(any_engine, both_trusted, with_points) as made:
        gateway, log = made.gateway, Log(made.gateway)
        for name in ("unknown", "metadata", "admin"):
            assert gateway.status(client_in(made.folder, name), SNI) == 403
        until(lambda: len(log.lines("list-not-fetched")) == 2)
        errors = sorted(line["error"] for line in log.lines("list-not-fetched"))
        assert "the gateway itself" in errors[0]
        assert "never asked" in errors[1]
        assert site.asked == []

        client = client_in(made.folder, "points")
        until(lambda: gateway.status(client, SNI) == 200)
        assert site.asked == ["/b.crl"]
        assert gateway.status(made.of_b, SNI) == 200  # B's list is whole
        site.put("/b.crl", crl_of(made.b, {made.of_b: None}))
        fetch(made)
        assert (gateway.status(made.of_b, SNI), gateway.status(client, SNI)) == (403, 200)


def test_a_full_disk_is_told_and_the_list_acts_all_the_same(
    any_engine: EngineBinary, site: Site
) -> None:
    with listed(any_engine, site) as made:
        gateway, log = made.gateway, Log(made.gateway)
        until(lambda: gateway.status(made.good, SNI) == 200)
        until((gateway.state / "lists" / "index.json").exists)
        shelf = gateway.state / "lists"
        aside = shelf.rename(shelf.with_name("aside"))
        shelf.write_text("no folder can be made here")
        site.put("/a.crl", crl_of(made.a, {made.good: None}, number=6))
        folders = ("--config", gateway.folder / "gateway.config.yml", "--state", gateway.state)
        done = call("trust", "revocation", "--fetch", *folders)
        assert (done.code, "CN=root-a" in done.out) == (0, True), done.said
        assert gateway.status(made.good, SNI) == 403
        log.wait("list-copies-not-saved")
        shelf.unlink()
        aside.rename(shelf)
