"""The console: pages rendered here, for people; whatever changes something asks management."""
