import { useId } from 'react'
import type { Field, FieldGroup } from '../types/details.ts'
import { isEdited, type Value, type Values } from './edits.ts'
import { number } from './figures.ts'
import { Input } from './inputs.tsx'

const LABELS = {
  need: 'What is needed',
  targets: 'Traffic and targets',
  demand: 'Demand',
  constraints: 'Constraints',
}

interface FieldsProps {
  group: FieldGroup
  fields: Field[]
  values: Values
  set: (values: Values) => void
  disabled: boolean
}

/** Those of one group, to be edited. */
export function Fields({ group, fields, values, set, disabled }: FieldsProps) {
  return (
    <div className="cp-fields" role="group" aria-label={LABELS[group]}>
      {fields
        .filter((f) => f.group === group)
        .map((f) => (
          <Edited
            key={f.name}
            field={f}
            value={values[f.name]}
            disabled={disabled}
            onChange={(value) => set({ ...values, [f.name]: value })}
          />
        ))}
    </div>
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
      <span className="cp-origin" id={`${id}-about`} title={range(field)}>
        {edited ? 'your edit' : field.origin}
      </span>
    </div>
  )
}

function range({ kind, low, high }: Field) {
  const bound = (word: string, value: number | null) =>
    value == null ? '' : `${word} ${number(kind === 'percent' ? value * 100 : value)}`
  return `${bound('from', low)} ${bound('to', high)}`.trim()
}
