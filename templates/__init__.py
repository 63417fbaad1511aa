"""The Kubernetes manifests, one Jinja file per resource."""
