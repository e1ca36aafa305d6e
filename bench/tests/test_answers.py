"""What load tools print is read to the letter, and what is not understood is never counted."""

import json

import pytest

from bench.load.answers import Unreadable, read_h2load, read_handshakes, read_wrk

WRK = """Running 2s test @ https://localhost:4444/
  1 threads and 32 connections
  Thread Stats   Avg      Stdev     Max   +/- Stdev
    Latency     1.10ms  300.00us   9.00ms   90.00%
  60000 requests in 2.05s, 14.00MB read
Requests/sec:  30000.00
Transfer/sec:      7.00MB
"""

H2LOAD = """TLS Protocol: TLSv1.3
Cipher: TLS_AES_128_GCM_SHA256
Application protocol: h2
finished in 2.00s, 50.00 req/s, 8.40MB/s
requests: 120 total, 120 started, 100 done, 100 succeeded, 0 failed, 0 errored, 0 timeout
status codes: 100 2xx, 0 3xx, 0 4xx, 0 5xx
"""


def handshakes(**changed: object) -> str:
    answer = {"seconds": 2.0, "done": 10, "failed": 0, "not_resumed": 0, "bad_status": 0}
    return json.dumps({**answer, "error": "", **changed})


def test_wrk_counts_requests_over_the_time_it_measured_itself() -> None:
    tally = read_wrk(WRK)
    assert (tally.good, tally.seconds, tally.trouble) == (60000, 2.0, "")


@pytest.mark.parametrize(
    "line",
    ["  Non-2xx or 3xx responses: 7", "  Socket errors: connect 0, read 3, write 0, timeout 0"],
)
def test_a_refusal_or_a_broken_socket_is_trouble(line: str) -> None:
    assert read_wrk(WRK + line + "\n").trouble == line.strip()


def test_a_silent_gateway_is_trouble_and_not_a_division_by_zero() -> None:
    silent = WRK.replace("60000 requests", "0 requests").replace("30000.00", "0.00")
    assert read_wrk(silent).trouble == "nothing was answered"


def test_h2load_counts_good_answers_only() -> None:
    tally = read_h2load(H2LOAD, 2)
    assert (tally.good, tally.trouble) == (100, "")


def test_h2load_with_refusals_is_trouble() -> None:
    refused = H2LOAD.replace("100 2xx, 0 3xx, 0 4xx", "90 2xx, 0 3xx, 10 4xx")
    assert read_h2load(refused, 2).trouble == "10 answers not 2xx, 0 failed"


@pytest.mark.parametrize("other", [("h2\n", "http/1.1\n"), ("TLSv1.3", "TLSv1.2")])
def test_another_protocol_than_h2_over_tls_1_3_counts_nothing(other: tuple[str, str]) -> None:
    tally = read_h2load(H2LOAD.replace(*other), 2)
    assert tally.good == 0
    assert tally.trouble


@pytest.mark.parametrize("fault", ["failed", "not_resumed", "bad_status"])
def test_a_handshake_that_failed_or_did_not_resume_is_trouble(fault: str) -> None:
    assert read_handshakes(handshakes(**{fault: 2})).trouble == f"2 {fault}"


def test_handshakes_without_fault_count() -> None:
    tally = read_handshakes(handshakes())
    assert (tally.good, tally.seconds, tally.trouble) == (10, 2.0, "")


@pytest.mark.parametrize("read", [read_wrk, read_handshakes])
@pytest.mark.parametrize("text", ["", "unable to connect", "{}"])
def test_unknown_words_are_refused(read: object, text: str) -> None:
    assert callable(read)
    with pytest.raises(Unreadable):
        read(text)
