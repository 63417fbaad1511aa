import type { Actions } from './actions.tsx'

/** What can be said instead; `skip` is what a button of the card says. */
export function Suggestions({ actions, skip = [] }: { actions: Actions; skip?: string[] }) {
  const left = (props.replies || []).filter((text) => !skip.includes(text))
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
