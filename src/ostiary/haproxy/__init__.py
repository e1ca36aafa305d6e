"""HAProxy's words: quoting, sections, maps, crt-lists, runtime commands. Text in and out, never a process."""
