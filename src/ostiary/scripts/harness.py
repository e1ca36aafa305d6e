"""The JavaScript around a script: it makes ``req`` and the rest, runs it, and reads the result.

It is evaluated in a fresh global before each script, so nothing a script does is there for the
next; and it keeps the intrinsics it needs, so nothing a script does reaches what comes after it.
"""

import json
from typing import Final

from ostiary.scripts.vocabulary import (
    NOT_GLOBALS,
    NOT_OF_CERTIFICATE,
    NOT_OF_REQUEST,
    NOT_OF_SOCKET,
    OF_ALL,
)

_HIDDEN: Final = json.dumps(
    {
        whose: f" {' '.join(names)} "
        for whose, names in (
            ("req", NOT_OF_REQUEST),
            ("socket", NOT_OF_SOCKET),
            ("certificate", NOT_OF_CERTIFICATE),
        )
    }
)

HARNESS: Final = (
    "(function (text, code, wanted, longest) {\n'use strict';\n"
    f"const HIDDEN = {_HIDDEN}, GLOBALS = {json.dumps(NOT_GLOBALS)},"
    f" ALL = {json.dumps(' '.join(('', *OF_ALL, '')))};\n"
    + r"""
const run = eval, {parse, stringify} = JSON, {defineProperty, getPrototypeOf, keys} = Object;
const plain = [Object.prototype, Array.prototype, null];
const asString = String, fault = (what) => new Fault(what), Fault = Error;
const call = Function.prototype.call, formed = call.bind(String.prototype.isWellFormed);
const holds = call.bind(String.prototype.includes);
const told = parse(text), given = {}, absent = {};
function fix(object, name, get, enumerable = true) {
  const set = () => { throw fault(name + " can't be changed here"); };
  defineProperty(object, name, {get, set, enumerable, configurable: false});
}
const own = Object.prototype, {setPrototypeOf} = Object, {get} = Reflect;
function hide(object, whose) {
  const names = HIDDEN[whose];
  setPrototypeOf(object, new Proxy(own, {get(target, name, receiver) {
    if (typeof name === "string" && holds(names, ` ${name} `))
      throw fault(`${whose}.${name} isn't known here`);
    return get(target, name, receiver);
  }}));
}
function close(object, whose) {
  setPrototypeOf(object, new Proxy(own, {get(target, name, receiver) {
    if (typeof name === "string" && !holds(ALL, ` ${name} `))
      throw fault(`${whose}.${name} isn't known here`);
    return get(target, name, receiver);
  }}));
}
for (const name of ["queueMicrotask", "navigator", "performance", "InternalError", "gc",
                    "DOMException", "atob", "btoa", "scriptArgs", "print"])
  delete globalThis[name];
for (const name of GLOBALS)
  fix(globalThis, name, () => { throw fault(name + " isn't known here"); }, false);
const req = {}, headers = told.headers;
for (const name of keys(told.req)) { const value = told.req[name]; fix(req, name, () => value); }
fix(req, "host", () => told.req.hostname, false);
fix(req, "headers", () => headers);
fix(req, "query", () => {
  if (told.query === null) throw fault("a query with brackets can't be told as Express does");
  return told.query;
});
fix(req, "params", () => {
  if (told.params === null) throw fault("req.params isn't known here");
  return told.params;
});
const user = told.consumer ? {id: told.consumer} : undefined;
if (user) close(user, "consumer");
fix(req, "user", () => user);
fix(req, "egContext", () => globalThis, false);
const header = (name) => {
  name = asString(name).toLowerCase();
  return name === "referrer" || name === "referer"
    ? headers.referrer || headers.referer : headers[name];
};
defineProperty(req, "get", {value: header});
defineProperty(req, "header", {value: header});
hide(req, "req");
const peer = told.peer || {};
if (told.peer) hide(peer, "certificate");
const socket = {remoteAddress: told.req.ip, encrypted: told.req.secure};
if (told.req.secure || told.peer) {
  socket.authorized = !!told.peer;
  defineProperty(socket, "getPeerCertificate", {value: () => peer});
}
hide(socket, "socket");
for (const name of ["socket", "connection", "client"]) fix(req, name, () => socket, false);
if ("json" in told || "form" in told) {
  let body = told.form;
  if ("json" in told) {
    try {
      body = told.json === "" ? {} : parse(told.json);
      if (typeof body !== "object" || body === null) throw 0;
    } catch { return stringify({__proto__: null, fault: "body"}); }
  }
  if (body === null) return stringify({__proto__: null, fault: "body"});
  fix(req, "body", () => body);
}
close(told.apiEndpoint, "apiEndpoint");
fix(globalThis, "req", () => req);
fix(globalThis, "egContext", () => globalThis);
fix(globalThis, "consumer", () => user);
fix(globalThis, "requestID", () => told.requestID);
fix(globalThis, "apiEndpoint", () => told.apiEndpoint);
for (const name of keys(globalThis)) given[name] = true;
for (const name of keys(req)) absent[name] = true;
if (told.variables) {
  const kept = parse(told.variables);
  for (const name of keys(kept.global)) globalThis[name] = kept.global[name];
  for (const name of keys(kept.req)) req[name] = kept.req[name];
}
function keep(object, without) {
  const kept = {};
  for (const name of keys(object)) if (!without[name]) kept[name] = object[name];
  return kept;
}
function strict(key, value) {
  const kept = this[key], kind = typeof kept;
  if (kind === "function" || kind === "symbol" || kind === "bigint") throw 0;
  if (kind === "object" && kept !== null) {
    const proto = getPrototypeOf(kept);
    if (proto !== plain[0] && proto !== plain[1] && proto !== plain[2]) throw 0;
  }
  return value;
}
const before = wanted === "changes" ? {...headers} : null;
const value = run(code);
if (wanted === "truth") return stringify({__proto__: null, truth: !!value});
if (wanted === "changes") {
  const changed = {__proto__: null};
  for (const name of keys(before)) if (!(name in headers)) changed[name] = null;
  for (const name of keys(headers)) if (headers[name] !== before[name]) {
    const to = headers[name];
    if (typeof to === "object" || typeof to === "function" || to === undefined)
      return stringify({__proto__: null, fault: "not-json"});
    changed[name] = asString(to);
  }
  let variables;
  try {
    const kept = {global: keep(globalThis, given), req: keep(req, absent)};
    variables = keys(kept.global).length + keys(kept.req).length ? stringify(kept, strict) : "";
  } catch { return stringify({__proto__: null, fault: "not-json"}); }
  return stringify({__proto__: null, changed, variables});
}
const kind = typeof value;
if (kind !== "string" && kind !== "number" && kind !== "boolean" && kind !== "bigint")
  return stringify({__proto__: null, fault: "no-text"});
const said = asString(value);
if (said.length > longest || !formed(said)) return stringify({__proto__: null, fault: "no-text"});
return stringify({__proto__: null, said});
})
"""
)
