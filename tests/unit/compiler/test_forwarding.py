"""Header mode as rules: read from trusted peers only, and removed before anybody else reads."""

from ostiary.compiler.engine import LARGEST_BUFFER, buffer_size
from ostiary.compiler.forwarding import LARGEST_HEADER, proxies_file
from ostiary.config.effective import AuthType
from ostiary.config.model.document import Document
from tests.unit.compiler.auth import HEADER, compiled, frontend


def at(lines: list[str], start: str) -> int:
    return next(number for number, line in enumerate(lines) if line.startswith(start))


def test_the_header_is_read_before_it_is_removed_and_removed_before_ours_are_set() -> None:
    for name in ("http", "https"):
        lines = frontend(compiled(HEADER), name)
        asked = at(lines, "http-request send-spoe-group ostiary header")
        removed = at(lines, "http-request del-header")
        told = at(lines, "http-request add-header 'Client-Cert'")
        assert asked < removed < told
        assert "x[^a-z0-9]the[^a-z0-9]cert" in lines[removed]


def test_whoever_reads_the_header_asks_first_who_sent_it() -> None:
    """Only trusted peers' headers are read, and only where there is one of them."""
    for name in ("http", "https"):
        reading = [one for one in frontend(compiled(HEADER), name) if "fhdr" in one]
        assert (
            "if { var(sess.ost.proxy) -m bool } { req.fhdr_cnt('X-The-Cert') -m int 1 }"
            in (reading[0])
        )
        for line in reading:
            assert "{ var(sess.ost.proxy) -m bool }" in line or line.endswith(
                "if { var(txn.ost.another) -m bool }"
            )


def test_the_peer_is_looked_at_before_a_proxy_header_may_replace_it() -> None:
    lines = frontend(compiled(f"{HEADER}, proxyProtocol: true"), "http")
    rules = [line for line in lines if line.startswith("tcp-request connection")]
    assert [rule.split()[2] for rule in rules] == ["set-var(sess.ost.proxy)", "expect-proxy"]


def test_proxies_are_listed_one_a_line() -> None:
    assert compiled(HEADER)["trusted-proxies.lst"] == "10.0.0.1/32\n192.0.2.0/24\n"
    assert proxies_file([]) == b""


def test_other_types_read_no_header() -> None:
    for auth in ("type: certificate", "type: none"):
        files = compiled(auth)
        assert "fhdr" not in files["haproxy.cfg"] + files["spoe.conf"]
        assert "trusted-proxies.lst" not in files


def test_the_largest_header_has_room_beside_the_others() -> None:
    plain, header = (buffer_size(Document(), one) for one in (AuthType.NONE, AuthType.HEADER))
    assert header == plain + LARGEST_HEADER <= LARGEST_BUFFER


def test_strict_entries_judge_the_balancer_and_lenient_ones_don_t() -> None:
    strict = "requestCert: true"
    assert "ostiary judge if" in "\n".join(frontend(compiled(HEADER, options=strict)))
    lenient = "requestCert: true, rejectUnauthorized: false"
    assert "ostiary judge if" not in "\n".join(frontend(compiled(HEADER, options=lenient)))
