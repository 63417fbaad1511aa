"""Tool: from a chosen configuration to files, their digest and a validation report. Touches no cluster."""

from __future__ import annotations

from tools.manifests.bundle import ManifestBundle, bundle_of
from tools.manifests.digests import UNSEALED, ManifestFile, sealed
from tools.manifests.templating import TEMPLATES, rendered
from tools.manifests.values import ManifestRequest, images_of, template_values
from tools.tool import tool


@tool(reads=True)
def render_manifest(request: ManifestRequest) -> ManifestBundle:
    """The files of a deployment. The same request always gives the same bytes."""
    values = template_values(request) | {"digest": UNSEALED}
    wanted = {
        path: template for path, template in TEMPLATES.items() if request.monitoring or "monitor" not in path
    }
    files = [ManifestFile(path=path, content=rendered(template, values)) for path, template in wanted.items()]
    model_id, images = request.recommendation.model_id, images_of(request.simulator_image)
    return bundle_of(sealed(files), str(values["name"]), request.namespace, model_id, images=images)
