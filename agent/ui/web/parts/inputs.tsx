// What a field's value is edited with: one input for each kind.

import type { Field } from '../types/card.ts'
import type { Counts, Value } from './edits.ts'

interface InputProps<T extends Value> {
  id: string
  field: Field
  value: T
  onChange: (value: T) => void
  disabled: boolean
}

export function Input({ value, onChange, ...rest }: InputProps<Value>) {
  const { kind } = rest.field
  if (Array.isArray(value)) return <Picked value={value} onChange={onChange} {...rest} />
  if (typeof value === 'object') return <Counted value={value} onChange={onChange} {...rest} />
  if (kind === 'choice') return <Chosen value={value} onChange={onChange} {...rest} />
  return <Written value={value} onChange={onChange} {...rest} />
}

function Written({ id, field, value, onChange, disabled }: InputProps<string>) {
  return (
    <input
      id={id}
      inputMode={field.kind === 'items' ? 'text' : 'decimal'}
      autoComplete="off"
      value={value}
      disabled={disabled}
      placeholder={field.unset}
      aria-describedby={`${id}-about`}
      onChange={(e) => onChange(e.target.value)}
    />
  )
}

function Chosen({ id, field, value, onChange, disabled }: InputProps<string>) {
  return (
    <select id={id} value={value} disabled={disabled} onChange={(e) => onChange(e.target.value)}>
      <Choices field={field} />
    </select>
  )
}

function Picked({ id, field, value, onChange, disabled }: InputProps<string[]>) {
  const without = (name: string) => value.filter((one) => one !== name)
  return (
    <div className="cp-picked">
      {value.map((name) => (
        <Removed
          key={name}
          name={name}
          field={field}
          disabled={disabled}
          onClick={() => onChange(without(name))}
        />
      ))}
      <Added
        id={id}
        field={field}
        taken={value}
        disabled={disabled}
        onPick={(name) => onChange([...value, name])}
      />
    </div>
  )
}

function Counted({ id, field, value, onChange, disabled }: InputProps<Counts>) {
  const without = (name: string) => Object.fromEntries(Object.entries(value).filter(([one]) => one !== name))
  return (
    <div className="cp-picked">
      {Object.entries(value).map(([name, count]) => (
        <span key={name} className="cp-input">
          <input
            inputMode="numeric"
            autoComplete="off"
            value={count}
            disabled={disabled}
            aria-label={`Number of ${name}`}
            onChange={(e) => onChange({ ...value, [name]: e.target.value })}
          />
          <Removed name={name} field={field} disabled={disabled} onClick={() => onChange(without(name))} />
        </span>
      ))}
      <Added
        id={id}
        field={field}
        taken={Object.keys(value)}
        disabled={disabled}
        onPick={(name) => onChange({ ...value, [name]: '1' })}
      />
    </div>
  )
}

interface RemovedProps {
  name: string
  field: Field
  disabled: boolean
  onClick: () => void
}

function Removed({ name, field, disabled, onClick }: RemovedProps) {
  const label = field.choices.find((choice) => choice.value === name)?.label ?? name
  return (
    <button
      type="button"
      className="cp-chip"
      disabled={disabled}
      aria-label={`Remove ${name}`}
      onClick={onClick}
    >
      {label} ×
    </button>
  )
}

interface AddedProps {
  id: string
  field: Field
  taken: string[]
  disabled: boolean
  onPick: (name: string) => void
}

function Added({ id, field, taken, disabled, onPick }: AddedProps) {
  return (
    <select id={id} value="" disabled={disabled} onChange={(e) => e.target.value && onPick(e.target.value)}>
      <option value="">{taken.length ? 'add…' : field.unset}</option>
      <Choices field={field} taken={taken} />
    </select>
  )
}

function Choices({ field, taken = [] }: { field: Field; taken?: string[] }) {
  const left = field.choices.filter((choice) => !taken.includes(choice.value))
  return left.map(({ value, label }) => (
    <option key={value} value={value}>
      {label}
    </option>
  ))
}
