"""What conditions ask about certificates: the agent answers with the verdict, rows remember it.

An answer depends on the certificate and on the tests alone, and each worker asks by the id of its
own tests. So whoever wrote a row's bits, they are the same: only the verdict can be withdrawn.
"""

from collections.abc import Iterator

from ostiary.compiler import names
from ostiary.config.model.certificate_condition import ClientCertificate
from ostiary.config.model.condition import AllOf, Condition, Not, OneOf
from ostiary.config.model.document import Document
from ostiary.trust.names.marks import BITS, CertificateTest, Marks


def marks_of(document: Document) -> Marks:
    """All of a document, each once; the same document gives the same order.

    Raises PatternRefused for what can't be read.
    """
    conditions = (
        step.condition
        for pipeline in document.pipelines.values()
        for use in pipeline.policies
        for step in use.steps
    )
    return Marks(dict.fromkeys(test for one in conditions for test in _tests(one)))


def certificate_test(condition: ClientCertificate) -> CertificateTest:
    """What a condition asks."""
    return CertificateTest(condition.given)


def variable(number: int) -> str:
    """The variable that holds the numbers' ``number``-th; set where the client is admitted."""
    return f"{names.MARKS}{number}"


def mark_literal(condition: ClientCertificate, marks: Marks) -> str:
    """ACL literal: the certificate is one of these. Counts together with ``AUTHENTICATED`` only."""
    number, bit = divmod(marks.tests.index(certificate_test(condition)), BITS)
    return f"{{ var({variable(number)}),and({1 << bit}) gt 0 }}"


def mark_arguments(marks: Marks) -> str:
    """What a question says for the answer to have them."""
    return f" marks=str({marks.id})" if marks else ""


def _tests(condition: Condition) -> Iterator[CertificateTest]:
    if isinstance(condition, ClientCertificate):
        yield certificate_test(condition)
    if isinstance(condition, Not):
        yield from _tests(condition.condition)
    if isinstance(condition, AllOf | OneOf):
        for one in condition.conditions:
            yield from _tests(one)
