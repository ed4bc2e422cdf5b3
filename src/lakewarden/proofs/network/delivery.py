"""Where packets arrive without leaving the network: local addresses, endpoints, other sites."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from lakewarden.proofs.network.domains import NameFilter
from lakewarden.proofs.network.flow import Flow, Kind, Leaf, Step
from lakewarden.proofs.network.groups import ingress_of
from lakewarden.proofs.network.known import Missing
from lakewarden.proofs.network.packets import EVERYWHERE, packets
from lakewarden.proofs.network.ranges import OUTSIDE, PUBLIC, network
from lakewarden.proofs.network.scene import Scene
from lakewarden.proofs.network.services import TCP, service
from lakewarden.proofs.network.topology import Endpoint, Inspected


def local(scene: Scene, flow: Flow, vpc: str) -> Iterator[Leaf]:
    """Yield what arrives in a VPC: at its interface endpoints, and at its other addresses."""
    for endpoint in scene.graph.topology.endpoints.items:
        if endpoint.vpc == vpc and endpoint.kind == "Interface":
            yield from _at_endpoint(scene, flow, endpoint)
    home = flow.origin is not None and flow.origin.vpc == vpc
    yield flow.leaf(Kind.LOCAL if home else Kind.PEER, vpc)
    yield from proxies(scene, flow)


def _at_endpoint(scene: Scene, flow: Flow, endpoint: Endpoint) -> Iterator[Leaf]:
    where = scene.graph.endpoint_addresses(endpoint)
    if isinstance(where, Missing):
        return
    admitted = ingress_of(scene, endpoint.groups, flow.source, flow.groups)
    arrived = flow.packets.to(where).of(admitted)
    if arrived:
        name = "a service" if isinstance(endpoint.service, Missing) else endpoint.service
        yield flow.past(Step(endpoint.id)).service(name, endpoint.id, arrived)


def proxies(scene: Scene, flow: Flow) -> Iterator[Leaf]:
    """Yield where the declared proxies that packets reach may take them."""
    if scene.certain:
        return
    for proxy in scene.graph.topology.proxies:
        port = service(TCP, ((proxy.port, proxy.port),))
        if not flow.packets.meet(packets(network(proxy.address), port)):
            continue
        out = flow.past(Step(proxy.name)).with_packets(packets(PUBLIC, service(TCP)))
        if proxy.names is not None:
            out = replace(out, filters=(*out.filters, _filter(proxy.names, proxy.name)))
        if proxy.names != ():
            yield out.leaf(Kind.INTERNET)


def declared(flow: Flow, what: Inspected) -> Iterator[Leaf]:
    """Yield where packets go by what the organisation declares of a target."""
    public = flow.packets.to(OUTSIDE)
    if public and what.names:
        narrowed = replace(flow, filters=(*flow.filters, _filter(what.names, what.target)))
        yield narrowed.leaf(Kind.INTERNET, packets=public)
    elif public:
        yield flow.dropped(f"declared closed: {what.target}", public)
    if public != flow.packets:
        yield flow.leaf(Kind.ON_PREMISES, what.target, flow.packets.minus(public))


def beyond(scene: Scene, flow: Flow, target: str) -> Iterator[Leaf]:
    """Yield where packets go that leave for another site: nobody knows what it lets out."""
    what = scene.graph.inspected.get(target)
    if what:
        yield from declared(flow, what)
    else:
        inside = flow.packets.to(EVERYWHERE.minus(OUTSIDE))
        if inside:
            yield flow.leaf(Kind.ON_PREMISES, target, inside)
        if inside != flow.packets:
            gap = Missing(f"what {target} lets out to the internet")
            yield flow.unknown(gap, flow.packets.minus(inside))
    yield from proxies(scene, flow)


def _filter(names: tuple[str, ...], by: str) -> NameFilter:
    return NameFilter(names, ("declared",), by)
