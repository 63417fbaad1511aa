import { Undo2 } from 'lucide-react'
import { type FormEvent, useId } from 'react'
import type { NearMiss } from '../types/details.ts'
import type { Actions } from './actions.tsx'
import { useDraft } from './drafts.ts'
import { money, setup, shortName } from './figures.ts'
import { Button } from './layout.tsx'
import { details } from './option.ts'

export function Nearly({ misses, actions, found }: { misses: NearMiss[]; actions: Actions; found: boolean }) {
  if (!misses.length) return null
  return (
    <div>
      <h4>{found ? 'Near misses: cheaper, if something gave' : 'What would have to give'}</h4>
      <ul className="cp-list cp-misses">
        {misses.map((miss, n) => (
          <li key={n}>
            <span>
              {miss.relaxation} → {shortName(miss.model_id)} on {setup(miss)},{' '}
              {money(miss.cost_usd_per_month)} a month
            </span>
            {props.locked ? null : (
              <Button
                kind="quiet"
                disabled={!actions.idle}
                aria-label={`Try: ${miss.relaxation}`}
                onClick={() => actions.press('Explore', miss.change, `What if ${miss.relaxation}?`)}
              >
                Try it
              </Button>
            )}
          </li>
        ))}
      </ul>
    </div>
  )
}

export function Explore({ actions }: { actions: Actions }) {
  const [text, setText] = useDraft('what-if', '')
  const [name, setName] = useDraft('keep', '')
  const ids = [useId(), useId()]
  const send = (e: FormEvent, said: string) => {
    e.preventDefault()
    if (said && actions.idle) actions.say(said)
  }
  if (props.locked) return null
  return (
    <div className="cp-explore">
      <form onSubmit={(e) => send(e, text && `what if ${text.replace(/^what if /i, '')}`)}>
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
        {details().what_if ? (
          <Button disabled={!actions.idle} onClick={() => actions.press('UndoExplore', {}, 'Undo')}>
            <Undo2 size={14} aria-hidden /> Undo
          </Button>
        ) : null}
      </form>
      <form
        onSubmit={(e) => {
          e.preventDefault()
          if (name && actions.idle) actions.press('KeepPlan', { name }, `Keep this as ${name}`)
        }}
      >
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
