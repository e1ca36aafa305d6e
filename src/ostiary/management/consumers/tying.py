"""Rules of certificate credentials as they are sent, checked against what they are judged by."""

from collections.abc import Mapping, Sequence

from ostiary.config.model.name_rule import NameRule
from ostiary.consumers.certificates import CertificateRule, check_rules, rule_of
from ostiary.consumers.refusal import ConsumerRefused
from ostiary.management.errors import Fault, Unacceptable
from ostiary.trust.names.refusal import PatternRefused
from ostiary.trust.names.rules import rule_of as trust_rule_of

_FIELDS = {field.alias or name: name for name, field in NameRule.model_fields.items()}


def read_rules(sent: Sequence[Mapping[str, str]]) -> tuple[CertificateRule, ...]:
    """Rules by the words of the configuration file's ``allow`` list. Raises ConsumerRefused, and
    Unacceptable with every rule that can't be read."""
    found, faults = [], []
    for index, tests in enumerate(sent):
        try:
            rule = rule_of({_FIELDS.get(name, name): value for name, value in tests.items()})
            trust_rule_of(**rule.given())
        except (ConsumerRefused, PatternRefused) as refused:
            faults.append(
                Fault(where=f"/rules/{index}", message=refused.message, way_out=refused.way_out)
            )
        else:
            found.append(rule)
    if faults:
        raise Unacceptable(faults[:100])
    check_rules(tuple(found))
    return tuple(found)
