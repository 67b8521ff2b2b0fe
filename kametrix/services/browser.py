"""Where the request of somebody who is not logged in comes from."""

from dataclasses import dataclass
from ipaddress import IPv6Address, ip_address, ip_network


@dataclass(frozen=True)
class Browser:
    """Where a request comes from. `session` is the hash of the session cookie it carries, empty without one."""

    address: str
    user_agent: str
    session: str = ""

    @property
    def network(self) -> str:
        """What attempts are counted by: the address, in IPv6 its /64, of which every line has all addresses to itself (RFC 6177)."""
        try:
            address = ip_address(self.address)
        except ValueError:
            return self.address
        if not isinstance(address, IPv6Address):
            return str(address)
        return str(address.ipv4_mapped or ip_network((int(address), 64), strict=False))
