"""``ostiary check``: the document, the files it names, and the engine's own opinion of both."""

import asyncio
import os
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from ostiary.compiler.bundle import Place
from ostiary.config.asked import What
from ostiary.config.script_checks import asked_by_pipeline
from ostiary.kernel.errors import OstiaryError
from ostiary.kernel.problems import ConfigRefused, Position, Problem, Severity
from ostiary.plugins.call import PluginCall
from ostiary.scripts.model import Script
from ostiary.services.condition_checks import advise_conditions
from ostiary.services.name_checks import advise_file_names
from ostiary.services.prepare import Prepared
from ostiary.services.redact import without_keys
from ostiary.supervisor.binary import EngineBinary, EngineMissing, EngineTooOld
from ostiary.supervisor.check import check
from ostiary.wiring import world
from ostiary.wiring.ground import choose_engine, prepare_file
from ostiary.wiring.opinion import opinion
from ostiary.wiring.own_root import judge_own_root

_CHECK_SECONDS = 30.0
_SHOWN_REVISION = "revisions/r1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """Everything found out about a configuration; it can be used if there is no error."""

    problems: tuple[Problem, ...]
    engine: EngineBinary | None = None
    """Who checked it; None if it never came to that."""
    prepared: Prepared | None = None
    """None when the document or a file it names was refused."""
    shown: Mapping[str, str] = field(default_factory=dict)
    """The engine's files by name, without private keys, as the first revision would have them."""

    @property
    def asked(self) -> tuple[Problem, ...]:
        """Where pipelines have something worked out at each request, beside the engine."""
        if self.prepared is None:
            return ()
        pipelines = self.prepared.document.pipelines.items()
        return tuple(
            self.prepared.loaded.problem(path, told(what))
            for name, pipeline in pipelines
            for path, what in asked_by_pipeline(name, pipeline)
        )

    @property
    def errors(self) -> tuple[Problem, ...]:
        """What stands in the way."""
        return tuple(one for one in self.problems if one.severity is Severity.ERROR)

    @property
    def warnings(self) -> tuple[Problem, ...]:
        """What is only told."""
        return tuple(one for one in self.problems if one.severity is Severity.WARNING)


def told(what: What) -> str:
    """What is asked, in words."""
    if isinstance(what, Script):
        return f"JavaScript at each request: {what.source}"
    if isinstance(what, PluginCall):
        whose = f"the plug-in {what.name} of {what.package} {what.version}"
        if what.lifetime:
            return f"{whose}, remembered for each credential for {what.lifetime:g} s"
        return f"{whose} at each request"
    return "JSON Schema on each body"


def check_config(config: Path, state: Path) -> Checked:
    """Check the file and change nothing. Raises nothing for what the operator may have written.

    ``state`` is only looked at: for the paths that the gateway would have, and for the root of the
    authority there.
    """
    try:
        prepared = prepare_file(config)
    except ConfigRefused as refused:
        return Checked(problems=refused.problems)
    own = judge_own_root(prepared, state)
    advised = (*advise_file_names(prepared.loaded), *advise_conditions(prepared.loaded))
    told = (*prepared.warnings, *own, *advised)
    try:
        shown = {
            name: without_keys(content.decode(errors="replace"))
            for name, content in prepared.bundle(_place(state, _SHOWN_REVISION)).files.items()
        }
    except ConfigRefused as refused:
        return Checked(problems=(*told, *refused.problems), prepared=prepared)
    try:
        binary = choose_engine(prepared)
    except (EngineMissing, EngineTooOld) as error:
        missing = _about_engine(config, prepared, error)
        return Checked(problems=(*told, missing), prepared=prepared, shown=shown)
    said = asyncio.run(_ask_engine(prepared, binary))
    return Checked(problems=(*told, *said), engine=binary, prepared=prepared, shown=shown)


async def _ask_engine(prepared: Prepared, binary: EngineBinary) -> tuple[Problem, ...]:
    with tempfile.TemporaryDirectory(prefix="ostiary-check-") as name:
        folder = Path(name)
        files = prepared.bundle(_place(folder, "files")).files
        (folder / "files").mkdir(mode=0o700)
        for file, content in files.items():
            _write(folder / "files" / file, content)
        answer = await check(binary, folder / "files" / "haproxy.cfg", timeout=_CHECK_SECONDS)
        return opinion(prepared, files["haproxy.cfg"], folder / "files", answer)


def _write(path: Path, content: bytes) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    with os.fdopen(descriptor, "wb") as handle:
        handle.write(content)


def _place(root: Path, folder: str) -> Place:
    return Place(
        folder=str(root / folder),
        run_folder=str(root / "run"),
        revision=1,
        system_roots=world.system_roots(),
        dual_stack=world.has_ipv6(),
    )


def _about_engine(config: Path, prepared: Prepared, error: OstiaryError) -> Problem:
    if prepared.document.engine.binary:
        return prepared.loaded.problem(("engine", "binary"), str(error))
    at = Position(file=str(config.absolute()), line=1, column=1)
    return Problem(position=at, path="engine", message=str(error))
