import { Card } from '../parts/layout.tsx'
import { StatusPanel } from '../parts/status.tsx'
import type { Status as Found } from '../types/details.ts'

export default function Status() {
  const status = props.details as Found
  return (
    <Card title="Status" note={status.name}>
      <StatusPanel status={status} />
    </Card>
  )
}
