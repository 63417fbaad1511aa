import { Check } from 'lucide-react'
import type { ReactNode } from 'react'
import type { Card, Code, Proposals, Sentence } from '../types/card.ts'
import type { Actions } from './actions.tsx'
import { CopyButton, Diff, Files } from './files.tsx'
import { Badge, Button, Fault, More } from './layout.tsx'
import { List } from './lists.tsx'
import { DataTable, Rows } from './tables.tsx'

export type Part = Card['parts'][number]

function Said({ said }: { said: Sentence }) {
  if (said.tone === 'bad' && !said.badges.length) return <Fault>{said.text}</Fault>
  if (said.tone === 'quiet') return <p className="cp-note">{said.text}</p>
  return (
    <p className={`cp-line ${said.tone === 'good' ? 'cp-passed' : `cp-is-${said.tone}`}`}>
      {said.badges.map((badge) => (
        <Badge key={badge.text} said={badge} />
      ))}
      {said.tone === 'good' ? <Check size={14} aria-hidden /> : null}
      <span>{said.text}</span>
    </p>
  )
}

function ToTry({ list, actions }: { list: Proposals; actions: Actions }) {
  return (
    <div>
      <h4>{list.heading}</h4>
      <ul className="cp-list cp-misses">
        {list.proposals.map(({ text, action }) => (
          <li key={text}>
            <span>{text}</span>
            {props.locked ? null : (
              <Button
                kind={action.style}
                disabled={!actions.idle}
                aria-label={`${action.label}: ${text}`}
                onClick={() => actions.take(action)}
              >
                {action.label}
              </Button>
            )}
          </li>
        ))}
      </ul>
    </div>
  )
}

function Call({ code }: { code: Code }) {
  return (
    <>
      <div className="cp-code-bar">
        <span className="cp-note">{code.about}</span>
        <CopyButton text={code.text} label={`Copy: ${code.about}`} />
      </div>
      <pre className="cp-code" tabIndex={0}>
        {code.text}
      </pre>
    </>
  )
}

function Laid({ part, actions }: { part: Part; actions: Actions }): ReactNode {
  switch (part.part) {
    case 'sentence':
      return <Said said={part} />
    case 'rows':
      return <Rows rows={part.rows} />
    case 'table':
      return <DataTable table={part} />
    case 'items':
      return <List list={part} />
    case 'proposals':
      return <ToTry list={part} actions={actions} />
    case 'code':
      return <Call code={part} />
    case 'fold':
      return (
        <More summary={part.summary} open={part.open}>
          <Parts parts={part.parts} actions={actions} />
        </More>
      )
    case 'files':
      return part.summary ? (
        <More summary={part.summary}>
          <Files {...part} />
        </More>
      ) : (
        <Files {...part} />
      )
    case 'diff':
      return (
        <More summary={part.title} open>
          <Diff text={part.text} />
        </More>
      )
    default:
      return null // an element of its own draws it
  }
}

/** What a card says, one part below the other; those of a kind of their own are left out. */
export function Parts({ parts, actions }: { parts: Part[]; actions: Actions }) {
  return parts.map((part, n) => <Laid key={n} part={part} actions={actions} />)
}
