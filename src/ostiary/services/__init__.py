"""What can be asked for: check, apply, explain. Pure orchestration over ports; wiring plugs the hands in."""
