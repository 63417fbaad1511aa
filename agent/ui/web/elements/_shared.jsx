import React, { useEffect, useId, useState } from 'react'
import { useChatData } from '@chainlit/react-client'
import { ArrowDown, ArrowUp, Check, CircleAlert, Copy, Download, Lock, Undo2 } from 'lucide-react'

// Chainlit makes a card anew whenever anything around it changes; what a person has begun to type must outlive that.
const drafts = (window.compassDrafts = window.compassDrafts || {})

function useDraft(name, initial) {
  const key = `${props.id}/${name}`
  const [value, setValue] = useState(key in drafts ? drafts[key] : initial)
  const keep = (next) => {
    drafts[key] = next
    setValue(next)
  }
  return [value, keep]
}

// What Compass refused says why; a page whose session is over can only be loaded again.
const asAnswer = (failure) => {
  if (typeof failure?.detail !== 'string') return null
  const reload = <Button onClick={() => location.reload()}>Reload</Button>
  return { response: { error: failure.status === 410 ? <>{failure.detail} {reload}</> : failure.detail } }
}

function useActions() {
  const { loading, connected } = useChatData()
  const [error, setError] = useState('')
  const act = async (name, payload) => {
    setError('')
    const answer = await callAction({ name, payload }).catch(asAnswer)
    const said = answer ? answer.response?.error : 'Compass doesn’t answer. Is it still running? Nothing was done; try again.'
    if (said) setError(said)
    return !said
  }
  return {
    idle: connected && !loading && !props.locked,
    error,
    press: (move, args, label) => act('reply', { interrupt_id: props.interrupt_id, move, arguments: args || {}, label }),
    say: (text) => act('say', { text }),
  }
}

// Rounded as the engine's own sentences are, so that a card and the words beside it show the same figure.
const number = (value, digits = 0) =>
  value == null ? '?' : value.toLocaleString('en-US', { minimumFractionDigits: digits, maximumFractionDigits: digits, roundingMode: 'halfEven' })
const upTo = (value, digits) => value.toLocaleString('en-US', { maximumFractionDigits: digits, roundingMode: 'halfEven' })
const money = (value, digits = 0) => (value == null ? '?' : `$${number(value, digits)}`)
const ms = (value) => (value == null ? '?' : value >= 1000 ? `${upTo(value / 1000, 1)} s` : `${upTo(value, value < 100 ? 1 : 0)} ms`)
const perSecond = (value) => number(value, value >= 100 ? 0 : value >= 10 ? 1 : 2)
const percent = (value) => (value == null ? '?' : `${number(value * 100)} %`)
const shortName = (id) => id.split('/').slice(1).join('/') || id
const setup = (o) => `${o.replicas} × ${o.gpu_count} ${o.gpu_type}`
const METRICS = [
  ['ttft', 'TTFT'],
  ['itl', 'ITL'],
  ['e2e', 'E2E'],
]

function Card({ title, note, tone, children }) {
  const id = useId()
  return (
    <section className={`cp-card ${tone ? `cp-${tone}` : ''} ${props.locked && props.interrupt_id ? 'cp-locked' : ''}`} aria-labelledby={id}>
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

function Button({ children, kind, ...rest }) {
  return (
    <button type="button" className={`cp-button ${kind ? `cp-${kind}` : ''}`} {...rest}>
      {children}
    </button>
  )
}

function More({ name, summary, open, children }) {
  const [shown, show] = useDraft(`more ${name}`, Boolean(open))
  return (
    <details className="cp-more" open={shown} onToggle={(e) => show(e.currentTarget.open)}>
      <summary>{summary}</summary>
      {children}
    </details>
  )
}

function Fault({ children }) {
  return children ? (
    <p className="cp-fault" role="alert">
      <CircleAlert size={14} aria-hidden /> {children}
    </p>
  ) : null
}

function Suggestions({ actions, skip }) {
  const left = (props.replies || []).filter((text) => !(skip || []).includes(text))
  if (props.locked || !left.length) return null
  return (
    <div className="cp-suggestions" role="group" aria-label="You can also say">
      <span className="cp-note">You can also say</span>
      {left.map((text) => (
        <button key={text} type="button" className="cp-chip" disabled={!actions.idle} onClick={() => actions.say(text)}>
          {text}
        </button>
      ))}
    </div>
  )
}

function Rows({ rows }) {
  return (
    <dl className="cp-rows">
      {rows
        .filter(([, value]) => value != null && value !== '')
        .map(([label, value]) => (
          <React.Fragment key={label}>
            <dt>{label}</dt>
            <dd>{value}</dd>
          </React.Fragment>
        ))}
    </dl>
  )
}

function Scrolled({ label, children }) {
  return (
    <div className="cp-scroll" tabIndex={0} role="region" aria-label={label}>
      {children}
    </div>
  )
}

// Some things in columns, a line for each of what they differ in: [label, what to show of one].
function Compared({ label, columns, title, lines }) {
  return (
    <Scrolled label={label}>
      <table className="cp-table cp-compare">
        <thead>
          <tr>
            <td />
            {columns.map((one) => (
              <th key={title(one)} scope="col">
                {title(one)}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {lines.map(([name, show]) => (
            <tr key={name}>
              <th scope="row">{name}</th>
              {columns.map((one) => (
                <td key={title(one)}>{show(one)}</td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </Scrolled>
  )
}

function SideBySide({ plans }) {
  const of = (which, show) => (plan) => (plan[which] ? show(plan[which]) : 'nothing holds')
  const slo = (p) => `${ms(p.slo_targets.ttft_p95_ms)} · ${ms(p.slo_targets.itl_p95_ms)} · ${ms(p.slo_targets.e2e_p95_ms)}`
  const latency = (o) => METRICS.map(([m]) => ms(o.predicted[`${m}_ms`].p95)).join(' · ')
  const lines = [
    ['Peak', (p) => `${perSecond(p.peak_requests_per_second)} requests/s`],
    ['Targets (TTFT · ITL · E2E)', slo],
    ['First option', of('first', (o) => `${shortName(o.model_id)}, ${setup(o)}`)],
    ['costs a month', of('first', (o) => money(o.cost_usd_per_month))],
    ['p95 (TTFT · ITL · E2E)', of('first', latency)],
    ['thinking', of('first', (o) => o.thinking_in_words || 'not told')],
    ['context', of('first', (o) => (o.context_tokens ? `${number(o.context_tokens)} tokens` : 'not known'))],
    ['Cheapest', of('cheapest', (o) => `${money(o.cost_usd_per_month)}, ${setup(o)}`)],
    ['Hold the targets', (p) => `${number(p.holding_slo)} of ${number(p.considered)}`],
  ]
  return <Compared label="Plans side by side" columns={plans} title={(plan) => plan.name} lines={lines} />
}

function save(name, text) {
  const link = document.createElement('a')
  link.href = URL.createObjectURL(new Blob([text], { type: 'text/yaml' }))
  link.download = name
  link.click()
  URL.revokeObjectURL(link.href)
}

function CopyButton({ text, label }) {
  const [done, setDone] = useState(false)
  const copy = async () => {
    await navigator.clipboard.writeText(text)
    setDone(true)
    setTimeout(() => setDone(false), 1500)
  }
  return (
    <Button kind="quiet" onClick={copy} aria-label={label}>
      {done ? <Check size={14} aria-hidden /> : <Copy size={14} aria-hidden />} {done ? 'Copied' : 'Copy'}
    </Button>
  )
}

function Files({ files, name }) {
  const [shown, show] = useDraft('file', 0)
  const file = files[shown] || files[0]
  const id = useId()
  const move = (step) => show((shown + step + files.length) % files.length)
  return (
    <div className="cp-files">
      <div className="cp-tabs" role="tablist" aria-label="Files" onKeyDown={(e) => ({ ArrowRight: () => move(1), ArrowLeft: () => move(-1) })[e.key]?.()}>
        {files.map((f, n) => (
          <button
            key={f.path}
            type="button"
            role="tab"
            id={`${id}-${n}`}
            aria-selected={n === shown}
            aria-controls={`${id}-panel`}
            tabIndex={n === shown ? 0 : -1}
            className="cp-tab"
            onClick={() => show(n)}
          >
            {f.path.replace(/^\d+-/, '').replace('.yaml', '')}
          </button>
        ))}
      </div>
      <div role="tabpanel" id={`${id}-panel`} aria-labelledby={`${id}-${shown}`}>
        <div className="cp-code-bar">
          <span className="cp-note">{file.path}</span>
          <CopyButton text={file.content} label={`Copy ${file.path}`} />
          <Button kind="quiet" onClick={() => save(`${name}.yaml`, files.map((f) => f.content).join('---\n'))}>
            <Download size={14} aria-hidden /> Download all
          </Button>
        </div>
        <pre className="cp-code" tabIndex={0}>
          {file.content}
        </pre>
      </div>
    </div>
  )
}

function Diff({ text }) {
  return (
    <pre className="cp-code" tabIndex={0}>
      {text.split('\n').map((line, n) => (
        <span key={n} className={line[0] === '+' ? 'cp-added' : line[0] === '-' ? 'cp-removed' : ''}>
          {line}
          {'\n'}
        </span>
      ))}
    </pre>
  )
}

const TONES = { ready: 'good', pending: 'warn', failed: 'bad', absent: 'bad', pass: 'good', fail: 'bad', holding: 'good', missing: 'bad', failing: 'bad' }

function Badge({ tone, children, title }) {
  return (
    <span className={`cp-badge cp-${tone || 'plain'}`} title={title}>
      {children}
    </span>
  )
}

function StatusPanel({ status, at }) {
  const live = status.live
  const age = (s) => (s == null ? null : s >= 172800 ? `${number(s / 86400)} days` : s >= 7200 ? `${number(s / 3600)} hours` : s >= 120 ? `${number(s / 60)} minutes` : `${number(s)} seconds`)
  return (
    <div>
      <p className="cp-line">
        <Badge tone={TONES[status.phase]}>{status.phase}</Badge> {number(status.replicas_ready)} of {number(status.replicas_wanted)} replicas ready
        {live ? <Badge tone={TONES[live.state] || 'warn'}>{live.state}</Badge> : null}
        {at ? <span className="cp-note cp-push">as of {at}</span> : null}
      </p>
      {live ? (
        <>
          <p className="cp-line">
            {live.verdict[0].toUpperCase() + live.verdict.slice(1)}. {live.advice ? <em>{live.advice}</em> : null}
          </p>
          {live.latencies.length ? (
            <Scrolled label="Latencies now">
              <table className="cp-table">
                <thead>
                  <tr>
                    <td />
                    {['p50', 'p95', 'p99', 'Target p95', 'Headroom', 'Predicted p95'].map((name) => (
                      <th key={name} scope="col" className="cp-right">
                        {name}
                      </th>
                    ))}
                  </tr>
                </thead>
                <tbody>
                  {live.latencies.map((l) => (
                    <tr key={l.metric}>
                      <th scope="row">{l.metric.toUpperCase()}</th>
                      <td>{ms(l.p50_ms)}</td>
                      <td>{ms(l.p95.value_ms)}</td>
                      <td>{ms(l.p99_ms)}</td>
                      <td>{ms(l.target_ms)}</td>
                      <td className={l.headroom != null && l.headroom < 0 ? 'cp-is-bad' : ''}>{percent(l.headroom)}</td>
                      <td>{ms(l.predicted_ms)}</td>
                    </tr>
                  ))}
                </tbody>
              </table>
            </Scrolled>
          ) : null}
          <p className="cp-note">
            {number(live.requests)} requests, {number(live.failed)} failed; now {number(live.running)} running, {number(live.waiting)} waiting; KV cache {percent(live.kv_cache_usage)} full
          </p>
        </>
      ) : status.live_problem ? (
        <p className="cp-note">How it holds its targets isn’t known: {status.live_problem}</p>
      ) : null}
      {status.diagnosis ? (
        <Rows
          rows={[
            ['Cause', status.diagnosis.cause],
            ['Remedy', status.diagnosis.remedy],
          ]}
        />
      ) : null}
      <Rows
        rows={[
          ['Age', age(status.age_seconds)],
          ['Mode', status.thinking],
          ['Context', status.context_tokens == null ? null : `${number(status.context_tokens)} tokens of prompt and answer`],
          ['Cost so far', status.cost_usd == null ? null : money(status.cost_usd, 2)],
          ['Drift', status.drift == null ? null : status.drift.length ? `otherwise than approved: ${status.drift.slice(0, 6).join(', ')}` : 'none: as approved'],
        ]}
      />
      <More name="pods-and-events" summary="Pods and events">
        <ul className="cp-list">
          {status.pods.map((p) => (
            <li key={p.name}>
              <code>{p.name}</code> {p.state}
              {p.restarts ? `, ${p.restarts} restarts` : ''}, {p.node || 'no node'}
            </li>
          ))}
          {status.events.slice(-5).map((e, n) => (
            <li key={n} className="cp-note">
              {e.reason}: {e.message}
            </li>
          ))}
        </ul>
      </More>
    </div>
  )
}
