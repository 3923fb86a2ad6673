"""One module per router; routes know nothing of one another."""
