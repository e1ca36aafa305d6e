"""HAProxy's words: quoting, sections, maps, crt-lists. Text in and out, never a process."""
