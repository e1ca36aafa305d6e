"""``ostiary doctor``: looks at the engine, the files and the host, and attacks what runs."""
