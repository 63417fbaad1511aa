import { ms, number, percent, perSecond } from '../parts/figures.ts'
import { Badge, Card, Scrolled, TONES } from '../parts/layout.tsx'
import type { Validation as Found } from '../types/details.ts'

export default function Validation() {
  const d = props.details as Found
  return (
    <Card
      title="Validation"
      note={`${number(d.requests)} requests, ${number(d.failed)} failed`}
      tone={d.outcome === 'fail' ? 'alarm' : ''}
    >
      <p className="cp-line">
        <Badge tone={TONES[d.outcome] || 'warn'}>{d.outcome}</Badge>
        {d.requests_per_second ? ` at ${perSecond(d.requests_per_second)} requests/s` : ''}
      </p>
      <Scrolled label="What was measured">
        <table className="cp-table">
          <thead>
            <tr>
              <td />
              {['p50', 'p95', `${percent(d.confidence)} interval`, 'Target p95', 'Predicted p95', ''].map(
                (name, n) => (
                  <th key={n} scope="col" className="cp-right">
                    {name || <span className="cp-hidden">Outcome</span>}
                  </th>
                ),
              )}
            </tr>
          </thead>
          <tbody>
            {d.checks.map((c) => (
              <tr key={c.metric}>
                <th scope="row">{c.metric.toUpperCase()}</th>
                <td>{ms(c.p50_ms)}</td>
                <td>{ms(c.p95_ms)}</td>
                <td>
                  {c.low_ms == null
                    ? '?'
                    : c.high_ms == null
                      ? `${ms(c.low_ms)} or more`
                      : `${ms(c.low_ms)} – ${ms(c.high_ms)}`}
                </td>
                <td>{ms(c.target_ms)}</td>
                <td>{ms(c.predicted_ms)}</td>
                <td>
                  <Badge tone={TONES[c.outcome] || 'warn'}>{c.outcome}</Badge>
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </Scrolled>
    </Card>
  )
}
