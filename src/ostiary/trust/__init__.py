"""The decision: is this certificate welcome, and why not? No sockets, no files, no clock."""
