import { SideBySide } from '../parts/comparing.tsx'
import { Card } from '../parts/layout.tsx'
import type { NamedPlan } from '../types/details.ts'

export default function Plans() {
  return (
    <Card title="Plans kept">
      <SideBySide plans={(props.details as { plans: NamedPlan[] }).plans} />
    </Card>
  )
}
