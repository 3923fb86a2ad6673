"""HTTP: the gate in front of the framework, the predict endpoint, routes, and the error replies."""
