"""Benchmarks: costs, each compared with something in the same run; `make bench` prints the figures."""
