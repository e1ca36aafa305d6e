"""A private certificate authority: roots, server and client certificates made with sane profiles."""
