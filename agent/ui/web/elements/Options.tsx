import { useActions } from '../parts/actions.tsx'
import { Suggestions } from '../parts/answering.tsx'
import { Explore } from '../parts/exploring.tsx'
import { card, Fault, Frame } from '../parts/layout.tsx'
import { OptionsShown } from '../parts/options_shown.tsx'
import { Parts } from '../parts/said.tsx'

export default function Options() {
  const actions = useActions()
  return (
    <Frame>
      {card().parts.map((part, n) =>
        part.part === 'options' ? (
          <OptionsShown key={n} table={part} actions={actions} />
        ) : (
          <Parts key={n} parts={[part]} actions={actions} />
        ),
      )}
      <Explore actions={actions} />
      <Fault>{actions.error}</Fault>
      <Suggestions actions={actions} />
    </Frame>
  )
}
