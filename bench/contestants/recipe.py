"""The published recipe: `gateway.config.yml` with `tlsClientAuthenticated` on each request.
Express Gateway and Ostiary are given the same file.
"""

from pathlib import Path

from bench.contestants.contestant import Site

CONFIG = """
https:
  port: {port}
  hostname: 127.0.0.1
  tls:
    default:
      key: {key}
      cert: {cert}
      ca:
        - {ca}
  options:
    requestCert: true
    rejectUnauthorized: false
    minVersion: TLSv1.3
apiEndpoints:
  clientAuthEndpoint:
    host: '*'
    paths: '/*'
serviceEndpoints:
  backend:
    url: http://127.0.0.1:{upstream}
policies:
  - terminate
  - proxy
pipelines:
  default:
    apiEndpoints:
      - clientAuthEndpoint
    policies:
      - terminate:
          - condition:
              name: not
              condition:
                name: tlsClientAuthenticated
            action:
              statusCode: 403
      - proxy:
          - action:
              serviceEndpoint: backend
"""


def write(site: Site, folder: Path) -> Path:
    """The file, in `folder`, for this place in the run."""
    config = folder / "gateway.config.yml"
    config.write_text(
        CONFIG.lstrip().format(
            port=site.port,
            upstream=site.upstream_port,
            key=site.pki.server.key,
            cert=site.pki.server.cert,
            ca=site.pki.ca.cert,
        )
    )
    return config
