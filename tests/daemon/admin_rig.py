"""The admin API of a running gateway, as a program speaks to it."""

import json
import time
from pathlib import Path
from typing import Any

import httpx


class Api:
    """``/api/v1`` over the unix socket (no token needed), or over TCP with one."""

    def __init__(self, state: Path, port: int | None = None, token: str | None = None) -> None:
        if port is None:
            transport = httpx.HTTPTransport(uds=str(state / "run/admin.sock"))
            self.http = httpx.Client(transport=transport, base_url="http://localhost", timeout=60)
        else:
            self.http = httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=60)
        if token is not None:
            self.http.headers["Authorization"] = f"Bearer {token}"

    def __enter__(self) -> "Api":
        return self

    def __exit__(self, *_: object) -> None:
        self.http.close()

    def get(self, path: str, **query: Any) -> Any:
        answer = self.http.get(f"/api/v1{path}", params=query)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def change(
        self, method: str, path: str, body: Any = None, status: int = 200, **query: Any
    ) -> Any:
        """A change, whatever the revision is now."""
        answer = self.http.request(
            method,
            f"/api/v1{path}",
            json=body,
            params=query,
            headers={"If-Match": "*"},
        )
        assert answer.status_code == status, f"{answer.status_code} {answer.text}"
        return answer.json()

    def upload(self, name: str, pem: bytes) -> int:
        """A new component; its number."""
        answer = self.http.post(
            "/api/v1/library", files={"file": ("ca.pem", pem)}, data={"name": name}
        )
        assert answer.status_code == 201, answer.text
        return int(answer.json()["object"])

    def upload_version(self, component: int, pem: bytes) -> None:
        """A new version of it, as a raw body."""
        answer = self.http.post(
            f"/api/v1/library/{component}/versions",
            content=pem,
            headers={"Content-Type": "application/x-pem-file"},
        )
        assert answer.status_code == 201, answer.text

    def trust(self, component: int) -> int:
        """Trust its newest version; the row's number."""
        return int(self.change("POST", "/trusted", {"component": component}, 201)["object"])


def first_token(state: Path) -> str:
    """The token of the first start, as soon as it is there."""
    path, until = state / "admin.token", time.monotonic() + 20
    while not path.exists():
        assert time.monotonic() < until
        time.sleep(0.02)
    return path.read_text().strip()


def problem(answer: httpx.Response) -> dict[str, Any]:
    """The problem details of an answer, which must have some."""
    assert answer.headers["Content-Type"] == "application/problem+json", answer.text
    found: dict[str, Any] = json.loads(answer.content)
    assert found["status"] == answer.status_code
    return found
