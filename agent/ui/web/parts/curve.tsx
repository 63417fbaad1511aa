import { type ReactNode, useEffect, useId, useState } from 'react'
import type { CurveFound, Metric, Recommendation } from '../types/details.ts'
import { answerTo } from './actions.tsx'
import { useDraft } from './drafts.ts'
import { METRICS, ms, perSecond } from './figures.ts'
import { details, target } from './option.ts'

const NO_ANSWER = { error: 'Compass doesn’t answer.' }

export function Curve({ option }: { option: Recommendation }) {
  const [found, setFound] = useState<CurveFound | { error: ReactNode } | null>(null)
  const [metric, setMetric] = useDraft<Metric>('curve', 'ttft')
  const id = useId()
  useEffect(() => {
    const profile = details().benchmark_profile
    const { model_id, gpu_type, gpu_count } = option
    const query = {
      model_id,
      gpu_type,
      gpu_count,
      prompt_tokens: profile.prompt_tokens,
      output_tokens: profile.output_tokens,
    }
    answerTo<CurveFound>('curve', query).then((answer) => setFound(answer?.response ?? NO_ANSWER))
  }, [option.model_id, option.gpu_type, option.gpu_count])
  if (!found) return <p className="cp-note">Loading the latency curve…</p>
  if ('error' in found) return <p className="cp-note">No latency curve: {found.error}</p>
  if (!found.rates.length)
    return <p className="cp-note">No benchmark rows for this traffic: sized otherwise.</p>
  const ys = found.p95_ms[metric]
  const limit = target(metric)
  const [w, h, left, bottom] = [520, 200, 56, 34]
  const xMax = Math.max(...found.rates)
  const yMax = Math.max(limit * 1.6, Math.min(Math.max(...ys), limit * 3))
  const x = (v: number) => left + (v / xMax) * (w - left - 12)
  const y = (v: number) => h - bottom - (Math.min(v, yMax) / yMax) * (h - bottom - 12)
  const share =
    details().specification.demand.peak_requests_per_second /
    Math.max(1, option.replicas - (details().specification.overrides.spare_replicas || 0))
  return (
    <div>
      <h4 id={id}>
        Latency against rate, one replica{' '}
        <select
          aria-label="Metric of the curve"
          value={metric}
          onChange={(e) => setMetric(e.target.value as Metric)}
        >
          {METRICS.map(([m, label]) => (
            <option key={m} value={m}>
              {label} p95
            </option>
          ))}
        </select>
      </h4>
      <svg
        viewBox={`0 0 ${w} ${h}`}
        className="cp-chart"
        role="img"
        aria-label={`${metric.toUpperCase()} p95 rises from ${ms(ys[0])} at ${perSecond(found.rates[0])} requests/s to ${ms(ys[ys.length - 1])} at ${perSecond(xMax)}; the target is ${ms(limit)}`}
      >
        <line x1={left} x2={w - 12} y1={h - bottom} y2={h - bottom} className="cp-axis" />
        <line x1={left} x2={left} y1={12} y2={h - bottom} className="cp-axis" />
        <line x1={left} x2={w - 12} y1={y(limit)} y2={y(limit)} className="cp-target" />
        <text x={w - 12} y={y(limit) - 5} textAnchor="end" className="cp-label">
          target {ms(limit)}
        </text>
        {share <= xMax ? (
          <line x1={x(share)} x2={x(share)} y1={12} y2={h - bottom} className="cp-share" />
        ) : null}
        {share <= xMax ? (
          <text x={x(share) + 5} y={20} className="cp-label">
            its share of your peak
          </text>
        ) : null}
        <polyline points={found.rates.map((r, n) => `${x(r)},${y(ys[n])}`).join(' ')} className="cp-curve" />
        {[0, 0.5, 1].map((f) => (
          <text
            key={f}
            x={x(xMax * f)}
            y={h - bottom + 16}
            textAnchor={f ? (f === 1 ? 'end' : 'middle') : 'start'}
            className="cp-label"
          >
            {perSecond(xMax * f)}
          </text>
        ))}
        <text x={left - 6} y={y(0)} textAnchor="end" className="cp-label">
          0
        </text>
        <text x={left - 6} y={y(yMax) + 4} textAnchor="end" className="cp-label">
          {ms(yMax)}
        </text>
        <text x={(w + left) / 2} y={h - 4} textAnchor="middle" className="cp-label">
          requests/s
        </text>
      </svg>
    </div>
  )
}
