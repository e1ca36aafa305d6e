"""No string carries control characters."""

import pytest

from tests.unit.config.support import MINIMAL, SECURE, loaded, only, refused


@pytest.mark.parametrize(
    ("escape", "name"),
    [
        ("\\0", "NUL"),
        ("\\n", "a line break"),
        ("\\r", "U+000D"),
        ("\\e", "U+001B"),
        ("\\x7f", "U+007F"),
        ("\\u2028", "U+2028"),
        ("\\x85", "U+0085"),
    ],
)
def test_a_control_character_in_a_value_is_refused(escape: str, name: str) -> None:
    lines = refused(MINIMAL + f'logs: {{access: "a{escape}b"}}\n')
    assert any("logs.access: holds" in line and name in line for line in lines)


def test_a_control_character_in_a_key_is_refused() -> None:
    assert any("U+0007" in line for line in refused(MINIMAL + 'logs: {"a\\a": b}\n'))


def test_a_variable_brings_no_line_break_in() -> None:
    line = only(refused(MINIMAL + "logs: {access: ${LOG}}\n", {"LOG": "a\nuser root"}))
    assert "holds a line break" in line


def test_a_private_key_pasted_for_a_file_is_told_and_not_printed() -> None:
    text = SECURE.replace("server.key", '"-----BEGIN PRIVATE KEY-----\\nMIIsecret\\n"')
    lines = refused(text)
    assert any("PEM text where a file name is expected" in line for line in lines)
    assert "MII" not in "\n".join(lines)


def test_revocation_lists_may_be_pem_text() -> None:
    pem = '"-----BEGIN X509 CRL-----\\nMII=\\n-----END X509 CRL-----\\n"'
    result = loaded(SECURE.replace("requestCert: true", f"requestCert: true, crl: [{pem}, b.crl]"))
    assert result.document.https is not None
    assert result.document.https.options.crl[1] == "b.crl"
