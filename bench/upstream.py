"""The service behind every gateway: one nginx process that answers from memory over kept
connections.
"""

from pathlib import Path

from bench.children import Launch

SMALL = "/"
LARGE = "/64k"
SMALL_BODY = "served by the upstream, which has read the request and is glad to answer it\n"
LARGE_BYTES = 65536

CONFIG = """
daemon off; master_process off; worker_processes 1; pid nginx.pid; error_log stderr error;
events {{ worker_connections 2048; }}
http {{
  access_log off; sendfile on; tcp_nopush on; open_file_cache max=10;
  keepalive_requests 1000000000; keepalive_time 24h; keepalive_timeout 1h;
  client_body_temp_path tmp; proxy_temp_path tmp; fastcgi_temp_path tmp;
  uwsgi_temp_path tmp; scgi_temp_path tmp;
  server {{
    listen 127.0.0.1:{port} backlog=1024;
    location = / {{ default_type text/plain; return 200 "{body}"; }}
    location = /64k {{ default_type application/octet-stream; root {root}; }}
  }}
}}
"""


def prepare(nginx: Path, folder: Path, port: int) -> Launch:
    """Write its files; the answer says how to start it."""
    (folder / "tmp").mkdir(parents=True)
    (folder / "64k").write_bytes(bytes(LARGE_BYTES))
    config = folder / "upstream.conf"
    config.write_text(CONFIG.format(port=port, body=SMALL_BODY.replace("\n", "\\n"), root=folder))
    argv = (str(nginx), "-p", str(folder), "-c", str(config), "-e", "stderr")
    return Launch(argv=argv, env={}, folder=folder, port=port)
