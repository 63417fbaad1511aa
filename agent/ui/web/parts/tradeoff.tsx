import { useId } from 'react'
import type { Metric, Recommendation } from '../types/details.ts'
import { useDraft } from './drafts.ts'
import { METRICS, money, ms } from './figures.ts'
import { More } from './layout.tsx'
import { p95, quality, target } from './option.ts'

export function Tradeoff({ options, onPick }: { options: Recommendation[]; onPick: (rank: number) => void }) {
  const [metric, setMetric] = useDraft<Metric>('plot', 'ttft')
  const id = useId()
  const [w, h, left, bottom] = [640, 260, 62, 40]
  const costs = options.map((o) => Math.log(o.cost_usd_per_month))
  const xMax = Math.max(target(metric), ...options.map((o) => p95(o, metric))) * 1.06
  const [yLow, yHigh] = [Math.min(...costs) - 0.25, Math.max(...costs) + 0.25]
  const x = (v: number) => left + (v / xMax) * (w - left - 16)
  const y = (v: number) => h - bottom - ((Math.log(v) - yLow) / (yHigh - yLow || 1)) * (h - bottom - 14)
  const size = (o: Recommendation) => {
    const percent = quality(o)
    return percent == null ? 5 : 4 + (percent / 100) ** 2 * 14
  }
  return (
    <More name="trade-offs-cost-against-latency" summary="Trade-offs: cost against latency">
      <label className="cp-note" htmlFor={id}>
        Across:{' '}
      </label>
      <select id={id} value={metric} onChange={(e) => setMetric(e.target.value as Metric)}>
        {METRICS.map(([m, label]) => (
          <option key={m} value={m}>
            {label} p95
          </option>
        ))}
      </select>
      <svg
        viewBox={`0 0 ${w} ${h}`}
        className="cp-chart cp-plot"
        role="img"
        aria-label={`Cost a month against ${metric.toUpperCase()} p95 of the ${options.length} options; the table holds the same figures`}
      >
        <line x1={left} x2={w - 16} y1={h - bottom} y2={h - bottom} className="cp-axis" />
        <line x1={left} x2={left} y1={14} y2={h - bottom} className="cp-axis" />
        <line x1={x(target(metric))} x2={x(target(metric))} y1={14} y2={h - bottom} className="cp-target" />
        <text x={x(target(metric)) - 5} y={22} textAnchor="end" className="cp-label">
          target {ms(target(metric))}
        </text>
        {[Math.exp(yLow + 0.25), Math.exp((yLow + yHigh) / 2), Math.exp(yHigh - 0.25)].map((v, n) => (
          <text key={n} x={left - 6} y={y(v) + 4} textAnchor="end" className="cp-label">
            {money(v)}
          </text>
        ))}
        {[0, 0.5, 1].map((f) => (
          <text key={f} x={x((xMax / 1.06) * f)} y={h - bottom + 16} textAnchor="middle" className="cp-label">
            {ms((xMax / 1.06) * f)}
          </text>
        ))}
        <text x={(w + left) / 2} y={h - 6} textAnchor="middle" className="cp-label">
          {metric.toUpperCase()} p95; cost on a logarithmic scale, quality as size
        </text>
        {options.map((o) => (
          // biome-ignore lint/a11y/noStaticElementInteractions: the table has a button for the same
          <g key={o.rank} className="cp-dot" onClick={() => onPick(o.rank)}>
            <circle
              cx={x(p95(o, metric))}
              cy={y(o.cost_usd_per_month)}
              r={size(o)}
              className={o.pareto ? 'cp-pareto' : ''}
            />
            <text
              x={x(p95(o, metric))}
              y={y(o.cost_usd_per_month) + 4}
              textAnchor="middle"
              className="cp-dot-label"
            >
              {o.rank}
            </text>
          </g>
        ))}
      </svg>
    </More>
  )
}
