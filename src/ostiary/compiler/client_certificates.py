"""Steps ``client-cert``: by what the agent judges a certificate, for each of them and each API."""

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from ostiary.compiler.policies import rule_from
from ostiary.config.model.client_cert import ClientCertAction
from ostiary.config.model.pipeline import Pipeline
from ostiary.consumers.judging import Judgement
from ostiary.trust.names.rules import NameRules


@dataclass(frozen=True, slots=True, kw_only=True)
class CertificateJudgement:
    """By what a step judges an admitted certificate, for one API."""

    names: NameRules
    consumer_required: bool
    consumers: frozenset[str] = frozenset()
    """Usernames, or ids of users and apps; empty: any."""
    asked: Judgement
    """Scopes, and what conditions ask; of type certificate."""

    @property
    def id(self) -> str:
        """Short and stable: 16 hex digits that depend on what is judged by, on nothing else."""
        parts = [self.names.id, str(self.consumer_required), self.asked.id, *sorted(self.consumers)]
        text = "\0".join(f"{len(part)}:{part}" for part in parts)
        return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16]


def certificate_judgement_of(action: ClientCertAction, asked: Judgement) -> CertificateJudgement:
    """What a step judges by, where ``asked`` is what the API and its conditions ask. Raises
    PatternRefused."""
    return CertificateJudgement(
        names=NameRules(
            patterns=action.trusted_distinguished_names,
            allow=tuple(map(rule_from, action.allow)),
            deny=tuple(map(rule_from, action.deny)),
        ),
        consumer_required=action.consumer == "required" or bool(action.consumers),
        consumers=frozenset(action.consumers),
        asked=asked,
    )


def same_certificate(action: ClientCertAction) -> ClientCertAction:
    """The same action for all steps that judge alike, whatever they make of the verdict."""
    changed = {"pass_through": False, "required": True, "report_only": False}
    return action.model_copy(update=changed)


def places_of(pipelines: Iterable[Pipeline]) -> Mapping[ClientCertAction, int]:
    """Numbers from 0 for what steps judge by, so that no pipeline uses a number twice.

    Rules stand in the listeners once for each number: a thousand APIs with one step each and names
    of their own need one.
    """
    beside: dict[ClientCertAction, set[ClientCertAction]] = {}
    for pipeline in pipelines:
        found = {same_certificate(one): None for one in client_cert_steps(pipeline)}
        for one in found:
            beside.setdefault(one, set()).update(other for other in found if other != one)
    numbers: dict[ClientCertAction, int] = {}
    for one, others in beside.items():
        taken = {numbers[other] for other in others if other in numbers}
        numbers[one] = next(n for n in range(len(taken) + 1) if n not in taken)
    return numbers


def client_cert_steps(pipeline: Pipeline) -> Iterator[ClientCertAction]:
    """The pipeline's steps of this policy, in order."""
    for use in pipeline.policies:
        for step in use.steps:
            if isinstance(step.action, ClientCertAction):
                yield step.action
