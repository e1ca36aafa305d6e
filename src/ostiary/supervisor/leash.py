"""A leash for the engine: when its parent dies, even by kill -9, so does it.

Run as ``python -I -S leash.py PARENT_PID PROGRAM ARGUMENT...``; becomes PROGRAM under the same pid.
prctl(2) PR_SET_PDEATHSIG survives the execve, and those HAProxy's master makes to reload itself;
workers die with their master. It does not survive a program with file capabilities or set-uid: give
the gateway's service the capability to bind low ports, not the haproxy file.

``setpriv --pdeathsig`` would leave a gap: a parent that dies before the call is never noticed. Here
the parent is looked at again afterwards. Imports nothing of ours, so that it starts fast.
"""

import ctypes
import os
import signal
import sys

_PR_SET_PDEATHSIG = 1
NO_PARENT = 70
NO_LEASH = 71
NO_PROGRAM = 72


def main(arguments: list[str]) -> int:
    """Never returns if all goes well; else an exit code."""
    parent, program = int(arguments[0]), arguments[1]
    if ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0) != 0:
        sys.stderr.write(f"prctl: {os.strerror(ctypes.get_errno())}\n")
        return NO_LEASH
    if os.getppid() != parent:
        return NO_PARENT
    try:
        os.execv(program, arguments[1:])  # noqa: S606 - no shell is the point
    except OSError as exc:
        sys.stderr.write(f"{program}: {exc.strerror}\n")
    return NO_PROGRAM


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
