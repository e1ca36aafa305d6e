"""An example of plug-ins for Ostiary."""
