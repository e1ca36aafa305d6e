"""What explaining says of steps that ask for credentials."""

import pytest

from ostiary.services.explain import Explainer
from ostiary.services.explanation import Shown
from ostiary.services.visits import Scheme, Visit
from tests.unit.services.support import NOW, prepared


@pytest.mark.parametrize(
    ("policy", "status", "said"),
    [
        ("{key-auth: }", 401, "answers 401 to requests without a good credential"),
        ("{basic-auth: }", 401, "answers 401 to requests without a good credential"),
        ("{key-auth: {action: {passThrough: true}}}", 200, "passThrough goes on"),
    ],
)
def test_a_step_that_asks_for_a_credential_is_told_as_for_who_has_none(
    policy: str, status: int, said: str
) -> None:
    text = f"""
http: {{port: 8080}}
apiEndpoints: {{api: {{paths: /api}}}}
pipelines:
  api:
    apiEndpoints: [api]
    policies:
      - {policy}
      - terminate: {{condition: {{name: authenticated}}, action: {{statusCode: 299}}}}
      - terminate: {{condition: {{name: anonymous}}, action: {{statusCode: 200}}}}
"""
    visit = Visit(scheme=Scheme.HTTP, name="a", host="a", path="/api", method="GET")
    told = Explainer(prepared(text), NOW).visit(visit, Shown(b""))
    assert told.answer.status == status
    assert any(said in step.detail for step in told.steps)
