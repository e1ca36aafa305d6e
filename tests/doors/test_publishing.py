"""What an authority publishes, as openssl, curl, nginx and HAProxy take it."""

import base64
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import pytest

from ostiary.admin.sockets import bind_tcp
from ostiary.x509.pem import read_certificates, read_crls
from tests.doors.cli_rig import call
from tests.doors.rig import Done
from tests.support.ports import free_port

_PATIENCE = 90


class Public:
    """An authority in a folder, and the process that serves it."""

    def __init__(self, folder: Path, port: int) -> None:
        self.folder = folder
        self.state = folder / "s"
        self.url = f"http://127.0.0.1:{port}"
        self.client = httpx.Client(base_url=self.url, trust_env=False)

    def ca(self, *words: object, code: int = 0) -> Done:
        done = call("ca", *words, "--state", self.state)
        assert done.code == code, done.said
        return done

    def issue(self, name: str) -> Path:
        """The certificate alone, with its issuer's beside it."""
        self.ca("issue", name, "--out", self.folder)
        leaf, issuer = read_certificates((self.folder / f"{name}.crt").read_bytes())
        (self.folder / "issuer.pem").write_bytes(issuer.pem)
        path = self.folder / f"{name}.pem"
        path.write_bytes(leaf.pem)
        return path

    def openssl(self, *words: object) -> subprocess.CompletedProcess[str]:
        root = ("-CAfile", self.state / "ca" / "root.crt")
        return subprocess.run(
            ["openssl", *map(str, (words[0], *root, *words[1:]))],
            cwd=self.folder, capture_output=True, text=True, check=False,
            env={**os.environ, "no_proxy": "*"},
        )  # fmt: skip

    def ocsp(self, certificate: Path, *words: str) -> str:
        done = self.openssl(
            "ocsp",
            "-url",
            f"{self.url}/ocsp",
            "-issuer",
            "issuer.pem",
            "-cert",
            certificate,
            *words,
        )
        return done.stdout + done.stderr

    def log(self) -> list[dict[str, Any]]:
        lines = (self.folder / "log").read_text().splitlines()
        return [json.loads(line) for line in lines if line.startswith("{")]

    def logged(self, event: str) -> dict[str, Any]:
        return self.until(lambda: next((one for one in self.log() if one["event"] == event), None))

    def until(self, look: Callable[[], Any]) -> Any:
        end = time.monotonic() + _PATIENCE
        while not (found := look()):
            assert time.monotonic() < end, (self.folder / "log").read_text()
            time.sleep(0.05)
        return found


@contextmanager
def serving(folder: Path) -> Iterator[Public]:
    sock = bind_tcp("127.0.0.1", 0, "pki")
    public = Public(folder, sock.getsockname()[1])
    command = (sys.executable, "-P", "-m", "ostiary.wiring.publishing.serving")
    with (folder / "log").open("ab") as log:
        process = subprocess.Popen(
            [*command, str(sock.fileno()), str(public.state / "ca"), "json"],
            stderr=log,
            pass_fds=(sock.fileno(),),
        )
    sock.close()
    try:
        yield public
        process.send_signal(signal.SIGTERM)
        assert process.wait(_PATIENCE) == 0
    finally:
        public.client.close()
        process.kill()
        process.wait()


@pytest.fixture(scope="module")
def public(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Public]:
    with serving(tmp_path_factory.mktemp("public")) as made:
        made.ca("init", "Example", "--alone", "--publish", made.url)
        # Whoever answers OCSP got a certificate without anybody's doing.
        assert len(made.logged("renewed")["responders"]) == 2
        yield made


def test_openssl_is_content_with_answers_and_lists_before_and_after_a_revocation(
    public: Public,
) -> None:
    device, other = public.issue("device"), public.issue("other")
    verify = ("verify", "-crl_check", "-crl_download", "-untrusted", "issuer.pem")
    said = public.ocsp(device)
    assert "Response verify OK" in said
    assert re.search(r"device.pem: good", said)
    assert "WARNING: no nonce" not in said
    assert public.openssl(*verify, device).returncode == 0
    said = public.ca("revoke", "device", "--reason", "keyCompromise").said
    assert f"revocation lists: {public.url}/crl/all.pem" in said
    for words in ((), ("-no_nonce",)):
        said = public.ocsp(device, *words)
        assert "Response verify OK" in said
        assert "device.pem: revoked" in said
        assert "Reason: keyCompromise" in said
        assert "other.pem: good" in public.ocsp(other, *words)
    both = public.ocsp(device, "-cert", str(other))
    assert "Response verify OK" in both
    assert "device.pem: revoked" in both
    assert "other.pem: good" in both
    refused = public.openssl(*verify, device)
    assert "certificate revoked" in refused.stdout + refused.stderr
    assert public.openssl(*verify, other).returncode == 0
    (public.folder / "all.pem").write_bytes(public.client.get("/crl/all.pem").content)
    by_list = ("verify", "-crl_check_all", "-CRLfile", "all.pem", "-untrusted", "issuer.pem")
    assert [public.openssl(*by_list, one).returncode for one in (device, other)] == [2, 0]


def test_curl_asks_by_get_and_openssl_reads_what_it_gets(public: Public) -> None:
    device = public.issue("curled")
    public.openssl(
        "ocsp", "-issuer", "issuer.pem", "-cert", device, "-no_nonce", "-reqout", "question"
    )
    text = base64.b64encode((public.folder / "question").read_bytes())
    for name, path in (
        ("answer", f"/ocsp/{quote(text.decode(), safe='')}"),
        ("list", f"/crl/{_name_in(device)}.crl"),
    ):
        subprocess.run(
            ["curl", "-sSf", "--noproxy", "*", "-o", name, public.url + path],
            cwd=public.folder,
            check=True,
        )
    said = public.openssl(
        "ocsp", "-respin", "answer", "-issuer", "issuer.pem", "-cert", device, "-no_nonce"
    )
    assert f"{device}: good" in said.stdout
    shown = subprocess.run(
        ["openssl", "crl", "-inform", "DER", "-in", "list", "-noout", "-text",
         "-CAfile", "issuer.pem"],
        cwd=public.folder, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert "verify OK" in shown.stderr
    assert "Freshest CRL" in shown.stdout


def _name_in(certificate: Path) -> str:
    found = re.search(
        rb"/crl/([0-9a-f]{16})\.crl", read_certificates(certificate.read_bytes())[0].der
    )
    assert found
    return found[1].decode()


def test_nginx_and_haproxy_take_the_files_as_they_are(public: Public) -> None:
    public.ca("issue", "localhost", "--server", "--out", public.folder)
    for name, path in (("ca.pem", "/ca/all.pem"), ("crl.pem", "/crl/all.pem")):
        (public.folder / name).write_bytes(public.client.get(path).content)
    pair = (
        (public.folder / "localhost.crt").read_bytes(),
        (public.folder / "localhost.key").read_bytes(),
    )
    (public.folder / "site.pem").write_bytes(b"".join(pair))
    (public.folder / "haproxy.cfg").write_text(
        "defaults\n mode http\n timeout connect 1s\n timeout client 1s\n timeout server 1s\n"
        f"frontend a\n bind unix@{public.folder}/a ssl crt {public.folder}/site.pem "
        f"ca-file {public.folder}/ca.pem verify required crl-file {public.folder}/crl.pem\n"
    )
    (public.folder / "nginx.conf").write_text(
        f"pid {public.folder}/pid; error_log stderr; events {{}} http {{ access_log off; server {{ "
        f"listen unix:{public.folder}/b ssl; ssl_certificate {public.folder}/localhost.crt; "
        f"ssl_certificate_key {public.folder}/localhost.key; ssl_client_certificate "
        f"{public.folder}/ca.pem; ssl_verify_client on; ssl_verify_depth 2; "
        f"ssl_crl {public.folder}/crl.pem; }} }}"
    )
    checks = {
        "haproxy": ("-c", "-f", "haproxy.cfg"),
        "nginx": ("-t", "-p", public.folder, "-c", public.folder / "nginx.conf"),
    }
    path = f"{os.environ.get('PATH', '')}:/usr/sbin"
    for program, words in checks.items():
        found = shutil.which(program, path=path)
        if found is None:
            continue
        done = subprocess.run(
            [found, *map(str, words)], cwd=public.folder, capture_output=True, check=False
        )
        assert done.returncode == 0, done.stderr


@contextmanager
def nginx_that_asks(public: Public, program: str, port: int) -> Iterator[None]:
    """It asks about each certificate of a client's path, as the certificates say where."""
    folder = public.folder
    (folder / "asking.conf").write_text(
        f"daemon off; master_process off; pid {folder}/asking.pid; error_log {folder}/asking.log; "
        "events {} http { access_log off; "
        + " ".join(
            f"{kind}_temp_path {folder}/{kind};"
            for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
        )
        + f" server {{ listen 127.0.0.1:{port} ssl; ssl_certificate {folder}/localhost.crt; "
        f"ssl_certificate_key {folder}/localhost.key; ssl_client_certificate {folder}/ca.pem; "
        "ssl_verify_client on; ssl_verify_depth 2; ssl_ocsp on; return 200 welcome; } }"
    )
    process = subprocess.Popen(
        [program, "-p", str(folder), "-c", str(folder / "asking.conf")], stderr=subprocess.DEVNULL
    )
    try:
        yield
    finally:
        process.terminate()
        process.wait(_PATIENCE)


def test_nginx_asks_about_clients_and_refuses_who_is_revoked(public: Public) -> None:
    program = shutil.which("nginx", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
    if program is None:
        pytest.skip("nginx is not installed")
    public.ca("issue", "localhost", "--server", "--out", public.folder)
    (public.folder / "ca.pem").write_bytes(public.client.get("/ca/all.pem").content)
    public.issue("asked")
    port = free_port()

    def answer() -> str:
        done = subprocess.run(
            ["curl", "-sSk", "--noproxy", "*", f"https://127.0.0.1:{port}/", "--cert", "asked.crt",
             "--key", "asked.key"],
            cwd=public.folder, capture_output=True, text=True, check=False,
        )  # fmt: skip
        return done.stdout

    with nginx_that_asks(public, program, port):
        public.until(lambda: answer() == "welcome")
        public.ca("revoke", "asked", "--reason", "keyCompromise")
        assert "The SSL certificate error" in answer()


def test_an_authority_that_takes_over_is_published_without_anybodys_doing(public: Public) -> None:
    public.ca("rotate")
    device = public.issue("after")
    public.until(lambda: "after.pem: good" in public.ocsp(device))
    lists = read_crls(public.client.get("/crl/all.pem").content)
    assert [one.issuer for one in lists] == [
        "CN=Example", "CN=Example issuing 1", "CN=Example issuing 2",
    ]  # fmt: skip


def test_with_the_passphrase_elsewhere_it_is_told_and_a_command_does_it(public: Public) -> None:
    folder = public.state / "ca"
    root = read_certificates((folder / "root.crt").read_bytes())[0]
    (folder / "passphrase").rename(public.folder / "secret")
    (folder / "responders" / f"{root.sha256.hex()}.pem").unlink()
    assert "--passphrase-file" in str(public.logged("not-renewed")["errors"])
    page = public.client.get("/").text
    assert "fresh" in page
    assert "no answers" in page
    words = ("publish", "--passphrase-file", public.folder / "secret")
    assert "Example OCSP: answers until" in public.ca(*words).said
    assert "nothing is due" in public.ca(*words).said
    assert "no answers" not in public.client.get("/").text


def test_a_renewal_that_fails_for_one_authority_is_told_and_ends_with_1(tmp_path: Path) -> None:
    public = Public(tmp_path, 1)
    public.ca("init", "Example", "--alone", "--publish", public.url)
    root = read_certificates((public.state / "ca" / "root.crt").read_bytes())[0]
    (public.state / "ca" / "keys" / f"{root.sha256.hex()}.key").unlink()
    done = public.ca("publish", "--json", code=1).json
    assert [one["name"] for one in done["responders"]] == ["Example issuing 1 OCSP"]
    assert "the key of 'Example' is not here" in done["faults"][0]


@pytest.mark.parametrize("url", ["https://pki.example", "pki.example", "http://a/?b"])
def test_an_address_that_can_not_be_published_at_is_refused_before_anything_is_made(
    tmp_path: Path, url: str
) -> None:
    done = call("ca", "init", "Example", "--alone", "--publish", url, "--state", tmp_path / "s")
    assert done.code == 2
    assert "--publish" in done.said
    assert not (tmp_path / "s").exists()
