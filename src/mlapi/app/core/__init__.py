"""What every layer of the app stands on: errors, configuration, keys."""
