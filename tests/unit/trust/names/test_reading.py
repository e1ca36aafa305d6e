"""Reading patterns: RFC 4514 with wildcards, and what is refused with a way out."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ostiary.trust.names.globs import MANY, ONE, canonical, written
from ostiary.trust.names.pattern import Element, Pattern
from ostiary.trust.names.reading import LONGEST_PATTERN, MOST_ELEMENTS, parse_pattern
from ostiary.trust.names.refusal import PatternRefused
from ostiary.x509.names import hostile_character
from tests.unit.trust.names.model import name

SEED = "CN=localhost,C=IND,ST=KA,L=BLR,O=Boomi,OU=Boomi,Email=abc@test.com"


def fits(pattern: str, *subject: str) -> bool:
    return parse_pattern(pattern).fits(name(*subject))


def test_the_example_of_api_management_fits_its_certificate_in_any_order_and_quotes() -> None:
    subject = SEED.split(",")
    for text in (SEED, f"\u2018{SEED}\u2019", f"'{SEED}'", f'"{SEED}"', f" \u201c{SEED}\u201d "):
        assert fits(text, *subject)
        assert fits(text, *reversed(subject))
        assert not fits(text, *subject, "OU=more")
        assert not fits(text, *subject[1:])


@pytest.mark.parametrize(
    "kinds",
    [
        ("CN", "cn", "commonName", "2.5.4.3", "OID.2.5.4.3", "oid.2.5.4.3"),
        ("E", "Email", "emailAddress", "EMAILADDRESS", "1.2.840.113549.1.9.1"),
        ("ST", "S", "stateOrProvinceName"),
        ("SN", "surname"),
        ("T", "title"),
        ("GN", "G", "givenName"),
        ("street", "STREET", "streetAddress"),
        ("DC", "domainComponent"),
        ("UID", "userId"),
        ("serialNumber", "SERIALNUMBER", "2.5.4.5"),
        ("postalCode", "POSTALCODE"),
        ("dnQualifier", "DNQ"),
    ],
    ids=lambda kinds: kinds[0],
)
def test_a_type_may_be_written_by_any_of_its_names(kinds: tuple[str, ...]) -> None:
    assert len({parse_pattern(f"{kind}=x").elements for kind in kinds}) == 1


def test_a_type_nobody_named_is_written_by_its_identifier() -> None:
    assert parse_pattern("1.3.6.1.4.1.99999.1=a*").elements == (
        Element("1.3.6.1.4.1.99999.1", f"a{MANY}"),
    )


@pytest.mark.parametrize(
    ("value", "glob"),
    [
        ("a", "a"),
        ("  a b  ", "a b"),
        (r"\ a\ ", " a "),
        (r"a\,b\+c\;d\=e", "a,b+c;d=e"),
        (r"\*a\?", "*a?"),
        (r"a\\b", r"a\b"),
        (r"\#a", "#a"),
        (r"Z\C3\BCrich", "Zürich"),
        (r"\e2\82\ac", "€"),
        ("a=b", "a=b"),
        ("a*b?c", f"a{MANY}b{ONE}c"),
        ("**", MANY),
        ("*?*", ONE + MANY),
        ('"a,b+c"', "a,b+c"),
        (r'"a\"*"', f'a"{MANY}'),
        ("#0C0161", "a"),
        ("#1E0400610062", "ab"),
        ("#03020001", "#01"),
        ("", ""),
    ],
)
def test_a_value_is_read_as_rfc_4514_says(value: str, glob: str) -> None:
    for text in (f"CN={value}", f"CN = {value} , **", f"** ;cn={value}", f"**+CN= {value}"):
        assert parse_pattern(text).elements == (Element("2.5.4.3", glob),)


@pytest.mark.parametrize(
    ("text", "says", "at"),
    [
        ("", "missing", 1),
        ("CN=a,", "missing", 6),
        ("CN=a,,O=b", "missing", 6),
        ("*", "is no element", 1),
        ("*=a", "is no element", 1),
        ("***", "is no element", 1),
        ("CN", "is no element", 1),
        ("=a", "is no element", 1),
        ("CN=a,Boomi", "is no element", 6),
        ("/C=IN/CN=a", "slashes", 1),
        ("CNN=a", "did you mean 'CN'", 1),
        ("O=a,orgnization=b", "did you mean 'organization'", 5),
        ("99.1=a", "no attribute", 1),
        ("'CN=a", "not closed", 1),
        ('CN="a', "not closed", 4),
        ('CN="a"b', "after a quoted value", 7),
        ('CN=a"b', "quote inside", 5),
        ("CN=a\\", "backslash", 5),
        ("CN=a\\q", "backslash", 5),
        ("CN=a\0", "U+0000", 1),
        ("CN=a\nO=b", "U+000A", 1),
        (r"CN=a\00b", "U+0000", 5),
        (r"CN=\C3", "UTF-8", 4),
        ("CN=#zz", "BER", 4),
        ("CN=#0C0261", "BER", 4),
        ("CN=" + "a" * LONGEST_PATTERN, "characters", 0),
        (",".join(["OU=a"] * (MOST_ELEMENTS + 1)), "elements", 0),
    ],
)
def test_what_is_no_pattern_is_refused_with_a_place_and_a_way_out(
    text: str, says: str, at: int
) -> None:
    with pytest.raises(PatternRefused) as caught:
        parse_pattern(text)
    assert says in str(caught.value)
    assert caught.value.way_out
    assert caught.value.at == at or (at == 0 and says == "elements")


def read_or_refused(text: str) -> Pattern | str:
    try:
        return parse_pattern(text)
    except PatternRefused as refused:
        return refused.way_out


@settings(max_examples=400, deadline=None)
@given(st.text(max_size=40))
def test_no_text_makes_the_reader_fall_over(text: str) -> None:
    assert read_or_refused(text) != ""


@settings(max_examples=300, deadline=None)
@given(st.text(st.sampled_from('CN=Oa,;+*?\\"# 04cC'), max_size=20))
def test_nothing_made_of_special_characters_makes_the_reader_fall_over(text: str) -> None:
    assert read_or_refused(f"CN={text}") != ""


VALUES = st.text(max_size=12).filter(lambda text: hostile_character(text) is None)


@settings(max_examples=300, deadline=None)
@given(VALUES)
def test_any_value_can_be_written_so_that_it_means_itself(value: str) -> None:
    (element,) = parse_pattern(f"CN={written(value)},**").elements
    assert element.glob == value
    assert fits(f"CN={written(value)}", f"CN={value}")


@given(st.text(st.sampled_from("a, #*" + ONE + MANY), max_size=10).map(canonical))
def test_any_glob_is_read_as_it_is_written(glob: str) -> None:
    (element,) = parse_pattern(f"CN={written(glob)}").elements
    assert element.glob == glob


def test_a_comma_in_a_value_forges_nothing() -> None:
    assert not fits("CN=a,O=Bank", "CN=a,O=Bank")
    assert fits(r"CN=a\,O=Bank", "CN=a,O=Bank")
    assert not fits("CN=*,O=Bank", "CN=x,O=Bank", "O=Evil")
