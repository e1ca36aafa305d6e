"""Policies on the real HAProxy: what clients and the service see of each."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from ostiary.supervisor.binary import EngineBinary
from tests.daemon.compiled import Gateway, carried, recorder
from tests.support.ports import free_port

pytestmark = pytest.mark.daemon

DOCUMENT = r"""
http: {port: @PORT@, hostname: 127.0.0.1}
serviceEndpoints: {s: {url: "http://127.0.0.1:@SERVICE@"}, t: {url: "http://127.0.0.1:@SERVICE@/t"}}
apiEndpoints:
  headers: {host: headers.test}
  query: {host: query.test}
  answers: {host: answers.test}
  rewrite: {host: rewrite.test}
  choose: {host: choose.test}
  cors: {host: cors.test}
  sites: {host: sites.test}
  limit: {host: limit.test}
  short: {host: short.test}
  addresses: {host: addresses.test}
  nobody: {host: nobody.test}
  log: {host: log.test}
pipelines:
  headers:
    apiEndpoints: [headers]
    policies:
      - headers: {action: {headersPrefix: X-P-, forwardHeaders: {ip: req.ip, said: '"it''s %[src] $HOME \\ {}"'}}}
      - request-transformer:
          - condition: {name: method, methods: [POST]}
            action: {headers: {add: {X-Post: "'yes'"}}}
          - action:
              headers:
                add:
                  Authorization: '"Bearer " + req.query.token'
                  X-Url: 'req.method + " " + req.url + " " + req.path + " " + req.originalUrl'
                  X-Host: "`${req.hostname}|${req.headers.host}|${req.get('X-A')}|${req.headers.nothing}`"
                  X-Gone: "'x'"
                  X-Id: requestID
                remove: [x-a, cookie, X-Gone]
      - proxy: {action: {serviceEndpoint: s}}
  query:
    apiEndpoints: [query]
    policies:
      - request-transformer:
          action: {query: {add: {who: 'req.headers["x-a"]', b: "'2 & 3'"}, remove: [secret, a.b]}}
      - proxy: {action: {serviceEndpoint: s}}
  answers:
    apiEndpoints: [answers]
    policies:
      - response-transformer: {action: {headers: {add: {X-First: "'1'", X-Was: req.url}, remove: [server, x-url, X-Second]}}}
      - terminate: {condition: {name: pathExact, path: /ended}, action: {statusCode: 403, message: no}}
      - response-transformer:
          - condition: {name: method, methods: [GET]}
            action: {headers: {add: {X-First: "'2'", X-Second: "'2'", X-Third: "'3'"}}}
      - redirect:
          - condition: {name: pathMatch, pattern: ^/moved}
            action: {location: "https://new.test${req.url}", statusCode: 308}
      - proxy: {action: {serviceEndpoint: s}}
  rewrite:
    apiEndpoints: [rewrite]
    policies:
      - rewrite:
          - condition: {name: pathmatch, match: "/tina/:code/of/:name"}
            action: {rewrite: "/status/:name/:code", redirect: 302}
          - condition: {name: pathmatch, match: "/users/:id"}
            action: {rewrite: "/people/:id/all"}
          - condition: {name: regexpmatch, match: "^/js(.*)$"}
            action: {rewrite: "/src/$1"}
      - terminate: {condition: {name: pathMatch, pattern: ^/people/0/}, action: {statusCode: 410, message: gone}}
      - request-transformer: {action: {headers: {add: {X-Was: req.originalUrl}}}}
      - proxy: {action: {serviceEndpoint: s}}
  choose:
    apiEndpoints: [choose]
    policies:
      - rewrite: {condition: {name: regexpmatch, match: ^/old}, action: {rewrite: /new}}
      - cors: {action: {origin: "https://a.test"}}
      - proxy: {condition: {name: pathMatch, pattern: ^/new}, action: {serviceEndpoint: t}}
      - terminate: {condition: {name: pathMatch, pattern: ^/no}, action: {statusCode: 403}}
      - request-transformer: {action: {headers: {add: {X-Second: "'yes'"}}}}
      - proxy: {condition: {name: pathMatch, pattern: ^/s}, action: {serviceEndpoint: s}}
  cors:
    apiEndpoints: [cors]
    policies:
      - cors: {action: {credentials: true, exposedHeaders: [X-One, X-Two], maxAge: 60}}
      - terminate: {condition: {name: pathExact, path: /no}, action: {statusCode: 401, message: no}}
      - proxy: {action: {serviceEndpoint: s}}
  sites:
    apiEndpoints: [sites]
    policies:
      - cors:
          action:
            origin: [https://one.test, !!js/regexp '/^https:\/\/[a-z]+\.two\.test$/i']
            methods: GET,POST
            allowedHeaders: X-A, X-B
            optionsSuccessStatus: 200
      - proxy: {action: {serviceEndpoint: s}}
  limit:
    apiEndpoints: [limit]
    policies:
      - rate-limit:
          - condition: {name: pathMatch, pattern: ^/one}
            action: {rateLimitBy: "${req.headers['x-key']}", max: 2, message: slow down}
      - proxy: {action: {serviceEndpoint: s}}
  short:
    apiEndpoints: [short]
    policies:
      - rate-limit: {action: {windowMs: 700, max: 1}}
      - rate-limit: {action: {windowMs: 60000, max: 4}}
      - proxy: {action: {serviceEndpoint: s}}
  addresses:
    apiEndpoints: [addresses]
    policies:
      - ip-filter:
          - condition: {name: pathExact, path: /denied}
            action: {deny: 127.0.0.0/8, message: not you}
          - condition: {name: pathExact, path: /allowed}
            action: {allow: ["::1", 127.0.0.1]}
          - condition: {name: pathExact, path: /others}
            action: {allow: [10.0.0.0/8, "2001:db8::/32"], statusCode: 404}
      - terminate: {action: {statusCode: 200, message: welcome}}
  nobody:
    apiEndpoints: [nobody]
    policies:
      - response-transformer: {action: {headers: {add: {X-Seen: "'1'"}}}}
  log:
    apiEndpoints: [log]
    policies:
      - log:
          - action: {message: "said ${req.query.x} \"%[src]\""}
          - condition: {name: method, methods: [POST]}
            action: {message: never}
          - action: {message: "from ${req.ip}"}
      - terminate: {action: {statusCode: 200}}
"""


@pytest.fixture(scope="module")
def gateway(engine_binary: EngineBinary, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    folder = tmp_path_factory.mktemp("g")
    port = free_port()
    with recorder() as service:
        text = DOCUMENT.replace("@PORT@", str(port)).replace("@SERVICE@", str(service))
        with carried(engine_binary, text, folder, port) as running:
            yield running


def test_try(gateway: Gateway) -> None:
    import http.client
    def ask(host, url="/", method="GET", **headers):
        c = http.client.HTTPConnection("127.0.0.1", gateway.port, timeout=20)
        c.request(method, url, headers={"Host": host, **{k.replace("_", "-"): v for k, v in headers.items()}})
        r = c.getresponse(); b = r.read()
        print("##", method, host, url, "->", r.status, dict(r.getheaders()), b.decode()[:900]); c.close()
    ask("headers.test:80", "/a/b?token=t%0d%0aX-Evil:1&x=1", X_A="v", Cookie="a=b")
    ask("headers.test", "/a", "POST")
    ask("query.test", "/a?x=1&secret=2&secret&a.b=3&axb=4&b=0&%73ecret=5", X_A="m & n")
    ask("query.test", "/a")
    ask("answers.test", "/a?b=c")
    ask("answers.test", "/ended")
    ask("answers.test", "/moved/x?y")
    ask("rewrite.test", "/tina/5/OF/me/?q=1")
    ask("rewrite.test", "/users/5?q=1")
    ask("rewrite.test", "/users/0")
    ask("rewrite.test", "/js/a.js?v=1")
    ask("rewrite.test", "/js../a.js")
    ask("choose.test", "/old/x")
    ask("choose.test", "/no")
    ask("choose.test", "/s")
    ask("choose.test", "/")
    ask("choose.test", "/", "OPTIONS")
    ask("cors.test", "/", "OPTIONS", Origin="https://x", Access_Control_Request_Headers="X-Q")
    ask("cors.test", "/", "OPTIONS")
    ask("cors.test", "/")
    ask("cors.test", "/no")
    ask("sites.test", "/", "OPTIONS", Origin="https://one.test")
    ask("sites.test", "/", Origin="https://ABC.two.test")
    ask("sites.test", "/", Origin="https://evil.test")
    for k in "aaab": ask("limit.test", "/one", X_Key=k)
    ask("limit.test", "/one", X_Key="a", Accept="application/json")
    ask("limit.test", "/two", X_Key="a")
    import time
    ask("short.test", "/short"); ask("short.test", "/short"); time.sleep(.8); ask("short.test", "/short")
    for u in ("/denied", "/allowed", "/others"): ask("addresses.test", u)
    ask("nobody.test")
    ask("log.test", "/?x=a%22b")
    assert 0
