import { type ReactNode, useId } from 'react'
import type { Field, FieldGroup } from '../types/details.ts'
import { number, shortName } from './figures.tsx'

const LABELS = {
  need: 'What is needed',
  targets: 'Traffic and targets',
  demand: 'Demand',
  constraints: 'Constraints',
}

/** What a person sees and edits: words, those picked from a list, or how many there are of each. */
export type Value = string | string[] | Counts
type Counts = Record<string, string>
export type Values = Record<string, Value>

export function shown(field: Field, value: Field['value']): Value {
  if (value == null || value === '') return ''
  if (Array.isArray(value)) return value
  if (typeof value === 'object')
    return Object.fromEntries(Object.entries(value).map(([name, count]) => [name, String(count)]))
  return field.kind === 'percent' ? String(Math.round(Number(value) * 1e6) / 1e4) : String(value)
}

function Edited({
  field,
  value,
  onChange,
  disabled,
}: {
  field: Field
  value: Value
  onChange: (value: Value) => void
  disabled: boolean
}) {
  const id = useId()
  const choices = field.choices ?? []
  const range =
    field.low != null || field.high != null
      ? `${field.low != null ? `from ${number(field.kind === 'percent' ? field.low * 100 : field.low, 0)}` : ''}${field.high != null ? ` to ${number(field.kind === 'percent' ? field.high * 100 : field.high)}` : ''}`
      : ''
  const changed = JSON.stringify(value) !== JSON.stringify(shown(field, field.value))
  const origin = changed ? 'your edit' : field.origin
  let input: ReactNode
  if (field.kind === 'choice') {
    input = (
      <select id={id} value={String(value)} disabled={disabled} onChange={(e) => onChange(e.target.value)}>
        {choices.map((c) => (
          <option key={c.value} value={c.value}>
            {c.label}
          </option>
        ))}
      </select>
    )
  } else if (field.kind === 'choices') {
    const list = Array.isArray(value) ? value : []
    input = (
      <div className="cp-picked">
        {list.map((v) => (
          <Removed
            key={v}
            name={v}
            disabled={disabled}
            onClick={() => onChange(list.filter((x) => x !== v))}
          />
        ))}
        <Added
          id={id}
          field={field}
          picked={list}
          disabled={disabled}
          onPick={(picked) => onChange([...list, picked])}
        />
      </div>
    )
  } else if (field.kind === 'counts') {
    const counts = value as Counts
    const names = Object.keys(counts)
    input = (
      <div className="cp-picked">
        {names.map((v) => (
          <span key={v} className="cp-input">
            <input
              inputMode="numeric"
              autoComplete="off"
              value={counts[v]}
              disabled={disabled}
              aria-label={`Number of ${v}`}
              onChange={(e) => onChange({ ...counts, [v]: e.target.value })}
            />
            <Removed
              name={v}
              disabled={disabled}
              onClick={() => onChange(Object.fromEntries(Object.entries(counts).filter(([x]) => x !== v)))}
            />
          </span>
        ))}
        <Added
          id={id}
          field={field}
          picked={names}
          disabled={disabled}
          onPick={(picked) => onChange({ ...counts, [picked]: '1' })}
        />
      </div>
    )
  } else {
    input = (
      <input
        id={id}
        inputMode="decimal"
        autoComplete="off"
        value={String(value)}
        disabled={disabled}
        placeholder={field.unset}
        aria-describedby={`${id}-about`}
        onChange={(e) => onChange(e.target.value)}
      />
    )
  }
  return (
    <div className={`cp-field ${changed ? 'cp-changed' : ''}`}>
      <label htmlFor={id}>{field.label}</label>
      <div className="cp-input">
        {input}
        {field.unit ? <span className="cp-unit">{field.unit}</span> : null}
      </div>
      <span className="cp-origin" id={`${id}-about`} title={range}>
        {origin}
      </span>
    </div>
  )
}

function Removed({ name, disabled, onClick }: { name: string; disabled: boolean; onClick: () => void }) {
  return (
    <button
      type="button"
      className="cp-chip"
      disabled={disabled}
      aria-label={`Remove ${name}`}
      onClick={onClick}
    >
      {shortName(name)} ×
    </button>
  )
}

function Added({
  id,
  field,
  picked,
  disabled,
  onPick,
}: {
  id: string
  field: Field
  picked: string[]
  disabled: boolean
  onPick: (name: string) => void
}) {
  return (
    <select id={id} value="" disabled={disabled} onChange={(e) => e.target.value && onPick(e.target.value)}>
      <option value="">{picked.length ? 'add…' : field.unset}</option>
      {(field.choices ?? [])
        .filter((c) => !picked.includes(c.value))
        .map((c) => (
          <option key={c.value} value={c.value}>
            {c.label}
          </option>
        ))}
    </select>
  )
}

const isEmpty = (value: Value) => value === '' || (typeof value === 'object' && !Object.keys(value).length)

export function changesOf(fields: Field[], values: Values): Record<string, unknown> {
  const change: Record<string, unknown> = {}
  const clear: string[] = []
  for (const f of fields) {
    const before = shown(f, f.value)
    const now = values[f.name]
    if (JSON.stringify(before) === JSON.stringify(now)) continue
    if (f.clearable && isEmpty(now)) clear.push(f.name)
    else if (f.kind === 'percent' && !Number.isNaN(parseFloat(String(now))))
      change[f.name] = parseFloat(String(now).replace(',', '')) / 100
    else
      change[f.name] =
        typeof now === 'object'
          ? now
          : String(now)
              .replace(/(\d),(?=\d{3})/g, '$1')
              .trim()
  }
  return clear.length ? { ...change, clear } : change
}

export function Fields({
  group,
  fields,
  values,
  set,
  disabled,
}: {
  group: FieldGroup
  fields: Field[]
  values: Values
  set: (values: Values) => void
  disabled: boolean
}) {
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
            onChange={(v) => set({ ...values, [f.name]: v })}
          />
        ))}
    </div>
  )
}
