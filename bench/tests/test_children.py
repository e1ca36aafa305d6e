"""Processes are counted with their children, and ended with them."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from bench import procfs
from bench.children import DidNotStart, Launch, free_port, listening, serving

FAMILY = """
import http.server, subprocess, sys
subprocess.Popen([sys.executable, "-c", "import time\\nwhile True: sum(range(10000))"])
http.server.HTTPServer(("127.0.0.1", int(sys.argv[1])), http.server.BaseHTTPRequestHandler) \\
    .serve_forever()
"""


def family(folder: Path) -> Launch:
    port = free_port()
    argv = (sys.executable, "-c", FAMILY, str(port))
    return Launch(argv=argv, env={}, folder=folder, port=port)


def core() -> int:
    return min(os.sched_getaffinity(0))


def test_the_time_of_a_child_counts_for_its_server_and_both_are_ended(tmp_path: Path) -> None:
    launch = family(tmp_path)
    with serving(launch, core=core()) as child:
        before = procfs.cpu_seconds(procfs.tree(child.pid))
        time.sleep(0.3)
        tree = procfs.tree(child.pid)
        assert len(tree) == 2
        assert procfs.cpu_seconds(tree) - before > 0.02
        assert all(os.sched_getaffinity(p.pid) == {core()} for p in tree)
    assert not any(procfs.alive(p) for p in tree)
    assert not listening(launch.port)


def test_a_server_that_ends_at_once_is_told_with_its_words(tmp_path: Path) -> None:
    argv = (sys.executable, "-c", "raise SystemExit('no such option')")
    launch = Launch(argv=argv, env={}, folder=tmp_path, port=free_port())
    with pytest.raises(DidNotStart, match="no such option"), serving(launch, core=core()):
        pass


def test_a_later_process_with_the_same_number_is_not_ours() -> None:
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as process:
        (now,) = procfs.tree(process.pid)
        other = procfs.Process(
            pid=now.pid, parent=1, name=now.name, state="S", cpu=0.0, started=now.started - 1
        )
        assert procfs.alive(now)
        assert not procfs.alive(other)
        assert process.stdin is not None
        process.stdin.close()


def test_a_process_name_may_hold_spaces_and_parentheses() -> None:
    line = "7 (a) b) S 3 7 7 0 -1 0 0 0 0 0 100 200 10 20 20 0 1 0 99 0"
    process = procfs.parse_stat(line)
    assert (process.name, process.parent, process.started) == ("a) b", 3, 99)
    assert process.cpu == pytest.approx(330 * procfs.TICK)


def test_machine_time_leaves_idle_and_interrupts_out() -> None:
    got = procfs.parse_machine_time("cpu  100 20 30 9999 50 7 8 40 0 0\ncpu0 1 1 1\n")
    assert got.busy == pytest.approx(150 * procfs.TICK)
    assert got.stolen == pytest.approx(40 * procfs.TICK)
