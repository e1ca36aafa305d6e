"""The listeners' rules that ask whose a certificate is.

A step ``client-cert`` narrows: it looks only at certificates that the request's policy has
admitted. So what is remembered about one is remembered by its fingerprint alone, and who withdraws
trust needs to know nothing of consumers.
"""

from collections.abc import Iterator

from ostiary.compiler import credential_names as credentials
from ostiary.compiler import names
from ostiary.compiler.conditions import AUTHENTICATED
from ostiary.compiler.facts import Fact
from ostiary.consumers.reason import CredentialReason
from ostiary.trust.reason import Reason

_FOUND = f"{{ var({credentials.JUDGEMENT}) -m found }}"
_UNDECIDED = f"!{{ var({credentials.CODE}) -m int 1:255 }}"


def presented_rules(*, in_header: bool) -> Iterator[str]:
    """Say what was shown, or why nothing that was shown counts."""
    shown = Fact.FINGERPRINT.value if in_header else f"var({names.FINGERPRINT})"
    code = f"http-request set-var({credentials.CODE})"
    judged = f"{_FOUND} {{ var({names.CODE}) -m found }}"
    absent = f"{{ var({names.CODE}) -m int {names.ADMITTED} {Reason.NO_CERTIFICATE.code} }}"
    unanswered = f"{{ var({names.CODE}) -m int {Reason.NO_ANSWER.code} }}"
    yield f"http-request set-var({credentials.PRESENTED}) {shown} if {_FOUND} {AUTHENTICATED}"
    yield f"http-request set-var({credentials.HASH}) var({credentials.PRESENTED}) if {_FOUND}"
    yield f"{code} int({CredentialReason.NO_ANSWER.code}) if {judged} {unanswered}"
    yield f"{code} int({CredentialReason.NOT_ADMITTED.code}) if {judged} {_UNDECIDED} !{absent}"


def consumer_arguments(*, in_header: bool) -> str:
    """What the agent is told of a certificate whose consumer it is asked for."""
    shown = f"told=var({names.TOLD_CERTIFICATE})" if in_header else "cert=ssl_c_der"
    return (
        f"judgement=var({credentials.JUDGEMENT}) key=var({credentials.KEY}) "
        f"worker=var({credentials.WORKER}) tunnel=var({credentials.TUNNEL}) {shown}"
    )
