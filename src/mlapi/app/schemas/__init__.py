"""HTTP bodies only: what a request may hold and what an answer looks like."""
