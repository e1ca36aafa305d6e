"""Case files: a document, dashes, and what it becomes.

Above the dashes stands a ``gateway.config.yml``; its first line is a comment that says what the
case shows. Below stand the routing rules of the listener, the sections and the maps that the
document makes (what is the same for every document is left out), or the problems it is refused for.
Only cases about hosts, methods and paths show how routes are looked up: their names begin so.
"""

from dataclasses import dataclass
from pathlib import Path

from ostiary.compiler.bundle import Bundle, Materials, Place
from ostiary.compiler.compile import compile_document
from ostiary.config.effective import effective
from ostiary.config.load import load
from ostiary.haproxy.quote import Unquotable
from ostiary.kernel.problems import ConfigRefused

FOLDER = Path(__file__).parents[1] / "cases"
DASHES = "-" * 10 + "\n"
_ALWAYS = ("backend ost_", "global", "defaults")
_MAPS = ("backends.map", "pipelines.map", "strips.map")
_ROUTE_MAPS = ("routes-", "methods.map")
_CHOICE = ("use_backend", "http-request set-var(txn.ost.p")


@dataclass(frozen=True)
class Case:
    path: Path
    document: str
    expected: str

    @property
    def made(self) -> str:
        """What stands below the dashes."""
        return _result(self.document, routes=self.path.stem.startswith(("host", "method", "path")))

    @property
    def accepted(self) -> bool:
        return "frontend http" in self.made


def cases() -> list[Case]:
    """Every case, by name."""
    return [_read(path) for path in sorted(FOLDER.glob("*.case"))]


def _read(path: Path) -> Case:
    document, _, expected = path.read_text().partition(DASHES)
    return Case(path, document, expected)


def bundle_of(text: str, folder: str) -> Bundle:
    """Raises ConfigRefused or Unquotable for a document that is refused."""
    place = Place(folder=folder, run_folder=folder, revision=1)
    document = load(text, "gateway.config.yml", {}).document
    return compile_document(document, Materials(), place, effective(document))


def _result(text: str, *, routes: bool) -> str:
    try:
        files = bundle_of(text, "/f").files
    except ConfigRefused as refused:
        return "".join(f"{problem}\n" for problem in refused.problems)
    except Unquotable as error:
        return f"{error}\n"
    blocks = files["haproxy.cfg"].decode().strip().split("\n\n")
    shown = [_shortened(block, routes) for block in blocks if not _is_the_same_for_all(block)]
    shown += [
        f"[{name}]\n{content.decode()}".rstrip()
        for name, content in sorted(files.items())
        if name.startswith((*_MAPS, *_ROUTE_MAPS) if routes else _MAPS) and content
    ]
    return "\n\n".join(shown) + "\n"


def _is_the_same_for_all(block: str) -> bool:
    lines = block.splitlines()
    title = lines[1] if lines[0].startswith("#") else lines[0]
    return title.startswith(_ALWAYS)


def _shortened(block: str, routes: bool) -> str:
    """A frontend's rules about routes and branches: what looks them up, and what chooses."""
    if "\nfrontend " not in block:
        return block
    head, _, rules = block.partition("req.hdr(host),host_only,lower,rtrim(.)\n")
    finding, _, rest = rules.partition("    http-request del-header ")
    _, _, choosing = rest.partition("X-Forwarded-Proto http\n")
    found = [one for one in finding.splitlines() if "http-after-response" not in one]
    lines = [*(found if routes else []), *choosing.splitlines()]
    shown = [one for one in lines if routes or _is_choice(one.strip())]
    return "\n".join((*head.splitlines()[:2], "    ...", *shown))


def _is_choice(rule: str) -> bool:
    return rule.startswith(_CHOICE) and "txn.ost.path" not in rule
