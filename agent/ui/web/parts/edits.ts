// What a person edited in the fields of a specification, and what the engine is told of it.

import type { Field } from '../types/card.ts'

/** What a person sees and edits: words, those picked from a list, or how many there are of each. */
export type Value = string | string[] | Counts
export type Counts = Record<string, string>
export type Values = Record<string, Value>

/** A field's value as it is edited. */
export function shown({ kind, value }: Field): Value {
  if (kind === 'choices') return Array.isArray(value) ? value : []
  if (kind === 'counts')
    return Object.fromEntries(Object.entries(value ?? {}).map(([name, count]) => [name, String(count)]))
  if (kind === 'items') return Array.isArray(value) ? value.join(', ') : ''
  if (value == null) return ''
  return kind === 'percent' ? String(Math.round(Number(value) * 1e6) / 1e4) : String(value)
}

export const isEdited = (field: Field, value: Value) => JSON.stringify(value) !== JSON.stringify(shown(field))

const isEmpty = (value: Value) => value === '' || (typeof value === 'object' && !Object.keys(value).length)

/** What a field becomes; what can't be read is left to the engine, which says why. */
function told({ kind }: Field, value: Value): unknown {
  if (typeof value === 'object') return value
  if (kind === 'items') return value.trim()
  const figure = value.replace(/(\d),(?=\d{3})/g, '$1').trim()
  if (kind !== 'percent' || !figure) return figure
  const percent = Number(figure.replace(/\s*%$/, ''))
  return Number.isNaN(percent) ? figure : percent / 100
}

/** The arguments of EditSpecification. */
export function changesOf(fields: Field[], values: Values): Record<string, unknown> {
  const edited = fields.filter((f) => isEdited(f, values[f.name]))
  const cleared = edited.filter((f) => f.clearable && isEmpty(values[f.name]))
  const change = Object.fromEntries(
    edited.filter((f) => !cleared.includes(f)).map((f) => [f.name, told(f, values[f.name])]),
  )
  return cleared.length ? { ...change, clear: cleared.map((f) => f.name) } : change
}
