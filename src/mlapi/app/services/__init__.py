"""What the service does, without HTTP: authenticate, keep the model loaded, predict."""
