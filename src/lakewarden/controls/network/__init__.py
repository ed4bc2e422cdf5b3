"""From where, and to where: addresses, private links, networks."""
