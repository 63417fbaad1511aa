"""What was rendered over the API, kept for a while: nobody sends files to be applied that
weren't rendered here, and for them.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import timedelta

from psycopg.types.json import Jsonb

from knowledge.database import Database
from tools.clusters.cluster import Cluster
from tools.manifests.bundle import ManifestBundle, bundle_of
from tools.manifests.digests import ManifestFile

KEPT_FOR = timedelta(days=1)
MOST_KEPT = 100
"""Of one person, the newest."""


def keep_rendered(bundle: ManifestBundle, owner: str, cluster: Cluster, database: Database) -> None:
    """Keep a bundle for its owner and this cluster; what is too old, or too much, goes."""
    whose = [owner, cluster.target, cluster.namespace]
    values = [
        *whose,
        bundle.digest,
        bundle.name,
        bundle.model_id,
        Jsonb([f.model_dump() for f in bundle.files]),
    ]
    with database.connect() as connection, connection.transaction():
        connection.execute(
            "INSERT INTO rendered (owner, cluster, namespace, digest, name, model_id, files) VALUES (%s, %s,"
            " %s, %s, %s, %s, %s) ON CONFLICT (owner, cluster, namespace, digest) DO UPDATE SET rendered_at ="
            " clock_timestamp()",
            values,
        )
        connection.execute("DELETE FROM rendered WHERE rendered_at < now() - %s", [KEPT_FOR])
        connection.execute(
            "DELETE FROM rendered WHERE owner = %s AND (cluster, namespace, digest) IN (SELECT cluster,"
            " namespace, digest FROM rendered WHERE owner = %s ORDER BY rendered_at DESC OFFSET %s)",
            [owner, owner, MOST_KEPT],
        )


def rendered_for(
    owner: str, digest: str, cluster: Cluster, database: Database, images: Collection[str]
) -> ManifestBundle | None:
    """The bundle with this digest, checked anew; None where none was rendered for this
    person and this cluster lately.
    """
    with database.connect() as connection:
        row = connection.execute(
            "SELECT name, model_id, files FROM rendered WHERE (owner, cluster, namespace, digest) = (%s, %s,"
            " %s, %s) AND rendered_at > now() - %s",
            [owner, cluster.target, cluster.namespace, digest, KEPT_FOR],
        ).fetchone()
    if row is None:
        return None
    files = [ManifestFile.model_validate(f) for f in row["files"]]
    return bundle_of(files, row["name"], cluster.namespace, row["model_id"], images=images)
