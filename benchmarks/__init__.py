"""Measurements of speed and memory, as ratios within one run of one machine; nothing here is asserted in a test."""
