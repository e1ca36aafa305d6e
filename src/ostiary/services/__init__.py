"""What can be asked for: prepare, explain. Pure orchestration over ports; wiring plugs hands in."""
