import type { ReactNode } from 'react'
import type { NamedPlan, Recommendation } from '../types/details.ts'
import { METRICS, money, ms, number, perSecond, setup, shortName } from './figures.ts'
import { Scrolled } from './layout.tsx'

/** What they differ in, and what to show of one. */
export type Line<T> = [string, (one: T) => ReactNode]

/** Some things in columns, a line for each of what they differ in. */
export function Compared<T>({
  label,
  columns,
  title,
  lines,
}: {
  label: string
  columns: T[]
  title: (one: T) => string
  lines: Line<T>[]
}) {
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

export function SideBySide({ plans }: { plans: NamedPlan[] }) {
  const of = (which: 'first' | 'cheapest', show: (o: Recommendation) => string) => (plan: NamedPlan) => {
    const option = plan[which]
    return option ? show(option) : 'nothing holds'
  }
  const slo = (p: NamedPlan) =>
    `${ms(p.slo_targets.ttft_p95_ms)} · ${ms(p.slo_targets.itl_p95_ms)} · ${ms(p.slo_targets.e2e_p95_ms)}`
  const latency = (o: Recommendation) => METRICS.map(([m]) => ms(o.predicted[`${m}_ms`].p95)).join(' · ')
  const lines: Line<NamedPlan>[] = [
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
