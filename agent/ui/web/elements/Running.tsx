import { type ReactNode, useEffect, useId, useState } from 'react'
import { answerTo, useActions } from '../parts/actions.tsx'
import { useDraft } from '../parts/drafts.ts'
import { CopyButton } from '../parts/files.tsx'
import { Button, Card, Fault, More, Rows } from '../parts/layout.tsx'
import { StatusPanel } from '../parts/status.tsx'
import type { RunningDetails, Status } from '../types/details.ts'

const EVERY_MS = 5000

interface Seen {
  status?: Status
  at?: string
  error?: ReactNode
}

export default function Running() {
  const d = props.details as RunningDetails
  const actions = useActions()
  const [seen, setSeen] = useState<Seen | null>(null)
  const [prompt, setPrompt] = useDraft('prompt', 'Hello, who are you?')
  const [replicas, setReplicas] = useDraft('replicas', '')
  const ids = [useId(), useId()]
  useEffect(() => {
    if (props.locked) return
    let over = false
    const look = async () => {
      if (document.hidden) return
      const answer = await answerTo<Seen>('look', { name: d.name })
      if (!over && answer?.response) setSeen(answer.response)
    }
    look()
    const timer = setInterval(look, EVERY_MS)
    return () => {
      over = true
      clearInterval(timer)
    }
  }, [d.name, props.locked])
  const curl = `curl ${d.endpoint}/v1/chat/completions -H 'Content-Type: application/json' -d '{"model": "${d.model_id}", "messages": [{"role": "user", "content": "Hello"}]}'`
  return (
    <Card title={d.name} note="runs" tone="good-edge">
      <Rows
        rows={[
          ['Model', d.model_id],
          ['Mode', d.thinking],
          ['Context', d.context],
          ['Endpoint', <code key="endpoint">{d.endpoint}</code>],
        ]}
      />
      {seen?.error ? (
        <Fault>{seen.error}</Fault>
      ) : seen?.status ? (
        <StatusPanel status={seen.status} at={seen.at} />
      ) : props.locked ? null : (
        <p className="cp-note">Looking at it…</p>
      )}
      <More name="call-it-from-your-code" summary="Call it from your code">
        <div className="cp-code-bar">
          <span className="cp-note">OpenAI’s API</span>
          <CopyButton text={curl} label="Copy the call" />
        </div>
        <pre className="cp-code" tabIndex={0}>
          {curl}
        </pre>
      </More>
      {props.locked ? null : (
        <>
          <form
            className="cp-prompt"
            onSubmit={(e) => {
              e.preventDefault()
              if (prompt && actions.idle)
                actions.press('SendPrompt', { prompt }, `Send it: ${prompt.slice(0, 180)}`)
            }}
          >
            <label htmlFor={ids[0]}>Test it</label>
            <input id={ids[0]} value={prompt} onChange={(e) => setPrompt(e.target.value)} />
            <button type="submit" className="cp-button cp-primary" disabled={!actions.idle || !prompt}>
              Send
            </button>
          </form>
          <form
            className="cp-prompt"
            onSubmit={(e) => {
              e.preventDefault()
              if (replicas && actions.idle)
                actions.press('Scale', { replicas: Number(replicas) }, `Scale to ${replicas}`)
            }}
          >
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
          <Fault>{actions.error}</Fault>
          <div className="cp-actions">
            <Button
              disabled={!actions.idle}
              onClick={() => actions.press('Validate', {}, 'Measure it again')}
            >
              Measure it again
            </Button>
            <Button
              disabled={!actions.idle}
              onClick={() => actions.press('BackToOptions', {}, 'Another option')}
            >
              Another option
            </Button>
            <Button
              kind="danger"
              disabled={!actions.idle}
              onClick={() => actions.press('Delete', {}, 'Delete it')}
            >
              Delete…
            </Button>
            <Button disabled={!actions.idle} onClick={() => actions.press('Finish', {}, 'Done')}>
              Done
            </Button>
          </div>
        </>
      )}
    </Card>
  )
}
