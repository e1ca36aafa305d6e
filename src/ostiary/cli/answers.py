"""The admin API as the command line speaks it: requests out, typed views or refusals back."""

import contextlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from pydantic import TypeAdapter, ValidationError

from ostiary.cli.plain import plain
from ostiary.kernel.errors import OstiaryError, WrongUse
from ostiary.management.sights import ChangeView
from ostiary.management.views import Page

if TYPE_CHECKING:
    import httpx

T = TypeVar("T")

_BASE = "/api/v1"
_LARGEST_PAGE = 1000
_NOT_OUR_USE = frozenset({401, 403, 429})
"""Client errors that the same command may not get another time, or by somebody else."""


class NotReached(OstiaryError):
    """Nobody answers, or it isn't the admin API of a gateway."""


class Refusal(OstiaryError):
    """The gateway says no."""

    def __init__(self, status: int, problem: Mapping[str, Any]) -> None:
        self.status = status
        self.problem = problem
        super().__init__(_sentences(status, problem))

    @property
    def kind(self) -> str:
        """The last word of the problem's type, such as ``stale``; empty when it has none."""
        return str(self.problem.get("type", "")).rpartition(":")[2]


class WronglyAsked(Refusal, WrongUse):
    """The gateway says no, and would to everybody: the command must be another one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """How a change is wanted."""

    dry_run: bool = False
    """Only tell what would come of it."""
    days: int = 30
    """For ``dry_run``: look at the clients of so many days."""


class Speaker:
    """Speaks to one gateway. Everything may raise NotReached and Refusal."""

    def __init__(self, http: "httpx.Client", where: str) -> None:
        """``where`` is what people call the gateway."""
        self._http = http
        self._where = where

    def read(self, kind: type[T], path: str, **query: object) -> T:
        """One view."""
        return self._as(kind, self._ask("GET", path, query=query))

    def read_text(self, path: str, **query: object) -> str:
        """What isn't JSON."""
        return self._ask("GET", path, query=query).text

    def pages(
        self, kind: type[Page[T]], path: str, most: int | None, **query: object
    ) -> tuple[T, ...]:
        """The first ``most`` of a list, all of it for None; asked for page by page."""
        found: list[T] = []
        cursor: str | None = None
        while most is None or len(found) < most:
            limit = _LARGEST_PAGE if most is None else min(_LARGEST_PAGE, most - len(found))
            page = self.read(kind, path, **query, cursor=cursor, limit=limit)
            found.extend(page.items)
            cursor = page.next
            if cursor is None:
                break
        return tuple(found)

    def ask(self, kind: type[T], path: str, body: object, **query: object) -> T:
        """Ask something that needs a body, and changes nothing."""
        return self._as(kind, self._ask("POST", path, query=query, json=body))

    def change(
        self, method: str, path: str, wish: Wish, body: object = None, **query: object
    ) -> ChangeView:
        """Change something, or foresee it."""
        return self.order(ChangeView, method, path, wish, body, **query)

    def order(
        self,
        kind: type[T],
        method: str,
        path: str,
        wish: Wish,
        body: object = None,
        **query: object,
    ) -> T:
        """A change that is answered in its own way."""
        more = {} if body is None else {"json": body}
        return self._as(kind, self._ask(method, path, query={**query, **_asked(wish)}, **more))

    def upload(
        self, path: str, wish: Wish, content: bytes, media: str, **query: object
    ) -> ChangeView:
        """Send a file as it is."""
        return self.deliver(ChangeView, path, wish, content, media, **query)

    def deliver(
        self, kind: type[T], path: str, wish: Wish, content: bytes, media: str, **query: object
    ) -> T:
        """Send a file that is answered in its own way."""
        asked, headers = {**query, **_asked(wish)}, {"Content-Type": media}
        return self._as(
            kind, self._ask("POST", path, query=asked, content=content, headers=headers)
        )

    def send_form(
        self, path: str, wish: Wish, content: bytes, fields: Mapping[str, str]
    ) -> ChangeView:
        """Send a file with words about it."""
        answer = self._ask(
            "POST", path, query=_asked(wish), data=dict(fields), files={"file": ("upload", content)}
        )
        return self._as(ChangeView, answer)

    def _ask(
        self, method: str, path: str, *, query: Mapping[str, object], **more: Any
    ) -> "httpx.Response":
        import httpx  # noqa: PLC0415 - not for help and completion

        headers = {"If-Match": "*", **more.pop("headers", {})}
        try:
            answer = self._http.request(
                method, _BASE + path, params=_query(query), headers=headers, **more
            )
        except (httpx.HTTPError, OSError) as error:
            raise NotReached(
                f"{self._where} does not answer: {plain(str(error) or type(error).__name__)}"
            ) from error
        if answer.is_success:
            return answer
        raise self._refusal(answer)

    def _refusal(self, answer: "httpx.Response") -> OstiaryError:
        problem = None
        with contextlib.suppress(ValueError):
            problem = json.loads(answer.content)
        status = answer.status_code
        if not isinstance(problem, dict) or "detail" not in problem:
            return NotReached(
                f"{self._where} answers {status}, and not as a gateway does "
                "(does the address name its admin listener?)"
            )
        ours = 400 <= status < 500 and status not in _NOT_OUR_USE
        return WronglyAsked(status, problem) if ours else Refusal(status, problem)

    def _as(self, kind: type[T], answer: "httpx.Response") -> T:
        try:
            adapter: TypeAdapter[T] = TypeAdapter(kind)
            return adapter.validate_json(answer.content)
        except ValidationError as error:
            raise NotReached(
                f"the answer of {self._where} can't be read "
                "(this program and the gateway have different versions?)"
            ) from error


def to_json(kind: Any, value: object) -> Any:
    """A view as plain JSON values, named as the API names them."""
    adapter: TypeAdapter[Any] = TypeAdapter(kind)
    return adapter.dump_python(value, mode="json", by_alias=True)


def _asked(wish: Wish) -> dict[str, object]:
    return {"dryRun": True, "days": wish.days} if wish.dry_run else {}


def _query(query: Mapping[str, object]) -> dict[str, str]:
    return dict(_worded(query))


def _worded(query: Mapping[str, object]) -> Iterator[tuple[str, str]]:
    for name, value in query.items():
        if value is None or value == "":
            continue
        yield name, str(value).lower() if isinstance(value, bool) else str(value)


def _sentences(status: int, problem: Mapping[str, Any]) -> str:
    """The detail; where several things are wrong, a line for each."""
    errors = problem.get("errors")
    if isinstance(errors, list) and len(errors) > 1:
        lines = [_fault(one) for one in errors if isinstance(one, dict)]
        return f"{plain(str(problem.get('title', status)))}:\n" + "\n".join(lines)
    return plain(str(problem["detail"]))


def _fault(one: Mapping[str, Any]) -> str:
    where, way_out = plain(str(one.get("pointer", ""))), plain(str(one.get("wayOut", "")))
    told = f"{where}: " if where else ""
    return f"  {told}{plain(str(one.get('detail', '')))}" + (f" ({way_out})" if way_out else "")
