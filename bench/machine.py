"""The machine a run was made on, as far as it matters to the numbers; no names."""

import os
import platform
import re
from pathlib import Path

from bench.contestants.contestant import says


def processor() -> str:
    """The model as the kernel names it."""
    found = re.search(r"^model name\s*:\s*(.+)$", Path("/proc/cpuinfo").read_text(), re.MULTILINE)
    return platform.machine() if found is None else found[1]


def system() -> str:
    """The distribution's own name for itself."""
    release = platform.freedesktop_os_release()
    return release.get("PRETTY_NAME", "unknown")


def describe(*, wrk: Path, h2load: Path, nginx: Path) -> dict[str, str]:
    """Words for the report, in its order; the arguments are the programs of the run."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return {
        "processor": processor(),
        "cores": str(len(os.sched_getaffinity(0))),
        "memory": f"{memory:.0f} GiB",
        "system": system(),
        "kernel": f"Linux {platform.release().split('-')[0]}",
        "Python": platform.python_version(),
        "OpenSSL": says("openssl", "version").split(" (")[0],
        "wrk": says(str(wrk), "-v").split("[")[0].strip(),
        "h2load": says(str(h2load), "--version"),
        "upstream": says(str(nginx), "-v").replace("nginx version: ", ""),
    }
