"""Everything on one machine: certificates made on the spot, a sample service, the gateway."""
