import { type ReactNode, useEffect, useState } from 'react'
import { answerTo, useActions } from '../parts/actions.tsx'
import { Answers } from '../parts/answering.tsx'
import { card, Fault, Frame } from '../parts/layout.tsx'
import { Parts } from '../parts/said.tsx'
import { Trying } from '../parts/trying.tsx'
import type { Card } from '../types/card.ts'

const EVERY_MS = 5000

interface Seen {
  card?: Card
  at?: string
  error?: ReactNode
}

export default function Running() {
  const { title, parts } = card()
  const actions = useActions()
  const [seen, setSeen] = useState<Seen | null>(null)
  useEffect(() => {
    if (props.locked) return
    let over = false
    const look = async () => {
      if (document.hidden) return
      const answer = await answerTo<Seen>('look', { name: title })
      if (!over && answer?.response) setSeen(answer.response)
    }
    look()
    const timer = setInterval(look, EVERY_MS)
    return () => {
      over = true
      clearInterval(timer)
    }
  }, [title, props.locked])
  return (
    <Frame>
      <Parts parts={parts} actions={actions} />
      {seen?.card ? (
        <>
          <h4>
            {seen.card.title} <span className="cp-note">as of {seen.at}</span>
          </h4>
          <Parts parts={seen.card.parts} actions={actions} />
        </>
      ) : seen?.error ? (
        <Fault>{seen.error}</Fault>
      ) : props.locked ? null : (
        <p className="cp-note">Looking at it…</p>
      )}
      <Trying actions={actions} />
      <Answers actions={actions} />
    </Frame>
  )
}
