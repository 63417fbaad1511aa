import { useId } from 'react'
import type { Field, FieldGroup } from '../types/card.ts'
import { isEdited, type Value, type Values } from './edits.ts'
import { Input } from './inputs.tsx'
import { More } from './layout.tsx'
import { List } from './lists.tsx'

interface GroupProps {
  group: FieldGroup
  values: Values
  set: (values: Values) => void
  disabled: boolean
}

/** Fields to be edited, with what is told beside them. */
export function Group({ group, values, set, disabled }: GroupProps) {
  const fields = (
    <>
      <div className="cp-fields" role="group" aria-label={group.label}>
        {group.fields.map((f) => (
          <Edited
            key={f.name}
            field={f}
            value={values[f.name]}
            disabled={disabled}
            onChange={(value) => set({ ...values, [f.name]: value })}
          />
        ))}
      </div>
      {group.told ? <List list={group.told} /> : null}
    </>
  )
  return group.summary ? (
    <More summary={group.summary} open={group.open}>
      {fields}
    </More>
  ) : (
    fields
  )
}

interface EditedProps {
  field: Field
  value: Value
  onChange: (value: Value) => void
  disabled: boolean
}

/** A field: its label, its value with its unit, and where that is from. */
function Edited({ field, value, onChange, disabled }: EditedProps) {
  const id = useId()
  const edited = isEdited(field, value)
  return (
    <div className={`cp-field ${edited ? 'cp-changed' : ''}`}>
      <label htmlFor={id}>{field.label}</label>
      <div className="cp-input">
        <Input id={id} field={field} value={value} onChange={onChange} disabled={disabled} />
        {field.unit ? <span className="cp-unit">{field.unit}</span> : null}
      </div>
      <span className="cp-origin" id={`${id}-about`} title={field.bounds}>
        {edited ? 'your edit' : field.origin}
      </span>
    </div>
  )
}
