"""Express Gateway 1.16.11 on Node.js, with the recipe of its own blog."""

import json
import shutil
from pathlib import Path

from bench.children import Launch
from bench.contestants import recipe
from bench.contestants.contestant import Contestant, Missing, Refusal, Site, on_path, says
from bench.paths import CACHE

PACKAGE = CACHE / "npm" / "node_modules" / "express-gateway"


def _locate() -> Path | Missing:
    if not (PACKAGE / "package.json").exists():
        return Missing(why="npm's express-gateway is not in the cache (make bench-setup)")
    return on_path("node")


def _prepare(binary: Path, site: Site) -> Launch:
    config = site.folder / "config"
    shutil.copytree(PACKAGE / "lib" / "config" / "models", config / "models")
    shutil.copy(PACKAGE / "lib" / "config" / "system.config.yml", config)
    recipe.write(site, config)
    server = site.folder / "server.js"
    server.write_text(
        f"require({json.dumps(str(PACKAGE))})().load({json.dumps(str(config))}).run();\n"
    )
    env = {"NODE_ENV": "production", "LOG_LEVEL": "error", "EG_DISABLE_CONFIG_WATCH": "1"}
    return Launch(argv=(str(binary), str(server)), env=env, folder=site.folder, port=site.port)


def _version(binary: Path) -> str:
    package = json.loads((PACKAGE / "package.json").read_text())
    return f"{package['version']} on Node.js {says(str(binary), '--version')}"


EXPRESS_GATEWAY = Contestant(
    key="express-gateway",
    title="Express Gateway, tlsClientAuthenticated",
    rule="the recipe of its blog, each request",
    http2=False,
    refusal=Refusal.PER_REQUEST,
    locate=_locate,
    version=_version,
    prepare=_prepare,
)
