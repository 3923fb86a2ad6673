"""The S3 client of whoever brings none: region, keys and endpoint as boto3 itself finds them."""

from __future__ import annotations

from mlapi.bundle.errors import StoreError
from mlapi.bundle.store.s3.objects import Client


def default_client() -> Client:
    """Make a client whose waits and tries end; botocore's own are 60 s to connect and 3 tries.

    Raises:
        StoreError: boto3 is not installed.
    """
    try:
        import boto3
        from botocore.config import Config
    except ImportError as error:
        raise StoreError("boto3 is not installed; install ml-api-platform[s3]") from error
    retries = {"mode": "standard", "total_max_attempts": 6}  # standard backs off with full jitter
    client: Client = boto3.client("s3", config=Config(connect_timeout=2, read_timeout=10, retries=retries))
    return client
