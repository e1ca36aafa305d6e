"""What is worth saying about a pattern that can be read: it matches nobody, or too many."""

import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import Enum

from ostiary.trust.names.aliases import name_of, oid_of
from ostiary.trust.names.globs import MANY, ONE, is_literal, literal_runs, written
from ostiary.trust.names.pattern import Element, Pattern
from ostiary.trust.names.reading import parse_pattern
from ostiary.trust.names.refusal import PatternRefused
from ostiary.trust.names.rules import Rule


class AdviceKind(Enum):
    """What is wrong; the values are stable."""

    REFUSED = "refused"
    """It can't be read, so it can't be used."""
    UNLIKELY = "unlikely-to-match"
    """No certificate that usual tools and authorities make will fit."""
    BROADER = "broader-than-it-looks"
    """It lets more pass than its writer may think of."""


@dataclass(frozen=True, slots=True)
class Advice:
    """One remark: a sentence for people, without a full stop."""

    kind: AdviceKind
    sentence: str
    """What is wrong, a semicolon, and the way out."""

    @property
    def halves(self) -> tuple[str, str]:
        """What is wrong, and the way out."""
        wrong, _, way_out = self.sentence.rpartition("; ")
        return wrong, way_out


_CN, _C, _O, _OU, _DC, _EMAIL = (oid_of(name) for name in ("CN", "C", "O", "OU", "DC", "E"))
_JURISDICTION = oid_of("jurisdictionC")

# X.520, upper bounds, and RFC 5280 appendix A; tools refuse to make longer ones.
_LONGEST = {_CN: 64, _O: 64, _OU: 64, oid_of("title"): 64, oid_of("serialNumber"): 64}
_LONGEST |= {oid_of("L"): 128, oid_of("ST"): 128, _EMAIL: 255}

# Attributes of which a name has one; others (OU, DC, CN, street …) may be repeated.
_ONCE = frozenset({_C, _EMAIL, _JURISDICTION, oid_of("ST"), oid_of("L"), oid_of("serialNumber")})

# What says whose certificate it is; the rest says where somebody is.
_TELLING = frozenset(
    {_CN, _O, _OU, _EMAIL, _DC}
    | {oid_of(name) for name in ("UID", "serialNumber", "organizationIdentifier", "mail")}
)


def advice(text: str) -> tuple[Advice, ...]:
    """Remarks about one pattern; none when there is nothing to say."""
    try:
        pattern = parse_pattern(text)
    except PatternRefused as refused:
        return (Advice(AdviceKind.REFUSED, str(refused)),)
    return (
        *(Advice(AdviceKind.UNLIKELY, sentence) for sentence in _unlikely(pattern)),
        *(Advice(AdviceKind.BROADER, sentence) for sentence in _broader(pattern)),
    )


def rule_advice(rule: Rule) -> tuple[tuple[str, Advice], ...]:
    """Remarks about one rule, each with the field it is about: its patterns, and what it leaves
    out."""
    found = [
        (name, one)
        for name in ("distinguished_name", "issuer")
        if (text := getattr(rule, name)) is not None
        for one in advice(text)
        # An issuer is one authority: its common name alone is what people mean.
        if name == "distinguished_name" or one.kind is not AdviceKind.BROADER
    ]
    if rule.serial is not None and rule.issuer is None:
        found.append(
            (
                "serial",
                Advice(
                    AdviceKind.BROADER,
                    "each authority counts for itself, so certificates of several may have this "
                    "number; add `issuer`",
                ),
            )
        )
    for name in ("dns", "uri", "email"):
        text = getattr(rule, name)
        if text is not None and not text.strip("*?."):
            sentence = f"{text!r} fits any name; write a part of it"
            found.append((name, Advice(AdviceKind.BROADER, sentence)))
    return tuple(found)


def _unlikely(pattern: Pattern) -> Iterator[str]:
    counts = Counter(element.oid for element in pattern.elements)
    for oid in _ONCE:
        if oid and counts[oid] > 1:
            name = name_of(oid)
            yield (
                f"it asks for {counts[oid]} attributes {name}, and a certificate has one; to "
                "allow either, write two patterns"
            )
    for element in pattern.elements:
        yield from _unlikely_element(element)


def _unlikely_element(element: Element) -> Iterator[str]:
    shown = f"{name_of(element.oid)}={written(element.glob)}"
    least = len(element.glob.replace(MANY, ""))
    if not element.glob:
        yield f"`{shown}` asks for an empty value, which X.520 forbids; write `*` for any value"
    elif element.oid in (_C, _JURISDICTION):
        yield from _unlikely_country(element.glob, least, shown)
    longest = _LONGEST.get(element.oid)
    if longest is not None and least > longest:
        yield f"`{shown}` asks for {least} characters, and X.520 allows {longest}; use `*`"
    yield from _unlikely_text(literal_runs(element.glob), shown)


def _unlikely_country(glob: str, least: int, shown: str) -> Iterator[str]:
    if least > 2 or (MANY not in glob and least < 2):
        yield (
            f"`{shown}`: a country has two letters (ISO 3166), and most tools make nothing else; "
            "look at the certificate's subject"
        )
    elif glob != glob.upper():
        yield (
            f"`{shown}`: countries are written in capitals, and values are compared by case; "
            f"write `{shown.upper()}`"
        )


def _unlikely_text(runs: Iterable[str], shown: str) -> Iterator[str]:
    for run in runs:
        if not unicodedata.is_normalized("NFC", run):
            yield (
                f"`{shown}` has accents written as characters of their own, and certificates "
                "usually have composed letters (NFC); type it anew"
            )
        if any(unicodedata.category(char) in ("Cf", "Zs") and char != " " for char in run):
            yield (
                f"`{shown}` holds a space or mark that can't be seen for what it is; it may have "
                "come from a web page; type it anew"
            )


def _broader(pattern: Pattern) -> Iterator[str]:
    telling = [one for one in pattern.elements if one.oid in _TELLING]
    if not pattern.elements:
        yield (
            "`**` alone fits every certificate that leads to a trust anchor; leave the list empty "
            "to say so, or name an organization as in `O=…,**`"
        )
    elif not any(literal_runs(one.glob) for one in pattern.elements):
        yield (
            "no value is given, so it fits everybody with these attributes; name an organization "
            "as in `CN=*,O=…,**`"
        )
    elif not any(literal_runs(one.glob) for one in telling):
        yield (
            "it says where somebody is and not who, so it fits everybody there; name an "
            "organization, a unit or a common name"
        )
    for one in pattern.elements:
        yield from _broader_element(one)


def _broader_element(element: Element) -> Iterator[str]:
    glob = element.glob
    if is_literal(glob):
        return
    shown = f"{name_of(element.oid)}={written(glob)}"
    *_, last = glob.split(MANY)
    if glob.startswith(MANY) and "." in last.replace(ONE, "") and last[0].isalnum():
        yield (
            f"`{shown}` also fits names that only end so, such as `evil{written(last)}`; write "
            f"`*.{written(last)}` or `*@{written(last)}`"
        )
    if glob.endswith(MANY) and "." in glob.split(MANY)[0] and element.oid == _CN:
        yield (
            f"`{shown}` has no end, so the name may go on in anybody's domain; write the end, too"
        )
