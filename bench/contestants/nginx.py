"""nginx: client certificate optional, refused per request by `if`."""

from pathlib import Path

from bench.children import Launch
from bench.contestants.contestant import Contestant, Refusal, Site, on_path, says
from bench.paths import CACHE

PACKED = CACHE / "deb" / "usr" / "sbin" / "nginx"

CONFIG = """
daemon off; worker_processes 1; pid nginx.pid; error_log stderr error; user {user};
events {{ worker_connections 4096; }}
http {{
  access_log off; tcp_nodelay on;
  keepalive_requests 1000000000; keepalive_time 24h; keepalive_timeout 1h;
  client_body_temp_path tmp; proxy_temp_path tmp; fastcgi_temp_path tmp;
  uwsgi_temp_path tmp; scgi_temp_path tmp;
  upstream service {{
    server 127.0.0.1:{upstream};
    keepalive 256; keepalive_requests 1000000000; keepalive_time 24h;
  }}
  server {{
    listen 127.0.0.1:{port} ssl http2 backlog=1024;
    ssl_certificate {cert}; ssl_certificate_key {key};
    ssl_protocols TLSv1.3; ssl_session_cache shared:tls:10m; ssl_session_tickets on;
    ssl_client_certificate {ca}; ssl_verify_client optional;
    if ($ssl_client_verify != SUCCESS) {{ return 403; }}
    location / {{
      proxy_pass http://service; proxy_http_version 1.1; proxy_set_header Connection "";
      proxy_buffer_size 16k; proxy_buffers 8 16k; proxy_max_temp_file_size 0;
    }}
  }}
}}
"""


def _prepare(binary: Path, site: Site) -> Launch:
    (site.folder / "tmp").mkdir()
    config = site.folder / "nginx.conf"
    config.write_text(
        CONFIG.lstrip().format(
            port=site.port,
            upstream=site.upstream_port,
            user=site.folder.owner(),
            cert=site.pki.server.cert,
            key=site.pki.server.key,
            ca=site.pki.ca.cert,
        )
    )
    argv = (str(binary), "-p", str(site.folder), "-c", str(config), "-e", "stderr")
    return Launch(argv=argv, env={}, folder=site.folder, port=site.port)


NGINX = Contestant(
    key="nginx",
    title="nginx, ssl_verify_client + if",
    rule="403 unless $ssl_client_verify is SUCCESS, each request",
    http2=True,
    refusal=Refusal.PER_REQUEST,
    locate=lambda: on_path("nginx", otherwise=PACKED),
    version=lambda binary: says(str(binary), "-v").rpartition("/")[2],
    prepare=_prepare,
)
