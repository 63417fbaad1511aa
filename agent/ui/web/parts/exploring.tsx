import { Undo2 } from 'lucide-react'
import { type FormEvent, useId } from 'react'
import type { Actions } from './actions.tsx'
import { useDraft } from './drafts.ts'
import { Button, card } from './layout.tsx'

/** What if, back again, and keeping a plan. */
export function Explore({ actions }: { actions: Actions }) {
  const [text, setText] = useDraft('what-if', '')
  const [name, setName] = useDraft('keep', '')
  const ids = [useId(), useId()]
  const send = (e: FormEvent) => {
    e.preventDefault()
    if (text && actions.idle) actions.say(`what if ${text.replace(/^what if /i, '')}`)
  }
  const keep = (e: FormEvent) => {
    e.preventDefault()
    if (name && actions.idle) actions.press('KeepPlan', { name }, `Keep this as ${name}`)
  }
  if (props.locked) return null
  return (
    <div className="cp-explore">
      <form onSubmit={send}>
        <label htmlFor={ids[0]}>What if</label>
        <input
          id={ids[0]}
          value={text}
          placeholder="we had 5000 users?"
          onChange={(e) => setText(e.target.value)}
        />
        <button type="submit" className="cp-button" disabled={!actions.idle || !text}>
          Try
        </button>
        {card().actions.map((action) => (
          <Button key={action.label} disabled={!actions.idle} onClick={() => actions.take(action)}>
            <Undo2 size={14} aria-hidden /> {action.label}
          </Button>
        ))}
      </form>
      <form onSubmit={keep}>
        <label htmlFor={ids[1]}>Keep this plan as</label>
        <input
          id={ids[1]}
          value={name}
          maxLength={40}
          placeholder="A"
          onChange={(e) => setName(e.target.value)}
        />
        <button type="submit" className="cp-button" disabled={!actions.idle || !name}>
          Keep
        </button>
      </form>
    </div>
  )
}
