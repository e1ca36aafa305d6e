"""What the decision itself costs: the files that Ostiary compiles, on the same HAProxy, with a
static rule in the place of the remembered verdict. Log, guards, routing and headers stay.
"""

import re
from pathlib import Path

from bench.children import Launch
from bench.contestants import recipe
from bench.contestants.contestant import Contestant, Missing, Refusal, Site, on_path
from bench.contestants.haproxy import version_of
from ostiary.compiler.bundle import Place
from ostiary.wiring import world
from ostiary.wiring.ground import prepare_file

_DECISION = re.compile(
    r"filter spoe|track-sc0|ost\.now\)|ost\.gone|sc_get_gpt|sc-set-gpt|int\(5\)|server agent"
)
_ASKING = re.compile(r"^ *http-request send-spoe-group .*$", re.MULTILINE)
_STATIC = "    http-request set-var(txn.ost.code) int(1) if { ssl_c_used 1 } { ssl_c_verify 0 }"


def _locate() -> Path | Missing:
    return on_path("haproxy")


def _prepare(binary: Path, site: Site) -> Launch:
    prepared = prepare_file(recipe.write(site, site.folder))
    place = Place(
        folder=str(site.folder),
        run_folder=str(site.folder),
        revision=1,
        system_roots=world.system_roots(),
    )
    for name, content in prepared.bundle(place).files.items():
        (site.folder / name).write_bytes(content)
    config = site.folder / "haproxy.cfg"
    text = _ASKING.sub(_STATIC, config.read_text())
    kept = [line for line in text.splitlines() if not _DECISION.search(line)]
    config.write_text("\n".join(kept) + "\n")
    argv = (str(binary), "-db", "-f", str(config))
    return Launch(argv=argv, env={}, folder=site.folder, port=site.port)


HAPROXY_SAME_WORK = Contestant(
    key="haproxy-same-work",
    title="HAProxy, static rule in Ostiary's files",
    rule="as static HAProxy, with all else that Ostiary does: log, guards, routes, headers",
    http2=True,
    refusal=Refusal.PER_REQUEST,
    locate=_locate,
    version=version_of,
    prepare=_prepare,
)
