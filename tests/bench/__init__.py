"""What things cost, each measured against something in the same run; `make bench` prints the figures."""
