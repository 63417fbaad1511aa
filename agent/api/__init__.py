"""The REST API: the same engine over HTTP, step by step or as a conversation."""
