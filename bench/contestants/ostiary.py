"""This gateway, with the same recipe file as Express Gateway and everything else at its
defaults.
"""

import os
import shlex
import sys
from pathlib import Path

import ostiary
from bench.children import Launch
from bench.contestants import recipe
from bench.contestants.contestant import Contestant, Missing, Refusal, Site
from bench.paths import ROOT

START = "from ostiary.cli import main; main()"


def _locate() -> Path | Missing:
    return Path(sys.executable)


def _prepare(binary: Path, site: Site) -> Launch:
    return launch(binary, site, recipe.write(site, site.folder))


def launch(binary: Path, site: Site, config: Path) -> Launch:
    """How this gateway is started with a configuration.

    BENCH_OSTIARY, if set, is another command that understands `run --config FILE`."""
    given = os.environ.get("BENCH_OSTIARY")
    command = tuple(shlex.split(given)) if given else (str(binary), "-c", START)
    argv = (*command, "run", "--config", str(config))
    env = {"PYTHONPATH": str(ROOT / "src"), "PYTHONUNBUFFERED": "1"}
    return Launch(argv=argv, env=env, folder=site.folder, port=site.port)


OSTIARY = Contestant(
    key="ostiary",
    title="Ostiary, tlsClientAuthenticated",
    rule="the same recipe; the remembered verdict is looked up, each request",
    http2=True,
    refusal=Refusal.PER_REQUEST,
    locate=_locate,
    version=lambda _binary: ostiary.__version__,
    prepare=_prepare,
)
