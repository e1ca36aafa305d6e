"""The ``ostiary`` on the PATH of those who read our pages: a process that stands for a child of the
nursery, from its arguments to its end. Called with the number of the nursery's line; alone, for it
must start at once."""

import json
import os
import signal
import socket
import sys

_PID = 12  # characters
_PASSED_ON = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


def main(line: int, arguments: list[str]) -> None:
    """Have it started with our files, environment and folder; end as it ends."""
    report, told = os.pipe()
    order = {"argv": ["ostiary", *arguments], "env": dict(os.environ), "cwd": os.getcwd()}  # noqa: PTH109 - pathlib takes time
    signal.pthread_sigmask(signal.SIG_BLOCK, _PASSED_ON)
    with socket.socket(fileno=line) as nursery:
        socket.send_fds(nursery, [json.dumps(order).encode()], [0, 1, 2, told])
    os.close(told)
    child = int(os.read(report, _PID))
    for number in _PASSED_ON:
        signal.signal(number, lambda got, _: os.kill(child, got))
    signal.pthread_sigmask(signal.SIG_UNBLOCK, _PASSED_ON)
    code = os.waitstatus_to_exitcode(int(os.read(report, 100)))
    if code < 0:
        signal.signal(-code, signal.SIG_DFL)
        os.kill(os.getpid(), -code)
    sys.exit(code)


main(int(sys.argv[1]), sys.argv[2:])
