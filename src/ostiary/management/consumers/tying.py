"""Rules of certificate credentials as they are sent, checked against what they are judged by."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from ostiary.config.model.name_rule import NameRule
from ostiary.consumers.certificates import CertificateRule, check_rules, rule_of
from ostiary.consumers.refusal import ConsumerRefused
from ostiary.management.errors import Fault, Unacceptable
from ostiary.trust.names.refusal import PatternRefused
from ostiary.trust.names.rules import fingerprint_of, serial_of
from ostiary.trust.names.rules import rule_of as trust_rule_of

_FIELDS = {field.alias or name: name for name, field in NameRule.model_fields.items()}


def read_rules(sent: Sequence[Mapping[str, str]]) -> tuple[CertificateRule, ...]:
    """Rules by the words of the configuration file's ``allow`` list; fingerprints and serial
    numbers in lower case without colons, so that equal ones are found. Raises ConsumerRefused, and
    Unacceptable with every rule that can't be read."""
    found, faults = [], []
    for index, tests in enumerate(sent):
        try:
            rule = rule_of({_FIELDS.get(name, name): value for name, value in tests.items()})
            trust_rule_of(**rule.given())
            rule = _in_one_form(rule)
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


def _in_one_form(rule: CertificateRule) -> CertificateRule:
    fingerprint, serial = rule.fingerprint, rule.serial
    return replace(
        rule,
        fingerprint=fingerprint_of(fingerprint) if fingerprint is not None else None,
        serial=f"{serial_of(serial):X}" if serial is not None else None,
    )
