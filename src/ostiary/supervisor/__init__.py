"""The HAProxy child: find the binary, check, start, confirm who answers, reload, retire."""
