"""What the service, training and the command line all need and none of them owns."""
