"""Everybody who takes part, in the order of the report."""

from bench.contestants.caddy import CADDY
from bench.contestants.contestant import Contestant
from bench.contestants.envoy import ENVOY, ENVOY_RBAC
from bench.contestants.express_gateway import EXPRESS_GATEWAY
from bench.contestants.haproxy import HAPROXY, HAPROXY_WHEEL
from bench.contestants.nginx import NGINX
from bench.contestants.ostiary import OSTIARY
from bench.contestants.policies import OWN, RIVALS
from bench.contestants.same_work import HAPROXY_SAME_WORK
from bench.contestants.shapes import SHAPES

ALL: tuple[Contestant, ...] = (
    OSTIARY,
    *SHAPES,
    *OWN,
    HAPROXY_SAME_WORK,
    HAPROXY,
    HAPROXY_WHEEL,
    NGINX,
    ENVOY,
    ENVOY_RBAC,
    CADDY,
    EXPRESS_GATEWAY,
    *RIVALS,
)
