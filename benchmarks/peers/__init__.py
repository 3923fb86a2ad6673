"""Other servers beside ours, on one booster, one table and one machine: `python -m benchmarks.peers`."""
