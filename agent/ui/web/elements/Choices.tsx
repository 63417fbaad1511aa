import { useActions } from '../parts/actions.tsx'
import { Card, Fault } from '../parts/layout.tsx'
import { Suggestions } from '../parts/suggestions.tsx'

export default function Choices() {
  const actions = useActions()
  return (
    <Card title="It failed, and nothing is lost" tone="alarm">
      <Fault>{actions.error}</Fault>
      {props.locked ? <p className="cp-note">You went on from here.</p> : <Suggestions actions={actions} />}
    </Card>
  )
}
