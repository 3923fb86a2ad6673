"""Thin over `mlapi.ops`: logs and metrics as the app uses them."""
