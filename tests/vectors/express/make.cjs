// Writes routes.json: what path-to-regexp 0.1.13 (Express 4.22) and vhost 3.0.2 match.
// Run beside both packages: `npm install path-to-regexp@0.1.13 vhost@3.0.2 && node make.cjs`.
const { writeFileSync } = require("node:fs");
const pathToRegexp = require("path-to-regexp");
const vhost = require("vhost");

const patterns = [
  "*", "/", "/a", "/a/", "/A/b", "/a/b/", "/*", "/a/*", "/a*", "/a/*/b", "*/b", "/a/b*", "/**",
  "/:x", "/:x/", "/a/:x", "/:x/b", "/:x/:y", "/a/:x/b", "/a/:x/:y", "/:x/*", "/a/:x/*", "/:x*",
  "/a/:x*", "/a/:x*/b", "/a:x", "/:x-:y", "/a.b", "/a.:x", "/:x.:y", "/:x.b", "/:x.b/:y", "/:",
  "/a/:", "/:-", "/:x:y", "/a-:x/b", "/x-:y*", "/:x/b*", "/*.b", "/a.*", "/:x/:y.b", "/~a/_b",
];
const paths = [
  "/", "/a", "/a/", "/A", "/a/b", "/a/b/", "/A/B", "/ab", "/a/b/c", "/a/b/c/", "/b", "/x/b",
  "/x/y/b", "/a/x/y/b", "/a/x/y/b/", "/aa", "/a/:x", "/:", "/:/", "/a/:", "/:-", "/:x", "/a.b",
  "/a.b.c", "/a.b/c", "/axb", "/a-b", "/a-b-c", "/a--", "/--", "/x-y", "/x-y/z", "/a-b/b", "/a.",
  "/.b", "/~a/_b", "/~A/_B/", "/abc", "/a/b/b", "/a/b/b/c", "/x.b/y", "/x/y.b",
];
const hosts = ["a.com", "A.com", "*.com", "*.a.com", "*.*.com", "x*.com", "*-x.com", "a.*", "[::1]"];
const names = [
  "a.com", "A.COM", "a.com:80", "b.a.com", "b.c.a.com", "xy.com", "x.com", "y-x.com", ".com",
  "a.org", "com", "[::1]", "[::1]:80", "aXcom", "b.a.com:8443",
];

function hostMatches(host, name) {
  let called = false;
  vhost(host, () => { called = true; })({ headers: { host: name } }, {}, () => {});
  return called;
}

const matching = (all, fits) => all.filter(fits);
writeFileSync(`${__dirname}/routes.json`, JSON.stringify({
  paths,
  patterns: Object.fromEntries(patterns.map(
    (one) => [one, matching(paths, (path) => pathToRegexp(one).test(path))])),
  names,
  hosts: Object.fromEntries(hosts.map(
    (one) => [one, matching(names, (name) => hostMatches(one, name))])),
}, null, 1) + "\n");
