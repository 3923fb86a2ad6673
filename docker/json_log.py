"""One JSON object a line from the MLflow server too, keys as in mlapi's own logs (Elastic Common Schema)."""

import json
import logging
import time


class JSONFormatter(logging.Formatter):
    """Turns a record into one line."""

    def format(self, record: logging.LogRecord) -> str:
        """Give the line without its end."""
        second = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(record.created))
        document = {
            "@timestamp": f"{second}.{int(record.msecs):03d}Z",
            "log.level": record.levelname.lower(),
            "message": record.getMessage(),
            "log.logger": record.name,
            "service.name": "mlflow",
            "process.pid": record.process,
        }
        if record.exc_info:
            document["error.stack_trace"] = self.formatException(record.exc_info)
        return json.dumps(document)
