"""The protocol without sockets: on made-up bytes, on any bytes, and on recorded ones."""
