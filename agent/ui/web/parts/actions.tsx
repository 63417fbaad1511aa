import { useChatData } from '@chainlit/react-client'
import { type ReactNode, useState } from 'react'
import type { Action } from '../types/card.ts'
import { Button } from './layout.tsx'

interface Answer {
  response?: { error?: ReactNode }
}

/** What a card can do: `idle` if the person may press something now. */
export interface Actions {
  idle: boolean
  error: ReactNode
  /** A move of the engine, and what the button says. */
  press: (move: string, args: object, label: string) => Promise<boolean>
  take: (action: Action) => Promise<boolean>
  say: (text: string) => Promise<boolean>
}

// What Compass refused says why; a page whose session is over can only be loaded again.
function refused(failure: { status?: number; detail?: unknown }): Answer | null {
  if (typeof failure?.detail !== 'string') return null
  const reload = <Button onClick={() => location.reload()}>Reload</Button>
  const error =
    failure.status === 410 ? (
      <>
        {failure.detail} {reload}
      </>
    ) : (
      failure.detail
    )
  return { response: { error } }
}

/** What the server answers an action, its refusal too; null if it doesn't. */
export async function answerTo<Response>(name: string, payload: object) {
  const answer = await callAction({ name, payload })?.catch(refused)
  return (answer ?? null) as { response?: Response & { error?: ReactNode } } | null
}

export function useActions(): Actions {
  const { loading, connected } = useChatData()
  const [error, setError] = useState<ReactNode>('')
  const act = async (name: string, payload: object) => {
    setError('')
    const answer = await answerTo(name, payload)
    const said = answer
      ? answer.response?.error
      : 'Compass doesn’t answer. Is it still running? Nothing was done; try again.'
    if (said) setError(said)
    return !said
  }
  const press: Actions['press'] = (move, args, label) =>
    act('reply', { interrupt_id: props.interrupt_id, move, arguments: args, label })
  return {
    idle: connected && !loading && !props.locked,
    error,
    press,
    take: ({ move, arguments: args, label, says }) => press(move, args, says || label),
    say: (text) => act('say', { text }),
  }
}
