"""Where exports come from beyond the project's folder: http(s), S3, databases. Each gives files below `.retention/fetched/`."""
