import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from ostiary.store.files import FileTrouble
from ostiary.store.lock import StateFolderInUse, StateLock

HOLDER = """
import sys, time
from pathlib import Path
from ostiary.store.lock import StateLock
lock = StateLock(Path(sys.argv[1]))
print("held", flush=True)
time.sleep(60)
"""


def test_a_second_gateway_is_refused_and_told_the_pid_of_the_first(tmp_path: Path) -> None:
    with StateLock(tmp_path / "state"):
        with pytest.raises(StateFolderInUse, match=f"in use by process {os.getpid()} ") as caught:
            StateLock(tmp_path / "state")
        assert caught.value.pid == os.getpid()


def test_a_released_folder_can_be_taken_again(tmp_path: Path) -> None:
    first = StateLock(tmp_path)
    first.release()
    first.release()
    StateLock(tmp_path).release()


def test_a_holder_that_is_killed_leaves_the_folder_free(tmp_path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(tmp_path)], stdout=subprocess.PIPE, text=True
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        with pytest.raises(StateFolderInUse) as caught:
            StateLock(tmp_path)
        assert caught.value.pid == holder.pid
        holder.send_signal(signal.SIGKILL)
        holder.wait(5)
    StateLock(tmp_path).release()


def test_a_child_process_does_not_keep_the_lock(tmp_path: Path) -> None:
    lock = StateLock(tmp_path)
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as child:
        lock.release()
        StateLock(tmp_path).release()
        child.kill()


def test_a_pid_that_can_not_be_read_is_said_to_be_unknown(tmp_path: Path) -> None:
    with StateLock(tmp_path):
        (tmp_path / "lock").write_text("nonsense")
        with pytest.raises(StateFolderInUse, match="by another process") as caught:
            StateLock(tmp_path)
        assert caught.value.pid is None


def test_a_state_folder_that_is_a_file_is_a_refusal(tmp_path: Path) -> None:
    (tmp_path / "state").touch()
    with pytest.raises(FileTrouble):
        StateLock(tmp_path / "state")
