"""Ask HAProxy itself whether a configuration is good, and read what it says."""

import asyncio
import os
import re
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from ostiary.supervisor.binary import EngineBinary

# A broken file can make HAProxy say one sentence per line of it.
_WORDS_LIMIT = 256 * 1024
_SAID = re.compile(r"\[(ALERT|WARNING|NOTICE)\]\s+\([0-9]+\) : (?:config : )?(.*)")
_PLACE = re.compile(r"(?:parsing )?\[([^\[\]]+):([0-9]+)\]\s*:?\s*(.*)")


class Level(Enum):
    """How loud HAProxy said it."""

    ALERT = "alert"
    WARNING = "warning"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing HAProxy said; ``file`` and ``line`` (from 1) are None where it named no place."""

    level: Level
    file: str | None
    line: int | None
    message: str

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}: " if self.file is not None else ""
        return f"{place}{self.message}"


@dataclass(frozen=True, slots=True)
class CheckPassed:
    """HAProxy would start with this, without a warning."""


@dataclass(frozen=True, slots=True)
class CheckRefused:
    """HAProxy would not start with this, or only with warnings; never without a finding."""

    findings: tuple[Finding, ...]


@dataclass(frozen=True, slots=True)
class CheckUndetermined:
    """No answer could be had; the configuration must not be used."""

    why: str


CheckResult = CheckPassed | CheckRefused | CheckUndetermined


async def check(binary: EngineBinary, cfg: Path, *, timeout: float) -> CheckResult:
    """Have ``binary`` check ``cfg``, in at most ``timeout`` seconds. Raises nothing.

    ``-dW`` because ``-c`` alone exits 0 on warnings (HAProxy management guide, section 3).
    """
    try:
        process = await asyncio.create_subprocess_exec(
            *(str(binary.path), "-c", "-dW", "-f", str(cfg)),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            env={**os.environ, **binary.environment},
        )
    except OSError as exc:
        return CheckUndetermined(f"{str(binary.path)!r} does not run: {exc.strerror}")
    try:
        said, _ = await asyncio.wait_for(process.communicate(), timeout)
    except TimeoutError:
        return CheckUndetermined(f"HAProxy did not finish checking in {timeout:g} seconds")
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if process.returncode == 0:
        return CheckPassed()
    findings = read_findings(said[:_WORDS_LIMIT].decode(errors="replace"))
    if findings:
        return CheckRefused(findings)
    return CheckUndetermined(f"HAProxy ended with code {process.returncode} and no word why")


def read_findings(text: str) -> tuple[Finding, ...]:
    """The alerts and warnings in what HAProxy wrote to stderr, in order, each with its place."""
    findings: list[Finding] = []
    takes_more = False
    for raw in text.splitlines():
        said = _SAID.match(raw)
        if said is None:
            if takes_more and raw.strip():
                findings[-1] = _longer(findings[-1], raw.strip())
            continue
        takes_more = said[1] != "NOTICE"
        if takes_more:
            findings.append(_finding(Level(said[1].lower()), said[2].strip()))
    return tuple(findings)


def _finding(level: Level, message: str) -> Finding:
    place = _PLACE.match(message)
    if place is None:
        return Finding(level=level, file=None, line=None, message=message)
    return Finding(level=level, file=place[1], line=int(place[2]), message=place[3])


def _longer(finding: Finding, more: str) -> Finding:
    return Finding(
        level=finding.level,
        file=finding.file,
        line=finding.line,
        message=f"{finding.message} {more}",
    )
