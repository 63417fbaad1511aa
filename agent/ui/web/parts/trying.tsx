import { type FormEvent, useId } from 'react'
import type { Actions } from './actions.tsx'
import { useDraft } from './drafts.ts'

/** A prompt for the endpoint, and how many replicas it shall have. */
export function Trying({ actions }: { actions: Actions }) {
  const [prompt, setPrompt] = useDraft('prompt', 'Hello, who are you?')
  const [replicas, setReplicas] = useDraft('replicas', '')
  const ids = [useId(), useId()]
  const send = (e: FormEvent) => {
    e.preventDefault()
    if (prompt && actions.idle) actions.press('SendPrompt', { prompt }, `Send it: ${prompt.slice(0, 180)}`)
  }
  const scale = (e: FormEvent) => {
    e.preventDefault()
    if (replicas && actions.idle)
      actions.press('Scale', { replicas: Number(replicas) }, `Scale to ${replicas}`)
  }
  if (props.locked) return null
  return (
    <>
      <form className="cp-prompt" onSubmit={send}>
        <label htmlFor={ids[0]}>Test it</label>
        <input id={ids[0]} value={prompt} onChange={(e) => setPrompt(e.target.value)} />
        <button type="submit" className="cp-button cp-primary" disabled={!actions.idle || !prompt}>
          Send
        </button>
      </form>
      <form className="cp-prompt" onSubmit={scale}>
        <label htmlFor={ids[1]}>Replicas</label>
        <input
          id={ids[1]}
          type="number"
          min={1}
          max={10000}
          value={replicas}
          onChange={(e) => setReplicas(e.target.value)}
        />
        <button type="submit" className="cp-button" disabled={!actions.idle || !replicas}>
          Scale
        </button>
      </form>
    </>
  )
}
