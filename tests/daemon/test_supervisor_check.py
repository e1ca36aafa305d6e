import asyncio
import dataclasses
import time
from pathlib import Path

import pytest

from ostiary.supervisor.binary import EngineBinary
from ostiary.supervisor.check import (
    CheckPassed,
    CheckRefused,
    CheckResult,
    CheckUndetermined,
    check,
)

pytestmark = pytest.mark.daemon
GOOD = "defaults\n  mode http\n  timeout client 1s\n  timeout server 1s\n  timeout connect 1s\n"


def checked(binary: EngineBinary, cfg: Path, text: str, timeout: float = 10) -> CheckResult:
    cfg.write_text(text)
    return asyncio.run(check(binary, cfg, timeout=timeout))


def test_a_good_configuration_passes(engine_binary: EngineBinary, tmp_path: Path) -> None:
    text = GOOD + "frontend f\n  bind 127.0.0.1:1\n"
    assert checked(engine_binary, tmp_path / "h.cfg", text) == CheckPassed()


def test_each_error_comes_with_its_line(engine_binary: EngineBinary, tmp_path: Path) -> None:
    cfg = tmp_path / "h.cfg"
    result = checked(engine_binary, cfg, GOOD + "frontend f\n  bogus\n  wrong\n")
    assert isinstance(result, CheckRefused)
    assert [(each.file, each.line) for each in result.findings[:2]] == [
        (str(cfg), 7),
        (str(cfg), 8),
    ]
    assert "'bogus'" in result.findings[0].message


def test_a_warning_is_a_refusal_too(engine_binary: EngineBinary, tmp_path: Path) -> None:
    result = checked(engine_binary, tmp_path / "h.cfg", "defaults\n  mode http\nfrontend f\n")
    assert isinstance(result, CheckRefused)


def test_a_missing_file_is_a_refusal(engine_binary: EngineBinary, tmp_path: Path) -> None:
    result = asyncio.run(check(engine_binary, tmp_path / "none.cfg", timeout=10))
    assert isinstance(result, CheckRefused)
    assert "none.cfg" in str(result.findings[0])


def test_a_check_that_takes_too_long_is_not_a_pass(
    engine_binary: EngineBinary, tmp_path: Path
) -> None:
    slow = tmp_path / "slow"
    slow.write_text("#!/bin/sh\nexec sleep 30\n")
    slow.chmod(0o700)
    started = time.monotonic()
    binary = dataclasses.replace(engine_binary, path=slow)
    result = checked(binary, tmp_path / "h.cfg", GOOD, timeout=0.2)
    assert isinstance(result, CheckUndetermined)
    assert time.monotonic() - started < 25


def test_a_binary_that_vanished_is_not_a_pass(engine_binary: EngineBinary, tmp_path: Path) -> None:
    binary = dataclasses.replace(engine_binary, path=tmp_path / "gone")
    assert isinstance(checked(binary, tmp_path / "h.cfg", GOOD), CheckUndetermined)


def test_one_that_dies_without_a_word_is_not_a_pass(
    engine_binary: EngineBinary, tmp_path: Path
) -> None:
    dying = tmp_path / "dying"
    dying.write_text("#!/bin/sh\nkill -9 $$\n")
    dying.chmod(0o700)
    binary = dataclasses.replace(engine_binary, path=dying)
    assert isinstance(checked(binary, tmp_path / "h.cfg", GOOD), CheckUndetermined)
