import { useActions } from '../parts/actions.tsx'
import { Answers, Suggestions } from '../parts/answering.tsx'
import { card, Frame } from '../parts/layout.tsx'
import { Parts } from '../parts/said.tsx'

/** A card that needs nothing but its parts, its buttons and what can be said. */
export default function Told() {
  const actions = useActions()
  return (
    <Frame>
      <Parts parts={card().parts} actions={actions} />
      <Answers actions={actions} />
      {props.locked && card().kind === 'failure' ? <p className="cp-note">You went on from here.</p> : null}
      <Suggestions actions={actions} />
    </Frame>
  )
}
