"""The public listener over a real socket: paths, methods, limits, and what a stranger may send."""

import asyncio
import base64
import contextlib
import socket
import threading
import time
from collections import Counter
from collections.abc import Iterator
from urllib.parse import quote

import httpx
import pytest
from cryptography import x509
from cryptography.x509 import ocsp
from hypothesis import given, settings
from hypothesis import strategies as st

from ostiary.admin.listening import Listening
from ostiary.admin.sockets import bind_tcp
from ostiary.ca.ocsp import LARGEST_QUESTION, Failure
from ostiary.pki import app as pki_app
from ostiary.pki.app import PublicApp, PublicProtocol, question_in
from ostiary.pki.documents import Media, document
from ostiary.pki.index import Page
from ostiary.pki.shelves import Shelves
from ostiary.x509.pem import read_certificates, read_crls
from tests.unit.management.authority.scene import DAY, NOW
from tests.unit.pki.scene import Site, site_in

OCSP = {"content-type": "application/ocsp-request"}


class Served:
    """A site at a port."""

    def __init__(self, site: Site, app: PublicApp, port: int) -> None:
        self.site = site
        self.app = app
        self.port = port
        self.client = httpx.Client(base_url=f"http://127.0.0.1:{port}", trust_env=False)

    def get(self, path: str) -> httpx.Response:
        return self.client.get(path)

    def name(self, number: int) -> str:
        return self.site.catalog.all()[number].name

    def say(self, data: bytes) -> bytes:
        """Bytes, and all that comes back until the connection is closed."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=30) as raw:
            raw.sendall(data)
            raw.shutdown(socket.SHUT_WR)
            parts = []
            while part := raw.recv(65536):
                parts.append(part)
        return b"".join(parts)


def application(site: Site) -> PublicApp:
    return PublicApp(
        catalog=site.catalog,
        shelves=site.shelves,
        answering=site.answering,
        page=Page(site.catalog, lambda: site.world.now),
        clock=lambda: site.world.now,
        complaints=site.complaints,
    )


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """SQLite's connection belongs to no thread; the requests come one after the other."""
    sock = bind_tcp("127.0.0.1", 0, "pki")
    begun, ending = threading.Event(), asyncio.Event()
    loops: list[asyncio.AbstractEventLoop] = []
    with site_in(tmp_path_factory.mktemp("pki")) as site:
        app = application(site)

        async def live() -> None:
            loops.append(asyncio.get_running_loop())
            listening = Listening(app, name="pki", protocol=PublicProtocol)
            await listening.on_tcp(sock, None)
            begun.set()
            await ending.wait()
            await listening.stop()

        thread = threading.Thread(target=lambda: asyncio.run(live()))
        thread.start()
        assert begun.wait(30)
        made = Served(site, app, sock.getsockname()[1])
        try:
            yield made
        finally:
            made.client.close()
            loops[0].call_soon_threadsafe(ending.set)
            thread.join(30)


def test_certificates_are_served_in_three_forms(served: Served) -> None:
    root = served.site.house.root().entry.der
    found = served.get(f"/ca/{served.name(0)}.crt")
    assert (found.content, found.headers["content-type"]) == (root, "application/pkix-cert")
    assert read_certificates(served.get(f"/ca/{served.name(0)}.pem").content)[0].der == root
    chain = served.get(f"/ca/{served.name(1)}.p7c")
    assert chain.headers["content-type"] == "application/pkcs7-mime; smime-type=certs-only"
    assert [one.der for one in read_certificates(served.get("/ca/all.pem").content)] == [
        root,
        served.site.house.issuing().entry.der,
    ]


def test_lists_are_served_whole_and_as_deltas_and_a_revocation_is_in_them_at_once(
    served: Served,
) -> None:
    name = served.name(1)
    made = served.site.issue("listed")
    tag = served.get(f"/crl/{name}.crl").headers["etag"]
    assert served.client.get(f"/crl/{name}.crl", headers={"if-none-match": tag}).status_code == 304
    served.site.revoke("listed")
    for path in (f"/crl/{name}.crl", f"/crl/{name}-delta.crl"):
        found = served.client.get(path, headers={"if-none-match": tag})
        assert (found.status_code, found.headers["content-type"]) == (200, "application/pkix-crl")
        (read,) = read_crls(found.content)
        assert read.find(read.issuer_key, made.serial)
    for path in (f"/crl/{name}.pem", f"/crl/{name}-delta.pem"):
        assert read_crls(served.get(path).content)[0].find(read.issuer_key, made.serial)
    assert len(read_crls(served.get("/crl/all.pem").content)) == 2


def test_answers_are_counted_by_kind_and_outcome(served: Served) -> None:
    app, path = served.app, f"/crl/{served.name(1)}.crl"
    before = Counter(app.counts())
    tag = served.get(path).headers["etag"]
    served.client.get(path, headers={"if-none-match": tag})
    served.get(f"/ca/{served.name(0)}.crt")
    served.get("/crl/none.crl")
    served.get("/")
    served.get("/else")
    served.client.put("/ca/all.pem", content=b"x")
    served.client.delete("/ocsp")
    served.client.post("/ocsp", content=b"junk", headers=OCSP)
    served.client.post("/ocsp", content=served.site.question(served.site.issue()), headers=OCSP)
    assert Counter(app.counts()) - before == {
        ("list", "sent"): 1,
        ("list", "unchanged"): 1,
        ("list", "missing"): 1,
        ("certificate", "sent"): 1,
        ("certificate", "refused"): 1,
        ("page", "sent"): 1,
        ("page", "missing"): 1,
        ("ocsp", "refused"): 2,
        ("ocsp", "good"): 1,
    }


def test_ocsp_is_answered_by_get_and_by_post(served: Served) -> None:
    asked = served.site.question(served.site.issue("asked"))
    text = base64.b64encode(asked).decode()
    posted = served.client.post("/ocsp", content=asked, headers=OCSP)
    got = [
        served.get(f"/ocsp/{form}")
        for form in (quote(text, safe=""), text, quote(text.rstrip("="), safe=""))
    ]
    for one in (posted, *got):
        assert one.headers["content-type"] == "application/ocsp-response"
        answer = ocsp.load_der_ocsp_response(one.content)
        assert answer.certificate_status is ocsp.OCSPCertStatus.GOOD
    assert len({one.content for one in (posted, *got)}) == 1
    headers = got[0].headers
    assert headers["cache-control"] == "max-age=3600, public, no-transform, must-revalidate"
    again = served.client.get(
        f"/ocsp/{quote(text, safe='')}", headers={"if-none-match": headers["etag"]}
    )
    assert again.status_code == 304


def test_an_answer_with_a_nonce_is_nobody_elses(served: Served) -> None:
    asked = served.site.question(served.site.issue("nonce"), b"n" * 16)
    found = served.client.post("/ocsp", content=asked, headers=OCSP)
    answer = ocsp.load_der_ocsp_response(found.content)
    assert answer.extensions.get_extension_for_class(x509.OCSPNonce).value.nonce == b"n" * 16
    assert found.headers["cache-control"] == "no-store"


def test_head_says_what_get_would(served: Served) -> None:
    for path in ("/", f"/crl/{served.name(0)}.crl", f"/ca/{served.name(0)}.crt"):
        got, headed = served.get(path), served.client.head(path)
        assert headed.status_code == 200
        assert headed.content == b""
        assert headed.headers["content-length"] == str(len(got.content))


@pytest.mark.parametrize(
    "path",
    [
        "/nothing", "/crl/", "/crl/0000000000000000.crl", "/ca/NAME.crl", "/crl/NAME.crt",
        "/ca/NAME-delta.crt", "/crl/all.crl", "/ca/all-delta.pem", "/crl/../ledger.db",
        "/crl/%2e%2e/ledger.db", "/keys/NAME.key", "/ca/NAME.crt%0a", "/crl/NAME.crl/",
    ],
)  # fmt: skip
def test_there_is_nothing_at_other_paths(served: Served, path: str) -> None:
    path = path.replace("NAME", served.name(0))
    head = served.say(f"GET {path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n".encode())
    assert head.startswith(b"HTTP/1.1 404 ")


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("POST", "/", "GET, HEAD"),
        ("DELETE", "/crl/all.pem", "GET, HEAD"),
        ("PUT", "/ocsp", "GET, HEAD, POST"),
    ],
)
def test_nothing_can_be_changed(served: Served, method: str, path: str, allowed: str) -> None:
    found = served.client.request(method, path)
    assert (found.status_code, found.headers["allow"]) == (405, allowed)


def test_too_large_a_question_is_refused(served: Served) -> None:
    found = served.client.post("/ocsp", content=b"0" * (LARGEST_QUESTION + 1), headers=OCSP)
    assert found.status_code == 413


def test_a_header_without_end_is_not_read(served: Served) -> None:
    assert served.say(b"GET / HTTP/1.1\r\nX: " + b"a" * 20_000).startswith(b"HTTP/1.1 400 ")


def test_who_connects_and_says_nothing_makes_room_for_who_asks(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(PublicProtocol, "most", 5)
    idle = [socket.create_connection(("127.0.0.1", served.port), timeout=30) for _ in range(10)]
    try:
        assert served.say(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n").startswith(b"HTTP/1.1 200 ")
        assert is_closed(idle[0])
    finally:
        for one in idle:
            one.close()


def is_closed(connection: socket.socket) -> bool:
    try:
        return connection.recv(1) == b""
    except ConnectionError:
        return True


def test_a_question_that_does_not_come_is_not_waited_for(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pki_app, "BODY_SECONDS", 0.2)
    with socket.create_connection(("127.0.0.1", served.port), timeout=30) as raw:
        raw.sendall(b"POST /ocsp HTTP/1.1\r\nHost: a\r\nContent-Length: 80\r\n\r\n0")
        assert raw.recv(4096).startswith(b"HTTP/1.1 408 ")


LONG = document(b"0123456789abcdef" * 4_000_000, Media.CRL, NOW, None)


def test_what_is_long_comes_in_pieces_and_whole(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Shelves, "find", lambda *_: LONG)
    assert served.get("/crl/all.pem").content == LONG.body
    assert served.client.head("/crl/all.pem").headers["content-length"] == str(len(LONG.body))


def test_who_takes_an_answer_too_slowly_does_not_get_all_of_it(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Shelves, "find", lambda *_: LONG)
    monkeypatch.setattr(pki_app, "ANSWER_SECONDS", 0.2)
    with socket.create_connection(("127.0.0.1", served.port), timeout=30) as raw:
        raw.sendall(b"GET /crl/all.pem HTTP/1.1\r\nHost: a\r\n\r\n")
        size = len(raw.recv(1))  # it has begun
        time.sleep(1)
        with contextlib.suppress(ConnectionError):
            while part := raw.recv(1024 * 1024):
                size += len(part)
    assert 0 < size < len(LONG.body)


def test_a_file_that_can_not_be_read_is_told_as_ours_and_stops_nothing_else(
    served: Served,
) -> None:
    path = served.site.catalog.files.whole(served.site.house.root().fingerprint)
    whole = path.read_bytes()
    path.unlink()
    path.mkdir()
    try:
        assert served.get(f"/crl/{served.name(0)}.crl").status_code == 503
        assert served.get(f"/crl/{served.name(1)}.crl").status_code == 200
    finally:
        path.rmdir()
        path.write_bytes(whole)
    assert served.get(f"/crl/{served.name(0)}.crl").content == whole


def test_a_fault_of_ours_is_an_answer_too(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(_asked: bytes) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(served.site.answering, "answer", broken)
    assert served.client.post("/ocsp", content=b"0", headers=OCSP).status_code == 500


def test_the_page_tells_of_authorities_and_lists_and_takes_no_names_from_strangers(
    served: Served,
) -> None:
    page = served.get("/").text
    for text in ("Example issuing 1", served.name(1), "fresh", "http://pki.example/ocsp"):
        assert text in page
    hostile = served.client.get("/", headers={"host": "<script>"})
    assert "<script>" not in hostile.text
    assert "style-src 'sha256-" in hostile.headers["content-security-policy"]


def test_the_page_says_so_when_lists_have_ended(served: Served) -> None:
    before = served.site.world.now
    served.site.world.now = before + 5 * DAY
    try:
        assert '<span class="mark late">late</span>' in served.get("/").text
        served.site.world.now = before + 8 * DAY
        page = served.get("/").text
    finally:
        served.site.world.now = before
    assert '<span class="mark ended">ended</span>' in page
    assert "no answers" in page


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=300))
def test_whatever_is_posted_is_answered_as_ocsp(served: Served, data: bytes) -> None:
    found = served.client.post("/ocsp", content=data, headers=OCSP)
    assert (found.status_code, found.content) == (200, Failure.MALFORMED_REQUEST.der)


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=200))
def test_whatever_stands_in_the_address_is_read_or_is_nothing(raw: bytes) -> None:
    assert isinstance(question_in(b"/ocsp/" + raw), bytes)
    encoded = quote(base64.b64encode(raw), safe="").encode()
    assert question_in(b"/ocsp/" + encoded) == raw
