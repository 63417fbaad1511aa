import { Files } from '../parts/files.tsx'
import { Card } from '../parts/layout.tsx'
import type { RenderedFile } from '../types/details.ts'

export default function Manifests() {
  const d = props.details as { digest: string; files: RenderedFile[] }
  return (
    <Card title="Manifests" note={d.digest}>
      <Files files={d.files} name="manifests" />
    </Card>
  )
}
