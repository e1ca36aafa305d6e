"""Tests of the public side of the authority."""
