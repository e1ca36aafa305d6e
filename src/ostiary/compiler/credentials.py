"""Credentials in requests: a known one is a look-up, an unknown one is asked about, once.

The engine finds the credential, and looks its verdict up under generation, judgement and SHA-256.
What isn't there is asked of the agent. Unlike verdicts on certificates, rows are written by the
agent itself, over the engine's socket: HAProxy's three counters, the one way for rules to write to
a table, are taken (see the decision record 0033).
"""

from collections.abc import Callable, Iterator
from typing import assert_never

from ostiary.compiler import credential_names as names
from ostiary.compiler.client_cert_rules import presented_rules
from ostiary.compiler.enforcement import Gate
from ostiary.compiler.guards import TUNNEL, UPGRADES
from ostiary.compiler.names import ROUTE
from ostiary.compiler.profiles import Authenticating, Profile, Profiles
from ostiary.compiler.questions import Question
from ostiary.compiler.token_rules import binding_rule, token_extraction
from ostiary.config.model.auth_policies import BasicAuthAction, KeyAuthAction
from ostiary.config.model.client_cert import ClientCertAction
from ostiary.config.model.policies.tokens import IntrospectAction, JwtAction
from ostiary.consumers.reason import CredentialReason
from ostiary.haproxy.files import Section, render_map
from ostiary.haproxy.quote import argument, word

LONGEST_KEY = 10 + 1 + 16 + 1 + 64
"""Characters: generation, judgement, SHA-256 in hex."""
STAMP_AT, UNTIL_AT, PASSED_AT = "gpc0", "gpt0", "gpc1"
CODE_BITS = 8
"""Of the stamp, the lowest; the others are the row's number."""
WHO_AT = ("conn_cnt", "sess_cnt", "http_req_cnt", "http_err_cnt")
"""Where a row keeps what. These are the 32-bit numbers of a row that can be set over the socket;
as nobody tracks the rows they count nothing."""
_FROM = "src,ipmask(32,64)"
"""Whose attempts are counted: an address, of IPv6 a network, which is what one client has."""

_FOUND = f"{{ var({names.JUDGEMENT}) -m found }}"
_PRESENTED = f"{{ var({names.PRESENTED}),length gt 0 }}"
_DECIDED = f"{{ var({names.CODE}) -m int 1:255 }}"
_UNKNOWN = f"!{_DECIDED} {_PRESENTED}"
_FAILED = "{ var(txn.ost.error) -m int gt 1 }"
"""As in ``decision``."""
_PASSING = (
    names.JUDGEMENT,
    names.PRESENTED,
    names.BOUND_TO,
    names.UNTIL,
    names.STAMP,
    names.SAME,
    names.ANEW,
    names.CODE,
    names.WHO,
    names.PASSED,
)
"""What one profile must not leave to the next."""


def credential_sections() -> list[Section]:
    """The memory of verdicts: until when, the code, the tests, and the consumer's UUID.

    And the addresses that guess.
    """
    kept = ",".join((UNTIL_AT, STAMP_AT, PASSED_AT, *WHO_AT))
    return [
        Section(
            f"backend {names.TABLE}",
            (f"stick-table type string len {LONGEST_KEY} size 1m expire 1h store {kept}",),
        ),
        Section(
            f"backend {names.GUESSERS}",
            ("stick-table type string len 45 size 100k expire 10m store gpt0",),
        ),
    ]


def credential_files(profiles: Profiles) -> dict[str, bytes]:
    """Of each profile the map from a route's number to what is judged by; and the reasons' words,
    for the log."""
    files = {
        profile.file: render_map({str(rank): one.id for rank, one in profile.judgements.items()})
        for profile in profiles
    }
    words = {str(reason.code): reason.value for reason in CredentialReason}
    return {**files, names.REASONS_FILE: render_map({"1": "admitted", **words})}


def credential_arguments() -> str:
    """What the agent is told of a credential it is asked about."""
    return (
        f"judgement=var({names.JUDGEMENT}) credential=var({names.PRESENTED}) "
        f"key=var({names.KEY}) worker=var({names.WORKER}) client={_FROM},concat() "
        f"tunnel=var({names.TUNNEL}) certificate=var({names.BOUND_TO})"
    )


def credential_rules(
    profiles: Profiles, path_of: Callable[[str], str], gate: Gate | None, *, in_header: bool = False
) -> list[str]:
    """Set each profile's verdict; stands after the route's look-up, and the certificate's verdict.

    Nobody is refused here: that is for the steps of the pipeline, in their order. Who doesn't pass
    the ``gate`` gets to no pipeline: nothing is looked for. ``in_header``: the client's certificate
    comes in a header.
    """
    if not profiles:
        return []
    rules = [
        f"http-request set-var({names.NOW}) date",
        f"http-request set-var-fmt({names.TUNNEL}) {TUNNEL} if {UPGRADES}",
    ]
    for profile in profiles:
        passes = f" {gate.passes}" if gate else ""
        rules += _rules(profile, path_of(profile.file), passes, in_header=in_header)
    return rules


def _rules(profile: Profile, file: str, passes: str, *, in_header: bool) -> Iterator[str]:
    if profile.number > 1:
        for name in _PASSING:
            yield f"http-request unset-var({name})"
    yield f"http-request set-var({names.JUDGEMENT}) var({ROUTE}),map_str({file}){passes}"
    if isinstance(profile.action, ClientCertAction):
        yield from presented_rules(in_header=in_header)
    else:
        yield from _extraction(profile.action)
    if isinstance(profile.action, JwtAction | IntrospectAction):
        yield binding_rule()
    key = f"var({names.GENERATION}),concat(|,{names.JUDGEMENT},|),concat(,{names.HASH})"
    yield f"http-request set-var({names.KEY}) {key} if {_PRESENTED}"
    yield from _recalling()
    if isinstance(profile.action, ClientCertAction):
        yield from _asking(Question.CONSUMER)
    else:
        yield from _turning_away()
        yield from _asking(Question.CREDENTIAL)
    if profile.number:
        for kept, found in (
            (names.code_of_profile(profile.number), names.CODE),
            (names.who_of_profile(profile.number), names.WHO),
            (names.passed_of_profile(profile.number), names.PASSED),
        ):
            yield f"http-request set-var({kept}) var({found}) if {_FOUND}"


def _recalling() -> Iterator[str]:
    """What the row holds: from the connection, if that has seen the very same row, else looked up.

    Its stamp tells rows of one key apart. The time doesn't: a row ends with its token, whatever
    changed meanwhile. Nothing waits between these rules, so what they keep is of one row. Whoever
    asks for a WebSocket is asked about each time: on it nothing more is judged, so the agent has to
    remember it.
    """
    kept = ((names.KEPT_WHO, names.WHO), (names.KEPT_PASSED, names.PASSED))
    holds = f"{{ var({names.UNTIL}),sub({names.NOW}) gt 0 }} !{UPGRADES}"
    same = (
        f"{{ var({names.STAMP}),sub({names.KEPT_STAMP}) eq 0 }} "
        f"{{ var({names.KEY}),strcmp({names.KEPT_KEY}) eq 0 }}"
    )
    anew = f"{{ var({names.ANEW}) -m bool }}"
    code = f"http-request set-var({names.CODE}) var({names.STAMP}),and({(1 << CODE_BITS) - 1})"
    yield f"http-request set-var({names.UNTIL}) {_at(UNTIL_AT)} if {_PRESENTED}"
    yield f"http-request set-var({names.STAMP}) {_at(STAMP_AT)} if {holds}"
    yield f"http-request set-var({names.SAME}) bool(true) if {holds} {same}"
    as_kept = f"{{ var({names.SAME}) -m bool }}"
    for source, name in kept:
        yield f"http-request set-var({name}) var({source}) if {as_kept}"
    yield f"{code} if {as_kept}"
    yield f"http-request set-var({names.ANEW}) bool(true) if !{_DECIDED} {holds}"
    yield f"http-request set-var-fmt({names.WHO}) {word(_consumer())} if {anew}"
    yield f"http-request set-var({names.PASSED}) {_at(PASSED_AT)} if {anew}"
    yield f"{code} if {anew}"
    for name, found in (*kept, (names.KEPT_STAMP, names.STAMP), (names.KEPT_KEY, names.KEY)):
        yield f"http-request set-var({name}) var({found}) if {anew} {_DECIDED}"


def _at(number: str) -> str:
    return f"var({names.KEY}),table_{number}({names.TABLE})"


def _consumer() -> str:
    """The consumer's UUID as text. A number is eight bytes here, of which the last four are set."""

    def words(number: str, *bounds: tuple[int, int]) -> str:
        parts = (f"{_at(number)},bytes({start},{size}),hex,lower" for start, size in bounds)
        return "-".join(f"%[{part}]" for part in parts)

    first, second, third, fourth = WHO_AT
    return (
        f"{words(first, (4, 4))}-{words(second, (4, 2), (6, 2))}-"
        f"{words(third, (4, 2), (6, 2))}{words(fourth, (4, 4))}"
    )


def _turning_away() -> Iterator[str]:
    guesses = f"{{ {_FROM},table_gpt0({names.GUESSERS}),sub({names.NOW}) gt 0 }}"
    too_many = CredentialReason.TOO_MANY.code
    yield f"http-request set-var({names.CODE}) int({too_many}) if {_UNKNOWN} {guesses}"


def _asking(question: Question) -> Iterator[str]:
    ask = f"http-request send-spoe-group ostiary {question.value} if"
    set_code = f"http-request set-var({names.CODE})"
    yield f"http-request unset-var(txn.ost.error) if {_UNKNOWN}"
    yield f"http-request set-var-fmt({names.WORKER}) %pid if {_UNKNOWN}"
    yield f"{ask} {_UNKNOWN}"
    yield f"{ask} {_UNKNOWN} {_FAILED}"
    yield f"{set_code} int({CredentialReason.NO_ANSWER.code}) if {_UNKNOWN}"
    yield f"{set_code} int({CredentialReason.MISSING.code}) if !{_DECIDED} {_FOUND}"


def _extraction(action: Authenticating) -> Iterator[str]:
    # As ``services.credentials.credential_in``, for described requests.
    match action:
        case KeyAuthAction():
            if not action.disable_headers:
                yield _from_header(action.api_key_header, action.scheme)
            if not action.disable_query_param:
                found = f"url_param({argument(action.api_key_field)}),url_dec(1)"
                yield (
                    f"http-request set-var({names.PRESENTED}) {word(found)} "
                    f"if {_FOUND} !{_PRESENTED}"
                )
        case BasicAuthAction():
            yield _from_header("Authorization", "Basic")
        case JwtAction() | IntrospectAction():
            yield from token_extraction(action, _FOUND, _from_header)
        case _:
            assert_never(action)
    yield f"http-request set-var({names.HASH}) var({names.PRESENTED}),sha2(256),hex if {_PRESENTED}"


def _from_header(header: str, scheme: str) -> str:
    """A header that comes twice can be read in two ways: it counts as none."""
    value = f"req.fhdr({argument(header)})"
    tests = [_FOUND, f"{{ {word(f'req.fhdr_cnt({argument(header)})')} -m int 1 }}"]
    if scheme:
        tests.append(f"{{ {word(value)} -m beg -i -- {word(f'{scheme} ')} }}")
        value += f",bytes({len(scheme) + 1}),ltrim({argument(' ')})"
    return f"http-request set-var({names.PRESENTED}) {word(value)} if {' '.join(tests)}"
