import { Undo2 } from 'lucide-react'
import type { FormEvent } from 'react'
import { type Actions, useActions } from '../parts/actions.tsx'
import { Suggestions } from '../parts/answering.tsx'
import { useDraft } from '../parts/drafts.ts'
import { changesOf, shown, type Values } from '../parts/edits.ts'
import { Group } from '../parts/fields.tsx'
import { Button, card, Fault, Frame } from '../parts/layout.tsx'
import type { Fields, Rows } from '../types/card.ts'

export default function Specification() {
  const actions = useActions()
  return (
    <Frame>
      {card().parts.map((part, n) =>
        part.part === 'rows' ? (
          <Headlines key={n} rows={part} />
        ) : part.part === 'fields' ? (
          <Editing key={n} groups={part.groups} actions={actions} />
        ) : null,
      )}
      <Suggestions actions={actions} />
    </Frame>
  )
}

/** The rows that are told large; the others are fields below, to be edited. */
function Headlines({ rows: { rows } }: { rows: Rows }) {
  return (
    <div className="cp-figures">
      {rows
        .filter((row) => row.headline)
        .map(({ label, text }) => (
          <div key={label}>
            <span className="cp-note">{label}</span>
            <strong>{text}</strong>
          </div>
        ))}
    </div>
  )
}

function Editing({ groups, actions }: { groups: Fields['groups']; actions: Actions }) {
  const fields = groups.flatMap((group) => group.fields)
  const initial: Values = Object.fromEntries(fields.map((f) => [f.name, shown(f)]))
  const [values, setValues] = useDraft('values', initial)
  const change = changesOf(fields, values)
  const edits = Object.keys(change).length
  const send = (e: FormEvent) => {
    e.preventDefault()
    if (!actions.idle) return
    if (edits) actions.press('EditSpecification', change, 'Plan with my changes')
    else actions.press('Confirm', {}, 'Looks good')
  }
  return (
    <form onSubmit={send}>
      {groups.map((group) => (
        <Group key={group.label} group={group} values={values} set={setValues} disabled={props.locked} />
      ))}
      <Fault>{actions.error}</Fault>
      {props.locked ? null : (
        <div className="cp-actions">
          <button type="submit" className="cp-button cp-primary" disabled={!actions.idle}>
            {edits ? `Plan with ${edits === 1 ? 'this change' : `these ${edits} changes`}` : 'Looks good'}
          </button>
          {edits ? (
            <Button kind="quiet" onClick={() => setValues(initial)}>
              <Undo2 size={14} aria-hidden /> Put back
            </Button>
          ) : null}
        </div>
      )}
    </form>
  )
}
