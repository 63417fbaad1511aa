import { CircleAlert, Lock } from 'lucide-react'
import { type ComponentProps, type ReactNode, useId } from 'react'
import type { Card, Words } from '../types/card.ts'
import { useDraft } from './drafts.ts'

/** The card that this element draws. */
export const card = () => props.card as Card

/** A card's title, note and edge, around what it holds. */
export function Frame({ children }: { children: ReactNode }) {
  const id = useId()
  const { title, note, tone } = card()
  const answered = props.locked && props.interrupt_id
  return (
    <section className={`cp-card cp-edge-${tone} ${answered ? 'cp-locked' : ''}`} aria-labelledby={id}>
      <header className="cp-head">
        <h3 id={id}>{title}</h3>
        {note ? <span className="cp-note">{note}</span> : null}
        {answered ? (
          <span className="cp-note cp-push">
            <Lock size={12} aria-hidden /> answered
          </span>
        ) : null}
      </header>
      {children}
    </section>
  )
}

export function Button({
  children,
  kind = 'plain',
  ...rest
}: ComponentProps<'button'> & { kind?: 'plain' | 'primary' | 'danger' | 'quiet' }) {
  return (
    <button type="button" className={`cp-button cp-${kind}`} {...rest}>
      {children}
    </button>
  )
}

export function More({ summary, open, children }: { summary: string; open?: boolean; children: ReactNode }) {
  const [shown, show] = useDraft(`more ${summary}`, Boolean(open))
  return (
    <details className="cp-more" open={shown} onToggle={(e) => show(e.currentTarget.open)}>
      <summary>{summary}</summary>
      {children}
    </details>
  )
}

export function Fault({ children }: { children: ReactNode }) {
  return children ? (
    <p className="cp-fault" role="alert">
      <CircleAlert size={14} aria-hidden /> {children}
    </p>
  ) : null
}

export function Scrolled({ label, children }: { label: string; children: ReactNode }) {
  return (
    <div className="cp-scroll" tabIndex={0} role="region" aria-label={label}>
      {children}
    </div>
  )
}

export function Badge({ said }: { said: Words }) {
  return (
    <span className={`cp-badge cp-${said.tone}`} title={said.why || undefined}>
      {said.text}
    </span>
  )
}
