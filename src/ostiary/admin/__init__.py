"""The admin listener: REST API, metrics, health and the console, behind one lock."""
