"""Requests that two readers could understand in two ways, and which may be passed on at all."""

HEAD = b"POST /open/x HTTP/1.1\r\nHost: a.example\r\n"
SMUGGLED = b"GET /open/smuggled HTTP/1.1\r\nHost: a.example\r\n\r\n"
SHAPES = {
    "length-and-chunked": HEAD
    + b"Content-Length: 6\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "two-lengths": HEAD + b"Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello",
    "two-lengths-in-one": HEAD + b"Content-Length: 5, 6\r\n\r\nhello",
    "length-with-plus": HEAD + b"Content-Length: +5\r\n\r\nhello",
    "length-with-minus": HEAD + b"Content-Length: -5\r\n\r\nhello",
    "length-in-hex": HEAD + b"Content-Length: 0x5\r\n\r\nhello",
    "length-with-space": HEAD + b"Content-Length : 5\r\n\r\nhello",
    "length-of-nothing": HEAD + b"Content-Length: \r\n\r\nhello",
    "length-too-long": HEAD + b"Content-Length: 99999999999999999999999\r\n\r\nhello",
    "coding-with-space": HEAD + b"Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n",
    "coding-odd": HEAD + b"Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
    "coding-twice": HEAD
    + b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "coding-then-more": HEAD + b"Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n",
    "coding-tab": HEAD + b"Transfer-Encoding:\tchunked\r\nContent-Length: 3\r\n\r\n0\r\n\r\n",
    "coding-vertical-tab": HEAD + b"Transfer-Encoding: \x0bchunked\r\n\r\n0\r\n\r\n",
    "coding-in-quotes": HEAD + b'Transfer-Encoding: "chunked"\r\n\r\n0\r\n\r\n',
    "coding-folded": HEAD + b"Transfer-Encoding:\r\n chunked\r\nContent-Length: 3\r\n\r\n0\r\n\r\n",
    "coding-by-old-client": b"POST /open/x HTTP/1.0\r\nHost: a.example\r\n"
    b"Transfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n0\r\n\r\n",
    "chunk-size-with-sign": HEAD + b"Transfer-Encoding: chunked\r\n\r\n+1\r\na\r\n0\r\n\r\n",
    "chunk-size-with-0x": HEAD + b"Transfer-Encoding: chunked\r\n\r\n0x1\r\na\r\n0\r\n\r\n",
    "chunk-size-too-long": HEAD + b"Transfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\na\r\n",
    "chunk-without-end": HEAD + b"Transfer-Encoding: chunked\r\n\r\n1\r\nabc\r\n0\r\n\r\n",
    "two-hosts": b"GET /open/x HTTP/1.1\r\nHost: a.example\r\nHost: b.example\r\n\r\n",
    "two-equal-hosts": b"GET /open/x HTTP/1.1\r\nHost: a.example\r\nHost: a.example\r\n\r\n",
    "no-host": b"GET /open/x HTTP/1.1\r\n\r\n",
    "empty-host": b"GET /open/x HTTP/1.1\r\nHost: \r\n\r\n",
    "host-with-path": b"GET /open/x HTTP/1.1\r\nHost: a.example/x\r\n\r\n",
    "host-with-user": b"GET /open/x HTTP/1.1\r\nHost: u@a.example\r\n\r\n",
    "host-list": b"GET /open/x HTTP/1.1\r\nHost: a.example, b.example\r\n\r\n",
    "host-with-nul": b"GET /open/x HTTP/1.1\r\nHost: a.example\x00b\r\n\r\n",
    "host-space-before-colon": b"GET /open/x HTTP/1.1\r\nHost : a.example\r\n\r\n",
    "nul-in-value": b"GET /open/x HTTP/1.1\r\nHost: a.example\r\nX: a\x00b\r\n\r\n",
    "bell-in-value": b"GET /open/x HTTP/1.1\r\nHost: a.example\r\nX: a\x07b\r\n\r\n",
    "escape-in-value": b"GET /open/x HTTP/1.1\r\nHost: a.example\r\nX: \x1b[31m\r\n\r\n",
    "delete-in-value": b"GET /open/x HTTP/1.1\r\nHost: a.example\r\nX: a\x7fb\r\n\r\n",
    "lone-cr-in-value": b"GET /open/x HTTP/1.1\r\nHost: a.example\r\nX: a\rb\r\n\r\n",
    "cr-in-name": b"GET /open/x HTTP/1.1\r\nHost: a.example\r\nX\r: a\r\n\r\n",
    "nul-in-name": b"GET /open/x HTTP/1.1\r\nHost: a.example\r\nX\x00Y: a\r\n\r\n",
    "space-in-name": b"GET /open/x HTTP/1.1\r\nHost: a.example\r\nX Y: a\r\n\r\n",
    "no-name": b"GET /open/x HTTP/1.1\r\nHost: a.example\r\n: a\r\n\r\n",
    "no-colon": b"GET /open/x HTTP/1.1\r\nHost: a.example\r\nclient-cert\r\n\r\n",
    "folded-first-header": b"GET /open/x HTTP/1.1\r\n X: a\r\nHost: a.example\r\n\r\n",
    "nul-in-target": b"GET /open/\x00x HTTP/1.1\r\nHost: a.example\r\n\r\n",
    "no-version": b"GET /open/x\r\nHost: a.example\r\n\r\n",
    "version-2": b"GET /open/x HTTP/2.0\r\nHost: a.example\r\n\r\n",
    "version-odd": b"GET /open/x HTTP/1.1x\r\nHost: a.example\r\n\r\n",
    "method-odd": b"G(T /open/x HTTP/1.1\r\nHost: a.example\r\n\r\n",
    "connect": b"CONNECT a.example:443 HTTP/1.1\r\nHost: a.example:443\r\n\r\n",
    "trace": b"TRACE /open/x HTTP/1.1\r\nHost: a.example\r\n\r\n",
    "not-http": b"\x00\x01\x02\x03\r\n\r\n",
    "http2-in-http1": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
}
MAY_BE_SERVED = {
    # HAProxy keeps one of equal ones while it parses, so they can't be counted; nor can they
    # be understood in two ways.
    "two-equal-hosts",
    # One reading, made regular by HAProxy before it is passed on (RFC 9112 sections 6.1 and 6.3).
    "length-and-chunked",
    "coding-tab",
    "coding-folded",
    "coding-by-old-client",
    # In the end the body is refused when the head may have been passed on already.
    "chunk-size-with-sign",
    "chunk-size-with-0x",
    "chunk-size-too-long",
    "chunk-without-end",
}
