"""The serving process: HTTP in front of one loaded bundle."""
