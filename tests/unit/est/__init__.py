"""Tests of the devices' door."""
