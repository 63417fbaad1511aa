import { CircleAlert, Lock } from 'lucide-react'
import { type ComponentProps, Fragment, type ReactNode, useId } from 'react'
import { useDraft } from './drafts.ts'

export function Card({
  title,
  note,
  tone,
  children,
}: {
  title: string
  note?: string
  tone?: string
  children: ReactNode
}) {
  const id = useId()
  return (
    <section
      className={`cp-card ${tone ? `cp-${tone}` : ''} ${props.locked && props.interrupt_id ? 'cp-locked' : ''}`}
      aria-labelledby={id}
    >
      <header className="cp-head">
        <h3 id={id}>{title}</h3>
        {note ? <span className="cp-note">{note}</span> : null}
        {props.locked && props.interrupt_id ? (
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
  kind,
  ...rest
}: ComponentProps<'button'> & { kind?: 'primary' | 'danger' | 'quiet' }) {
  return (
    <button type="button" className={`cp-button ${kind ? `cp-${kind}` : ''}`} {...rest}>
      {children}
    </button>
  )
}

export function More({
  name,
  summary,
  open,
  children,
}: {
  name: string
  summary: string
  open?: boolean
  children: ReactNode
}) {
  const [shown, show] = useDraft(`more ${name}`, Boolean(open))
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

/** Those without a value are left out. */
export function Rows({ rows }: { rows: [string, ReactNode][] }) {
  return (
    <dl className="cp-rows">
      {rows
        .filter(([, value]) => value != null && value !== '')
        .map(([label, value]) => (
          <Fragment key={label}>
            <dt>{label}</dt>
            <dd>{value}</dd>
          </Fragment>
        ))}
    </dl>
  )
}

export function Scrolled({ label, children }: { label: string; children: ReactNode }) {
  return (
    <div className="cp-scroll" tabIndex={0} role="region" aria-label={label}>
      {children}
    </div>
  )
}

/** How well a phase, an outcome or a state is. */
export const TONES: Record<string, string> = {
  ready: 'good',
  pending: 'warn',
  failed: 'bad',
  absent: 'bad',
  pass: 'good',
  fail: 'bad',
  holding: 'good',
  missing: 'bad',
  failing: 'bad',
}

export function Badge({ tone, children, title }: { tone?: string; children: ReactNode; title?: string }) {
  return (
    <span className={`cp-badge cp-${tone || 'plain'}`} title={title}>
      {children}
    </span>
  )
}
