"""How cost grows with rows, features, trees, depth, classes, categories and connections."""
