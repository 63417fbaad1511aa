import { type ReactNode, useEffect, useState } from 'react'
import { answerTo, useActions } from '../parts/actions.tsx'
import { Answers } from '../parts/answering.tsx'
import { card, Fault, Frame } from '../parts/layout.tsx'
import { type Part, Parts } from '../parts/said.tsx'
import { Trying } from '../parts/trying.tsx'
import type { Card } from '../types/card.ts'

const EVERY_MS = 5000

interface Seen {
  card?: Card
  at?: string
  error?: ReactNode
}

/** Without the rows that this card has already. */
function more(part: Part): Part {
  const rows = card().parts.flatMap((own) => (own.part === 'rows' ? own.rows : []))
  const isNew = (label: string, text: string) => !rows.some((row) => row.label === label && row.text === text)
  return part.part === 'rows'
    ? { ...part, rows: part.rows.filter((row) => isNew(row.label, row.text)) }
    : part
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
          <Parts parts={seen.card.parts.map(more)} actions={actions} />
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
