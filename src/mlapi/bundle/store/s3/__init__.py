"""Stores in an S3 bucket; boto3 is imported by the first call, and nowhere else below `mlapi.bundle`."""

from mlapi.bundle.store.s3.store import S3Store

__all__ = ["S3Store"]
