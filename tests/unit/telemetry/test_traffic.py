"""Sums over workers and reloads."""

from ostiary.telemetry.traffic import SERIES, TrafficMeter

INFO = """Name: HAProxy
Version: 2.6.12
Pid: {pid}
Uptime_sec: {uptime}
CurrConns: 3
SslFrontendKeyRate: 2
SessRate: 7
Idle_pct: {idle}
CumSslConns: {ssl}
DroppedLogs: {dropped}
node: box

"""
STAT = """# pxname,svname,req_tot,conn_tot,bin,bout,\
hrsp_1xx,hrsp_2xx,hrsp_3xx,hrsp_4xx,hrsp_5xx,hrsp_other,status,
https,FRONTEND,{requests},5,100,200,0,8,0,1,0,0,OPEN,
https_sni,FRONTEND,,50,1000,2000,,,,,,,OPEN,
p1_1,s1,,,10,20,0,1,0,0,0,0,UP 1/2,
p1_1,s2,,,10,20,0,1,0,0,0,0,DOWN,
p1_1,BACKEND,9,,10,20,0,1,0,0,0,0,UP,
to_strict,loop,,,,,,,,,,,no check,

"""


def reply(
    requests: int, *, pid: int = 7, uptime: int = 9, idle: int = 90, ssl: int = 4, dropped: int = 0
) -> str:
    info = INFO.format(pid=pid, uptime=uptime, idle=idle, ssl=ssl, dropped=dropped)
    return info + STAT.format(requests=requests)


def test_what_a_worker_says_is_counted_once() -> None:
    meter = TrafficMeter()
    assert meter.take({7: reply(10)})["requests"] == 10
    assert meter.take({7: reply(13)})["requests"] == 3
    totals = meter.snapshot().totals
    assert (totals.requests, totals.connections, totals.bytes_in, totals.bytes_out) == (
        13, 5, 100, 200,
    )  # fmt: skip
    assert (totals.handshakes, totals.responses["2xx"], totals.responses["4xx"]) == (4, 8, 1)


def test_sums_go_on_over_a_reload_and_over_a_pid_that_comes_again() -> None:
    meter = TrafficMeter()
    meter.take({7: reply(10)})
    meter.take({7: reply(12), 8: reply(5)})
    meter.take({8: reply(6)})
    assert meter.snapshot().totals.requests == 18
    meter.take({8: reply(2, ssl=1)})
    assert meter.snapshot().totals.requests == 20


def test_the_moment_is_told_over_all_workers() -> None:
    meter = TrafficMeter()
    meter.take({7: reply(1, idle=20, uptime=100), 8: reply(1, idle=90, uptime=1)})
    now = meter.snapshot().now
    assert (now.workers, now.connections, now.idle_percent) == (2, 6, 20)
    assert [(one.backend, one.name, one.up) for one in now.servers] == [
        ("p1_1", "s1", True),
        ("p1_1", "s2", False),
    ]


def test_an_answer_that_cannot_be_read_adds_nothing() -> None:
    meter = TrafficMeter()
    for odd in ("", "\n\n", "# pxname,", "# pxname,svname,\nhttps,FRONTEND,\n", "x: y\n" * 9):
        assert set(meter.take({7: odd}).values()) == {0}
    assert set(meter.take({})) == set(SERIES)
    assert meter.snapshot().now.workers == 0
