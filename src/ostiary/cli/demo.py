"""``ostiary demo``."""

import shlex
import sys
from pathlib import Path
from typing import Annotated

import typer

from ostiary.cli.app import app
from ostiary.cli.tables import (
    FAILED,
    AsJson,
    console,
    emit_json,
    error_console,
    escape,
    grid,
    mark,
    misuse,
    refusals,
)
from ostiary.wiring.demo.scene import STRICT, Scene
from ostiary.wiring.demo.stage import DemoFailed, Stage, Wishes, interruptible, staged
from ostiary.wiring.demo.trials import Outcome

_PORTS = ("the gateway", "the sample service")


@app.command()
def demo(
    once: Annotated[
        bool, typer.Option("--once", help="Try everything, then end: exit code 0 or 1.")
    ] = False,
    port: Annotated[
        list[int] | None,
        typer.Option(
            min=1, max=65535, help="Port of the gateway; again: of the sample service. Else free."
        ),
    ] = None,
    keep: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Keep certificates, configuration and logs in DIR."),
    ] = None,
    engine: Annotated[
        Path | None, typer.Option(metavar="PATH", help="HAProxy to run; else found by itself.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Show a gateway at work: certificates made on the spot, a sample service, HAProxy.

    Prints curl commands to try, runs them once itself, and stays up until Ctrl-C.
    """
    if len(port or []) > len(_PORTS):
        raise misuse(f"--port can be given {len(_PORTS)} times: for {' and '.join(_PORTS)}")
    ports = [*(port or []), 0, 0]
    wishes = Wishes(port=ports[0], service_port=ports[1], keep=keep, engine=engine)
    interruptible()
    try:
        with refusals(as_json=as_json):
            passed = _show(wishes, once=once, as_json=as_json)
    except KeyboardInterrupt:
        error_console().print("stopped; everything temporary was removed")
        return
    if not passed:
        raise typer.Exit(FAILED)


def _show(wishes: Wishes, *, once: bool, as_json: bool) -> bool:
    said = error_console()
    try:
        with staged(wishes, lambda words: said.print(f"[dim]… {words}[/]")) as stage:
            said.print("[dim]… trying everything[/]")
            outcomes = list(stage.outcomes())
            if as_json:
                emit_json(_json(stage, outcomes))
            else:
                kept = wishes.keep is not None
                _print(stage, outcomes, kept=kept, stays=kept or not once)
            if not once:
                said.print("The gateway stays up; Ctrl-C ends it.")
                stage.stay()
    except DemoFailed as failed:
        if as_json:
            emit_json({"ok": False, "error": str(failed)})
        said.print(f"[red]failed[/]: {escape(str(failed))}")
        return False
    return all(outcome.passed for outcome in outcomes)


def _print(stage: Stage, outcomes: list[Outcome], *, kept: bool, stays: bool) -> None:
    out, scene = console(), stage.scene
    out.print(
        f"HAProxy {escape(stage.engine.version_text)} ({escape(str(stage.engine.path))}) serves "
        f"https://localhost:{scene.port} and https://{STRICT}:{scene.port}\n"
    )
    if stays:
        _print_commands(scene, outcomes)
    out.print("[bold]Tried just now:[/]\n")
    rows = (
        (mark(one.passed), escape(one.trial.name), escape(one.trial.expected), escape(one.got))
        for one in outcomes
    )
    out.print(grid(("", "who comes", "expected", "got"), rows))
    if not stays:
        return
    end = "" if kept else " (removed at the end; keep them with --keep DIR)"
    out.print(f"\n[bold]In {escape(str(scene.folder))}[/]{end}:")
    for path, what in _files(scene):
        out.print(f"  {escape(path.name):<20} {what}")
    _print_administration(scene)


def _print_administration(scene: Scene) -> None:
    token = escape(str(scene.admin_token.relative_to(scene.folder)))
    program = escape(_program())
    out = console()
    out.print(f"\n[bold]Console:[/] {_console_url(scene)}; its token is in {token}")
    out.print("[dim]# While it runs: every request needs a trusted certificate, else 401[/]")
    out.print(
        f"{program} client-auth set --type certificate --required "
        f"-c {escape(scene.config.name)} --state {escape(scene.state.name)}",
        soft_wrap=True,
    )


def _console_url(scene: Scene) -> str:
    return f"http://127.0.0.1:{scene.admin_port}/console"


def _program() -> str:
    """How this program was called, from wherever the demo's folder is."""
    called = Path(sys.argv[0])
    return shlex.quote(str(called.absolute())) if called.name == "ostiary" else "ostiary"


def _print_commands(scene: Scene, outcomes: list[Outcome]) -> None:
    out = console()
    out.print(f"[bold]Try it:[/]\n\n  cd {escape(shlex.quote(str(scene.folder)))}\n")
    for one in outcomes:
        out.print(f"  [dim]# {escape(one.trial.name)}: {escape(one.trial.expected)}[/]")
        out.print(f"  {escape(one.command)}", soft_wrap=True)
    out.print()


def _files(scene: Scene) -> tuple[tuple[Path, str], ...]:
    return (
        (scene.config, "the configuration; edit it, and it is applied at once"),
        (scene.access_log, "one JSON object for each request and each failed handshake"),
        (scene.program_log, "the gateway's own log, with the reason of every refusal"),
        (scene.root, "the certificate authority; beside it certificates (.crt) and keys (.key)"),
    )


def _json(stage: Stage, outcomes: list[Outcome]) -> dict[str, object]:
    scene, engine = stage.scene, stage.engine
    return {
        "ok": all(one.passed for one in outcomes),
        "engine": {"path": str(engine.path), "version": engine.version_text},
        "url": f"https://localhost:{scene.port}",
        "folder": str(scene.folder),
        "console": {"url": _console_url(scene), "token": str(scene.admin_token)},
        "files": {path.name: what for path, what in _files(scene)},
        "trials": [
            {
                "name": one.trial.name,
                "command": one.command,
                "expected": one.trial.expected,
                "got": one.got,
                "ok": one.passed,
            }
            for one in outcomes
        ],
    }
