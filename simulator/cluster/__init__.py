"""A stand-in for a Kubernetes API server with KServe: the API that clients see, and
what a cluster does by itself.
"""
