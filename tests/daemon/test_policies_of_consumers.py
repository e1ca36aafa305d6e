"""What the engine's own policies know of the consumer that a step before has found."""

from typing import Any
from uuid import UUID

import pytest

from ostiary.supervisor.binary import EngineBinary
from tests.daemon.consumers_rig import KEY, key, serving
from tests.daemon.upstream import Upstream

pytestmark = pytest.mark.daemon


def document(port: int) -> dict[str, Any]:
    return {
        "admin": {"enabled": False},
        "apiEndpoints": {"api": {"paths": "/*"}},
        "serviceEndpoints": {"service": {"url": f"http://127.0.0.1:{port}"}},
        "pipelines": {
            "api": {
                "apiEndpoints": ["api"],
                "policies": [
                    {"key-auth": None},
                    {
                        "rate-limit": {
                            "action": {
                                "max": 3,
                                "windowMs": 600_000,
                                "rateLimitBy": "${consumer.id}",
                            }
                        }
                    },
                    {"headers": {"action": {"forwardHeaders": {"x-who": "consumer.id"}}}},
                    {"proxy": {"action": {"serviceEndpoint": "service"}}},
                ],
            }
        },
    }


def test_a_limit_by_consumer_counts_each_for_itself(any_engine: EngineBinary) -> None:
    with Upstream() as upstream, serving(any_engine, document(upstream.port)) as rig:
        rig.directory.add(KEY, "a", "s", 1)
        rig.directory.add(KEY, "a2", "s", 1)
        rig.directory.add(KEY, "b", "s", 2)
        with rig.connect() as client:
            asked = [client.ask(headers=[key(one)]) for one in ("a:s", "a2:s", "a:s", "a2:s")]
            assert [one.status for one in asked] == [200, 200, 200, 429]
            other = client.ask(headers=[key("b:s")])
            assert other.status == 200
            assert dict(other.json["headers"])["x-who"] == str(UUID(int=2))
            assert client.ask(headers=[key("b:wrong")]).status == 401
