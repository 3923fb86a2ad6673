"""What is varied, one thing at a time, from one model."""

from benchmarks.growth.synthesis import Shape

ROWS = (1, 10, 100, 1000, 10_000, 100_000)  # of a call
CONNECTIONS = (1, 2, 4, 8, 16, 32, 64, 128, 256)
BASE = Shape()  # 20 features, half of them with 10 categories, 300 trees of depth 6

# By the name of what is varied: a model for each value of it. Fewer rounds where there is more of the rest.
MODELS = {
    "features": {n: Shape(features=n, rounds=100) for n in (10, 30, 100, 300, 1000, 2000)},
    "trees": {n: Shape(rounds=n) for n in (10, 30, 100, 300, 1000, 3000, 5000)},
    "depth": {n: Shape(depth=n, rounds=100) for n in (2, 3, 4, 6, 8, 10, 12, 16)},
    "classes": {n: Shape(classes=n, rounds=50) for n in (2, 3, 5, 10, 26, 50)},
    "categories": {n: Shape(categories=n) for n in (2, 10, 30, 100, 300, 1000)},
}
