"""Stand-ins reached over HTTP alone: a cluster with a Kubernetes API and KServe's
life cycle, and vLLM's OpenAI API.
"""
