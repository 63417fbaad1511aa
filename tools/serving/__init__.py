"""Endpoints that run: probing one, what its metrics say, and predicted beside observed."""
