import { type ReactNode, useId } from 'react'
import type { Field, FieldGroup } from '../types/details.ts'
import { number, shortName } from './figures.tsx'

const LABELS = {
  need: 'What is needed',
  targets: 'Traffic and targets',
  demand: 'Demand',
  constraints: 'Constraints',
}

/** What a person sees and edits: words, or those picked from a list. */
export type Value = string | string[]
export type Values = Record<string, Value>

export function shown(field: Field, value: Field['value']): Value {
  if (value == null || value === '') return ''
  if (Array.isArray(value)) return value
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
      <select id={id} value={value} disabled={disabled} onChange={(e) => onChange(e.target.value)}>
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
          <button
            key={v}
            type="button"
            className="cp-chip"
            disabled={disabled}
            aria-label={`Remove ${v}`}
            onClick={() => onChange(list.filter((x) => x !== v))}
          >
            {shortName(v)} ×
          </button>
        ))}
        <select
          id={id}
          value=""
          disabled={disabled}
          onChange={(e) => e.target.value && onChange([...list, e.target.value])}
        >
          <option value="">{list.length ? 'add…' : 'any'}</option>
          {choices
            .filter((c) => !list.includes(c.value))
            .map((c) => (
              <option key={c.value} value={c.value}>
                {c.label}
              </option>
            ))}
        </select>
      </div>
    )
  } else {
    input = (
      <input
        id={id}
        inputMode="decimal"
        autoComplete="off"
        value={value}
        disabled={disabled}
        placeholder="none"
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

export function changesOf(fields: Field[], values: Values): Record<string, unknown> {
  const change: Record<string, unknown> = {}
  const clear: string[] = []
  for (const f of fields) {
    const before = shown(f, f.value)
    const now = values[f.name]
    if (JSON.stringify(before) === JSON.stringify(now)) continue
    if (f.clearable && (now === '' || (Array.isArray(now) && !now.length))) clear.push(f.name)
    else if (f.kind === 'percent' && !Number.isNaN(parseFloat(String(now))))
      change[f.name] = parseFloat(String(now).replace(',', '')) / 100
    else
      change[f.name] = Array.isArray(now)
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
