"""The trust anchor of entries that trust nobody.

HAProxy can't ask for client certificates without a CA file, so an entry without ``ca`` gets this
one: it expired in 2000 and its private key was never kept, so nothing can be issued under it.
"""

NOBODY = b"""\
-----BEGIN CERTIFICATE-----
MIIBRjCB7aADAgECAgEBMAoGCCqGSM49BAMCMCExHzAdBgNVBAMMFk5vYm9keSBp
cyB0cnVzdGVkIGhlcmUwHhcNMDAwMTAxMDAwMDAwWhcNMDAwMTAyMDAwMDAwWjAh
MR8wHQYDVQQDDBZOb2JvZHkgaXMgdHJ1c3RlZCBoZXJlMFkwEwYHKoZIzj0CAQYI
KoZIzj0DAQcDQgAEtI4va70/InR7bw017HnIVj3jOiFCWlyBgevIygsGPPM7nkmB
++yiYfCtUJ+uhxXLTT4RNkFzpoxaNO+fOWPKFKMWMBQwEgYDVR0TAQH/BAgwBgEB
/wIBADAKBggqhkjOPQQDAgNIADBFAiB67sqkMg+k3XT5iJsL2EYwXrqJDcGehlvi
rPgBVmJvQQIhAKjSO7GavFGqhmMMoe+AbXZSdRmaTtcOhWq7lkJrAaIU
-----END CERTIFICATE-----
"""
