"""What the pages point to exists: links, commands, make targets, files, configuration."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from ostiary.cli import everything
from ostiary.compiler.guards import FOREIGN_IDENTITY
from ostiary.compiler.logs import ERROR_FORMAT, connection_rule, log_format
from ostiary.compiler.profiles import Profile, Profiles
from ostiary.compiler.scopes import scheme_of
from ostiary.config.effective import effective
from ostiary.config.load import load
from ostiary.config.model.auth_policies import KeyAuthAction
from ostiary.config.model.settings import IdentityHeaders
from ostiary.kernel.problems import ConfigRefused, Severity
from ostiary.supervisor.states import mermaid
from tests.docs.pages import ROOT, Block, anchors, blocks, pages, prose

PAGES = pages()
EVERY_COMMAND = everything()
BASE = """
http: {port: 8080}
apiEndpoints: {accounts: {paths: /accounts}}
serviceEndpoints: {backend: {url: 'http://127.0.0.1:3000'}}
"""


def name(page: Path) -> str:
    return str(page.relative_to(ROOT))


def every(language: str) -> list[Block]:
    return [block for page in PAGES for block in blocks(page) if block.language == language]


def told(page: Path) -> str:
    """All that can name a command: code in the prose, and shell blocks."""
    code = re.findall(r"`([^`\n]+)`", prose(page))
    shell = [block.text for block in blocks(page) if block.language in {"bash", "ini"}]
    return "\n".join([*code, *shell])


def test_there_are_pages_to_look_at() -> None:
    assert {"README.md", "docs/tutorial.md", "SECURITY.md"} <= {name(page) for page in PAGES}


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_links_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)\s]+)\)", prose(page)):
        if re.match(r"https?://", target):
            continue
        path, _, anchor = target.partition("#")
        there = (page.parent / path).resolve() if path else page
        assert there.exists(), f"{target} leads nowhere"
        assert not anchor or anchor in anchors(there), f"{target}: no such heading"


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_make_targets_exist(page: Path) -> None:
    makefiles = (ROOT / "Makefile").read_text() + (ROOT / "bench" / "bench.mk").read_text()
    targets = set(re.findall(r"^([a-z-]+):", makefiles, re.MULTILINE))
    wanted = re.findall(r"^make(?: PYTHON=\S+)? ([a-z-]+)", told(page), re.MULTILINE)
    assert set(wanted) <= targets


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_commands_and_their_options_exist(page: Path) -> None:
    for rest in re.findall(r"(?:^|/bin/|=)ostiary ([a-z][^\n#`]*)", told(page), re.MULTILINE):
        command, path = EVERY_COMMAND, "ostiary"
        for word in rest.split():
            commands = getattr(command, "commands", {})
            if not commands or not re.fullmatch("[a-z][a-z-]*", word):
                break
            assert word in commands, f"{path} {word} does not exist"
            command, path = commands[word], f"{path} {word}"
        options = {opt for param in command.params for opt in (*param.opts, *param.secondary_opts)}
        for option in re.findall(r"(?<=\s)--?[a-z][a-z-]*", rest):
            assert option in options | {"--help", "-h"}, f"{path} has no {option}"


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_files_of_the_project_that_are_named_exist(page: Path) -> None:
    for path in re.findall(r"`((?:src|tests|tools|docs|bench)/[\w./-]+)`", prose(page)):
        assert (ROOT / path).exists(), path
    for path in re.findall(
        r"`((?:compiler|config|trust|store|supervisor)/\w[\w/]*\.py)`", prose(page)
    ):
        assert (ROOT / "src" / "ostiary" / path).exists(), path


@pytest.mark.parametrize("block", every("yaml"), ids=str)
def test_configuration_in_the_pages_loads_unless_it_is_said_to_be_refused(block: Block) -> None:
    text = block.text
    if "example" in block.marks:
        return  # tests/unit/config/test_policies.py puts each into a document and loads that
    if "refused" in block.marks:
        with pytest.raises(ConfigRefused):
            load(text, str(block), {})
        return
    if "part" in block.marks:
        text = yaml.safe_dump(yaml.safe_load(BASE) | yaml.safe_load(text))
    else:
        assert {"config", "file"} & block.marks.keys(), f"{block}: mark it config, part or file="
    try:
        loaded = load(text, str(block), {})
    except ConfigRefused as refused:
        pytest.fail("\n".join(map(str, refused.problems)))
    errors = [one for one in loaded.warnings if one.severity is Severity.ERROR]
    assert not errors


def test_the_engines_states_are_drawn_as_they_are() -> None:
    drawn = [block.text for block in every("mermaid") if "states" in block.marks]
    assert drawn == [mermaid()]


def keys(text: str) -> Iterator[str]:
    yield from re.findall(r'"([a-z_]+)":', text)


def test_every_field_of_the_access_log_is_explained() -> None:
    page = (ROOT / "docs" / "reference" / "logs.md").read_text()
    auth = (
        "clientCertificateAuth: {type: header, headerName: X-Client-Cert, reportOnly: true,"
        " trustedProxies: [10.0.0.1]}\n"
    )
    in_header = scheme_of(effective(load(BASE + auth, "f", {}).document))
    scheme = scheme_of(effective(load(BASE, "f", {}).document))
    asking = Profiles({KeyAuthAction(): Profile(0, KeyAuthAction(), {})}, reports=True)
    everything = log_format(in_header, asking, messages=True)
    written = everything + connection_rule(scheme, tls=True) + ERROR_FORMAT
    missing = {key for key in keys(written) if f"`{key}`" not in page}
    assert not missing


def test_every_identity_header_is_explained() -> None:
    page = (ROOT / "docs" / "reference" / "identity-headers.md").read_text()
    for field in IdentityHeaders.model_fields.values():
        assert f"| `{field.alias}` |" in page
        assert field.default is None or f"`{field.default}`" in page


def test_headers_that_are_said_to_be_removed_are() -> None:
    page = (ROOT / "docs" / "reference" / "identity-headers.md").read_text()
    removed = re.search(r"^## Removed, always$.*?^\* `Trailer`", page, re.MULTILINE | re.DOTALL)
    assert removed
    named = [word for word in re.findall(r"`([\w*-]+)`", removed[0]) if word != "Trailer"]
    assert len(named) > 20
    for word in named:
        for sent in (word.replace("*", ""), word.replace("*", "x"), word.replace("-", "_")):
            assert re.match(f"{FOREIGN_IDENTITY})$", sent.lower().replace("*", "")), word
