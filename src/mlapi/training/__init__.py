"""From a table to a registered version: read, split, encode, boost, evaluate, export, record, register.

`pipeline.train` is the whole path. Nothing here is imported by the service, and nothing here imports it; what training
hands over is a bundle, files only.
"""
