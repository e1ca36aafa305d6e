"""The HAProxy child: find the binary, check, start, confirm who answers, reload, retire.

No configuration is read or written here, and no decision about a client is made."""
