"""A whole installation: its files, and what is said of each line in them."""

from collections.abc import Mapping
from dataclasses import dataclass

from ostiary.migration.configuration import Judged, judge
from ostiary.migration.findings import Finding, Verdict, is_within
from ostiary.migration.system import judge_model, judge_system, namespace_of
from ostiary.migration.units import steps_of


@dataclass(frozen=True, slots=True, kw_only=True)
class FileText:
    """A file that was read."""

    name: str
    """As it is shown to people."""
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Installation:
    """The folder that ``EG_CONFIG_DIR`` names."""

    gateway: FileText
    """gateway.config.yml, or gateway.config.json where there is none."""
    system: FileText | None
    models: Mapping[str, FileText]
    """By the name of the file in ``models``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What is said of it."""

    configuration: Judged
    findings: tuple[Finding, ...]
    """File by file, line by line."""
    namespace: str
    """What its keys in Redis begin with."""


def report_on(installation: Installation, environ: Mapping[str, str]) -> Report:
    """Judge all files. Raises nothing."""
    gateway, system = installation.gateway, installation.system
    judged = judge(gateway.text, gateway.name, environ)
    findings = list(judged.findings)
    if system is not None:
        findings += judge_system(
            system.text,
            system.name,
            environ,
            issues_tokens=_issues_tokens(judged),
            lacking=_lacks(judged),
        )
    for name, model in installation.models.items():
        findings += judge_model(name, model.text, model.name)
    namespace = namespace_of(system.text, system.name, environ) if system is not None else "EG"
    return Report(configuration=judged, findings=tuple(findings), namespace=namespace)


def _issues_tokens(judged: Judged) -> bool:
    return judged.tree is not None and any(name == "oauth2" for name, _ in steps_of(judged.tree))


def _lacks(judged: Judged) -> bool:
    """Whether pipelines have what plug-ins may have brought."""
    return judged.tree is None or any(
        one.verdict is Verdict.IMPOSSIBLE
        and (is_within(one.path, "pipelines") or is_within(one.path, "pipeline"))
        for one in judged.findings
    )
