import { useId } from 'react'
import type { Chart, Tick } from '../types/card.ts'
import { useDraft } from './drafts.ts'

const [WIDTH, HEIGHT] = [640, 250]
const AREA = { left: 62, right: WIDTH - 16, top: 14, bottom: HEIGHT - 40 }
const x = (at: number) => AREA.left + at * (AREA.right - AREA.left)
const y = (at: number) => AREA.bottom - at * (AREA.bottom - AREA.top)
/** So that the first and the last word stay within. */
const anchor = (at: number) => (at === 0 ? 'start' : at === 1 ? 'end' : 'middle')

function Limits({ across, along }: { across: Tick | null; along: Tick | null }) {
  return (
    <>
      {across ? (
        <>
          <line x1={x(across.at)} x2={x(across.at)} y1={AREA.top} y2={AREA.bottom} className="cp-target" />
          <text x={x(across.at) - 5} y={AREA.top + 8} textAnchor="end" className="cp-label">
            {across.text}
          </text>
        </>
      ) : null}
      {along ? (
        <>
          <line x1={AREA.left} x2={AREA.right} y1={y(along.at)} y2={y(along.at)} className="cp-target" />
          <text x={AREA.right} y={y(along.at) - 5} textAnchor="end" className="cp-label">
            {along.text}
          </text>
        </>
      ) : null}
    </>
  )
}

function Drawn({ chart, onPick }: { chart: Chart; onPick?: (rank: number) => void }) {
  return (
    <svg viewBox={`0 0 ${WIDTH} ${HEIGHT}`} className="cp-chart" role="img" aria-label={chart.label}>
      <line x1={AREA.left} x2={AREA.right} y1={AREA.bottom} y2={AREA.bottom} className="cp-axis" />
      <line x1={AREA.left} x2={AREA.left} y1={AREA.top} y2={AREA.bottom} className="cp-axis" />
      {chart.x_ticks.map(({ at, text }) => (
        <text key={at} x={x(at)} y={AREA.bottom + 16} textAnchor={anchor(at)} className="cp-label">
          {text}
        </text>
      ))}
      {chart.y_ticks.map(({ at, text }) => (
        <text key={at} x={AREA.left - 6} y={y(at) + 4} textAnchor="end" className="cp-label">
          {text}
        </text>
      ))}
      <text x={x(0.5)} y={HEIGHT - 6} textAnchor="middle" className="cp-label">
        {chart.x_label}
      </text>
      <Limits across={chart.x_limit} along={chart.y_limit} />
      {chart.line.length ? (
        <polyline points={chart.line.map(([a, b]) => `${x(a)},${y(b)}`).join(' ')} className="cp-curve" />
      ) : null}
      {chart.dots.map((dot) => (
        // biome-ignore lint/a11y/noStaticElementInteractions: the table opens the same, by a button
        <g key={dot.rank} className="cp-dot" onClick={() => onPick?.(dot.rank)}>
          <circle
            cx={x(dot.x)}
            cy={y(dot.y)}
            r={4 + 14 * dot.size}
            className={dot.strong ? 'cp-pareto' : ''}
          />
          <text x={x(dot.x)} y={y(dot.y) + 4} textAnchor="middle" className="cp-dot-label">
            {dot.rank}
          </text>
        </g>
      ))}
    </svg>
  )
}

/** One of some charts, by its name. */
export function Charts({
  name,
  label,
  charts,
  onPick,
}: {
  name: string
  label: string
  charts: Chart[]
  onPick?: (rank: number) => void
}) {
  const [chosen, choose] = useDraft(name, charts[0].name)
  const id = useId()
  return (
    <>
      <label className="cp-note" htmlFor={id}>
        {label}{' '}
      </label>
      <select id={id} className="cp-of" value={chosen} onChange={(e) => choose(e.target.value)}>
        {charts.map((chart) => (
          <option key={chart.name}>{chart.name}</option>
        ))}
      </select>
      <Drawn chart={charts.find((chart) => chart.name === chosen) ?? charts[0]} onPick={onPick} />
    </>
  )
}
