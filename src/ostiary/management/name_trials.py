"""Names tried out: what patterns and rules would say to a certificate or a subject."""

from collections.abc import Iterable, Sequence
from typing import assert_never

from ostiary.config.effective import EffectivePolicy
from ostiary.config.model.name_rule import NameRule
from ostiary.management.errors import Unacceptable
from ostiary.management.views import NameTrialView
from ostiary.trust.names.facts import Facts
from ostiary.trust.names.globs import is_literal
from ostiary.trust.names.index import Denied, NameIndex, NotTrusted, Passed
from ostiary.trust.names.reading import parse_pattern
from ostiary.trust.names.refusal import PatternRefused
from ostiary.trust.names.rules import NameRules, Rule, rule_of
from ostiary.x509.structure import AlternativeNames, Attribute
from ostiary.x509.structure import Names as Structured


def facts_of_subject(subject: str, where: str) -> Facts:
    """What rules see of a certificate with this subject and nothing else.

    The text is read as a pattern without wildcards is. Raises Unacceptable.
    """
    try:
        read = parse_pattern(subject)
    except PatternRefused as refused:
        raise Unacceptable.one(
            f"{subject[:80]!r} is no distinguished name: {refused.message}", refused.way_out, where
        ) from refused
    if read.open or not all(is_literal(one.glob) for one in read.elements):
        raise Unacceptable.one(
            f"{subject[:80]!r} has wildcards, and subjects of certificates have none",
            "write a backslash before a * or ? that is meant as such",
            where,
        )
    rdns = tuple((Attribute(one.oid, one.glob),) for one in read.elements)
    names = Structured(subject=rdns, issuer=(), alternatives=AlternativeNames(), policies=())
    return Facts(names=names, serial=0, fingerprint="")


def try_names(
    whom: Iterable[tuple[str, Facts]], policy: EffectivePolicy, patterns: Sequence[str] | None
) -> tuple[NameTrialView, ...]:
    """What the policy's names and rules say; with ``patterns`` only those. Raises Unacceptable."""
    try:
        index = NameIndex(
            rules_of(policy) if patterns is None else NameRules(patterns=tuple(patterns))
        )
    except PatternRefused as refused:
        raise Unacceptable.one(refused.message, refused.way_out, "/patterns") from refused
    return tuple(_told(subject, index, facts) for subject, facts in whom)


def rules_of(policy: EffectivePolicy) -> NameRules:
    """Names and rules of an effective policy. Raises PatternRefused."""
    return NameRules(
        patterns=policy.names.value,
        allow=tuple(map(rule, policy.allow.value)),
        deny=tuple(map(rule, policy.deny.value)),
    )


def rule(given: NameRule) -> Rule:
    """A rule as it judges. Raises PatternRefused."""
    return rule_of(**given.model_dump())


def _told(subject: str, index: NameIndex, facts: Facts) -> NameTrialView:
    match index.judge(facts):
        case Passed(by):
            return NameTrialView(subject=subject, passes=True, by=by, sentence=f"passes: {by}")
        case NotTrusted(detail):
            return NameTrialView(
                subject=subject, passes=False, by="", sentence=f"is refused: {detail}"
            )
        case Denied(text):
            return NameTrialView(
                subject=subject, passes=False, by=text, sentence=f"is denied by the rule {text!r}"
            )
        case _ as never:
            assert_never(never)
