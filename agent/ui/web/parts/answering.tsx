import type { Actions } from './actions.tsx'
import { Button, card, Fault } from './layout.tsx'

/** The card's buttons, and why the last one that was pressed did nothing. */
export function Answers({ actions }: { actions: Actions }) {
  const { actions: offered } = card()
  return (
    <>
      <Fault>{actions.error}</Fault>
      {props.locked || !offered.length ? null : (
        <div className="cp-actions">
          {offered.map((action) => (
            <Button
              key={action.label}
              kind={action.style}
              disabled={!actions.idle || action.blocked}
              onClick={() => actions.take(action)}
            >
              {action.label}
            </Button>
          ))}
        </div>
      )}
    </>
  )
}

/** What can be said beside what the card has a button or a form for. */
export function Suggestions({ actions }: { actions: Actions }) {
  const left = props.replies.filter((text) => !card().answers.includes(text))
  if (props.locked || !left.length) return null
  return (
    <div className="cp-suggestions" role="group" aria-label="You can also say">
      <span className="cp-note">You can also say</span>
      {left.map((text) => (
        <button
          key={text}
          type="button"
          className="cp-chip"
          disabled={!actions.idle}
          onClick={() => actions.say(text)}
        >
          {text}
        </button>
      ))}
    </div>
  )
}
