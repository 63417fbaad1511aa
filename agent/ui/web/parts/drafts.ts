import { useState } from 'react'

// Chainlit makes a card anew whenever anything around it changes; what a person has begun to type must
// outlive that.
window.compassDrafts ??= {}
const drafts = window.compassDrafts

/** A state of this card, by its name, that outlives it. */
export function useDraft<T>(name: string, initial: T): [T, (next: T) => void] {
  const key = `${props.id}/${name}`
  const [value, setValue] = useState(key in drafts ? (drafts[key] as T) : initial)
  const keep = (next: T) => {
    drafts[key] = next
    setValue(next)
  }
  return [value, keep]
}
