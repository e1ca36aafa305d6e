"""Documents with client certificate authentication, compiled."""

from collections.abc import Mapping

from ostiary.compiler.bundle import EntryMaterial, Materials, Place
from ostiary.compiler.compile import compile_document
from ostiary.config.effective import effective
from ostiary.config.load import load

_TEXT = """
http: {{port: 8080}}
https:
  port: 8443
  options: {{{options}}}
  tls: {{default: {{key: k.pem, cert: c.pem}}}}
clientCertificateAuth: {{{auth}}}
apiEndpoints:
{apis}
serviceEndpoints: {{s: {{url: "http://127.0.0.1:9000"}}}}
pipelines: {{p: {{apiEndpoints: [{names}], policies: [proxy: [{steps}]]}}}}
"""
_STEP = "{action: {serviceEndpoint: s}}"
_SEVERAL = (
    "{condition: {name: pathMatch, pattern: '^/x(a+)+$'}, action: {serviceEndpoint: s}}, "
    f"{_STEP}"
)
HEADER = "type: header, headerName: X-The-Cert, trustedProxies: [192.0.2.0/24, 10.0.0.1]"


def compiled(
    auth: str,
    apis: Mapping[str, str] | None = None,
    options: str = "",
    *,
    several: bool = False,
) -> dict[str, str]:
    """The bundle's files as text. ``apis``: each with what it says about authentication;
    ``several``: the pipeline chooses between two ways to the service, by the path."""
    apis = apis or {"plain": ""}
    written = "\n".join(
        f"  {name}: {{paths: /{name}/*{own and f', clientCertificateAuth: {{{own}}}'}}}"
        for name, own in apis.items()
    )
    text = _TEXT.format(
        auth=auth,
        apis=written,
        names=", ".join(apis),
        options=options,
        steps=_SEVERAL if several else _STEP,
    )
    document = load(text, "gateway.config.yml", {}).document
    entry = EntryMaterial(certificate=b"", key=b"", anchors=())
    place = Place(folder="/f", run_folder="/r", revision=1)
    materials = Materials(entries={"default": entry})
    found = compile_document(document, materials, place, effective(document)).files
    return {name: content.decode() for name, content in found.items()}


def frontend(files: Mapping[str, str], name: str = "https") -> list[str]:
    """The lines of one frontend."""
    return _section(files, f"frontend {name}")


def refused(files: Mapping[str, str]) -> list[str]:
    """The lines of the backend where those go whom no service gets."""
    return _section(files, "backend ost_refused")


def _section(files: Mapping[str, str], title: str) -> list[str]:
    block = files["haproxy.cfg"].split(f"{title}\n")[1].split("\n\n")[0]
    return [line.strip() for line in block.splitlines()]
