"""JavaScript expressions and template strings, as far as they are supported, to parts.

The grammar is closed: texts in quotes, numbers, template strings, ``+``, parentheses, and the
properties of ``FACTS``, ``req.headers``, ``req.query``, ``req.get()`` and ``req.header()``.
ECMAScript 2023 section 12.9 for literals, Express 4 and Express Gateway 1.16 for the properties.
"""

import re
from collections.abc import Mapping
from types import MappingProxyType

from ostiary.config.expression.parts import Expression, Fact, Header, Part, Query, Text, Told
from ostiary.kernel.errors import OstiaryError

SUPPORTED = (
    "supported: text in quotes, `…${…}…`, +, req.ip, req.hostname, req.method, req.protocol, "
    "req.path, req.url, req.originalUrl, req.headers['name'], req.get('name'), req.query.name, "
    "requestID, consumer.id, and of req.client.getPeerCertificate(): fingerprint256, "
    "serialNumber, subject.CN"
)
_DEEPEST = 16
_NAME = re.compile(r"[A-Za-z_$][A-Za-z0-9_$]*")
_NUMBER = re.compile(r"(?:0|[1-9][0-9]{0,14})(?![0-9A-Za-z_.$])")
_BLANKS = re.compile(r"[ \t]*")
_HEADER = re.compile(r"[a-z0-9_-]{1,128}")
_QUERY = re.compile(r"[A-Za-z0-9._~-]{1,128}")
_ESCAPE = re.compile(r"\\(?:x([0-9A-Fa-f]{2})|u([0-9A-Fa-f]{4})|u\{([0-9A-Fa-f]{1,6})\}|(.))")
_NO_TEXT = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
_PEER = tuple(("req", one, "getPeerCertificate", "()") for one in ("client", "socket"))
FACTS: Mapping[tuple[str, ...], Fact] = MappingProxyType(
    {
        ("req", "ip"): Fact.IP,
        ("req", "connection", "remoteAddress"): Fact.IP,
        ("req", "socket", "remoteAddress"): Fact.IP,
        ("req", "hostname"): Fact.HOSTNAME,
        ("req", "host"): Fact.HOSTNAME,
        ("req", "method"): Fact.METHOD,
        ("req", "protocol"): Fact.PROTOCOL,
        ("req", "path"): Fact.PATH,
        ("req", "url"): Fact.URL,
        ("req", "originalUrl"): Fact.ORIGINAL_URL,
        ("requestID",): Fact.REQUEST_ID,
        ("consumer", "id"): Fact.CONSUMER_ID,
        ("req", "user", "id"): Fact.CONSUMER_ID,
        **{(*peer, "fingerprint256"): Fact.FINGERPRINT for peer in _PEER},
        **{(*peer, "serialNumber"): Fact.SERIAL for peer in _PEER},
        **{(*peer, "subject", "CN"): Fact.COMMON_NAME for peer in _PEER},
    }
)
"""Properties by the names on the way to them."""


class NotSupported(OstiaryError):
    """An expression that can't be worked out by the engine; the message is for the operator."""


class Mistaken(NotSupported):
    """One that can't mean what was wanted, whoever works it out."""


def parse_expression(source: str) -> Expression:
    """Read an expression, as in ``'"text"'`` or ``req.headers['x-name'] + '!'``.

    Raises NotSupported.
    """
    reader = _Reader(source)
    parts = reader.sum()
    reader.end()
    return _joined(parts)


def parse_template(source: str) -> Expression:
    """Read the inside of a template string, as in ``${req.ip} asks``. Raises NotSupported."""
    reader = _Reader(source)
    return _joined(reader.template(closing=""))


def _joined(parts: list[Part]) -> Expression:
    """Neighbouring texts made one, empty ones left out; refuse what no line may hold."""
    joined: list[Part] = []
    text = ""
    for part in (*parts, None):
        if isinstance(part, Text):
            text += part.text
            continue
        if _NO_TEXT.search(text):
            raise Mistaken("an expression's text can't hold control characters")
        joined += [Text(text)] if text else []
        joined += [part] if part else []
        text = ""
    return tuple(joined)


class _Reader:
    def __init__(self, source: str) -> None:
        self._source = source
        self._at = 0
        self._depth = 0

    def end(self) -> None:
        """Only blanks may be left."""
        self._skip()
        if self._at < len(self._source):
            raise self._unknown(self._at)

    def sum(self) -> list[Part]:
        """Terms with ``+`` between them; two numbers at the front would be added up instead."""
        self._depth += 1
        if self._depth > _DEEPEST:
            raise NotSupported(f"an expression is nested deeper than {_DEEPEST} levels")
        self._skip()
        numbers = [_NUMBER.match(self._source, self._at)]
        parts = self._term()
        while self._take("+"):
            numbers.append(_NUMBER.match(self._source, self._at))
            parts += self._term()
        if len(numbers) > 1 and all(numbers[:2]):
            raise NotSupported("numbers aren't added up here; write the sum")
        self._depth -= 1
        return parts

    def template(self, *, closing: str) -> list[Part]:
        """Text with ``${…}`` in it, up to the closing sign; without one up to the end."""
        parts: list[Part] = []
        while self._at < len(self._source) and not (closing and self._here(closing)):
            if self._here("${"):
                self._at += 2
                parts += self.sum()
                self._expect("}")
            elif self._here("`"):
                raise Mistaken("a ` ends a template string; write \\` for the sign")
            else:
                parts.append(Text(self._character()))
        if closing:
            self._expect(closing)
        return parts

    def _term(self) -> list[Part]:
        number = _NUMBER.match(self._source, self._at)
        if number:
            self._at = number.end()
            return [Text(number.group())]
        if self._take("("):
            start = self._at
            parts = self.sum()
            self._expect(")")
            if _NUMBER.fullmatch(self._source[start : self._at].strip(" \t()")):
                raise NotSupported("a number needs no parentheses")
            return parts
        if self._here("`"):
            self._at += 1
            return self.template(closing="`")
        if self._here("'") or self._here('"'):
            return [Text(self._string())]
        return [self._property()]

    def _property(self) -> Part:
        start = self._at
        path = tuple(self._path())
        if path[:2] == ("req", "egContext"):
            path = path[1:]
        if path[:1] == ("egContext",):
            path = path[1:]
        if path in FACTS:
            return Told(FACTS[path])
        match path:
            case ("req", "headers", name):
                if name != name.lower():
                    message = f"names in req.headers are lower case: {name[:80]!r} is never there"
                    raise Mistaken(f"{message}; write {name[:80].lower()!r}")
                return self._header(name, start)
            case ("req", "get" | "header", "(", name, ")"):
                return self._header(name.lower(), start)
            case ("req", "query", name) if _QUERY.fullmatch(name):
                return Query(name)
            case _:
                raise self._unknown(start)

    def _header(self, name: str, start: int) -> Part:
        if not _HEADER.fullmatch(name):
            raise self._unknown(start)
        return Header(name)

    def _path(self) -> list[str]:
        """``a.b['c'](d)`` as ``a b c ( d )``, a call without arguments as ``()``."""
        path = [self._name()]
        while True:
            if self._take("."):
                path.append(self._name())
            elif self._take("["):
                path.append(self._quoted())
                self._expect("]")
            elif self._take("("):
                if self._take(")"):
                    path.append("()")
                    continue
                path += ["(", self._quoted(), ")"]
                self._expect(")")
            else:
                return path

    def _name(self) -> str:
        found = _NAME.match(self._source, self._at)
        if found is None:
            raise self._unknown(self._at)
        self._at = found.end()
        return found.group()

    def _quoted(self) -> str:
        if not (self._here("'") or self._here('"')):
            raise self._unknown(self._at)
        return self._string()

    def _string(self) -> str:
        quote = self._source[self._at]
        self._at += 1
        text: list[str] = []
        while self._at < len(self._source) and not self._here(quote):
            text.append(self._character())
        self._at += 1
        if self._at > len(self._source):
            raise NotSupported(f"a text that begins with {quote} has no end")
        return "".join(text)

    def _character(self) -> str:
        """One character of a text, with JavaScript's escapes."""
        if not self._here("\\"):
            self._at += 1
            return self._source[self._at - 1]
        found = _ESCAPE.match(self._source, self._at)
        if found is None or (found[4] or "") in tuple("bfnrtv0123456789xu"):
            raise self._unknown(self._at)
        self._at = found.end()
        code = found[1] or found[2] or found[3]
        if code is None:
            return found[4]
        if int(code, 16) > 0x10FFFF:
            raise self._unknown(found.start())
        return chr(int(code, 16))

    def _skip(self) -> None:
        found = _BLANKS.match(self._source, self._at)
        self._at = found.end() if found else self._at

    def _here(self, sign: str) -> bool:
        return self._source.startswith(sign, self._at)

    def _take(self, sign: str) -> bool:
        """Go past the sign and the blanks around it, if it is here."""
        self._skip()
        if not self._here(sign):
            return False
        self._at += len(sign)
        self._skip()
        return True

    def _expect(self, sign: str) -> None:
        # Behind a closing sign blanks may be text: only those before it are skipped.
        if sign != "`":
            self._skip()
        if not self._here(sign):
            raise self._unknown(self._at)
        self._at += len(sign)

    def _unknown(self, at: int) -> NotSupported:
        rest = self._source[at : at + 60] or "its end"
        return NotSupported(f"this form isn't supported yet, from here on: {rest}")
