import { useId } from 'react'
import type { Chart, Tick } from '../types/card.ts'
import { useDraft } from './drafts.ts'

/** Where positions from 0 to 1 are in a picture of some width. */
function scaled(width: number) {
  const height = Math.round(width * 0.4)
  const [left, right, top, bottom] = [62, width - 16, 14, height - 40]
  return {
    ...{ width, height, left, right, top, bottom },
    x: (at: number) => left + at * (right - left),
    y: (at: number) => bottom - at * (bottom - top),
  }
}
type Area = ReturnType<typeof scaled>

/** So that the first and the last word stay within. */
const anchor = (at: number) => (at === 0 ? 'start' : at === 1 ? 'end' : 'middle')

function Across({ limit, area }: { limit: Tick; area: Area }) {
  const x = area.x(limit.at)
  const right = limit.at < 0.5 // of the line, where there is more room
  return (
    <>
      <line x1={x} x2={x} y1={area.top} y2={area.bottom} className="cp-target" />
      <text
        x={x + (right ? 5 : -5)}
        y={area.top + 8}
        textAnchor={right ? 'start' : 'end'}
        className="cp-label"
      >
        {limit.text}
      </text>
    </>
  )
}

function Along({ limit, area }: { limit: Tick; area: Area }) {
  const y = area.y(limit.at)
  return (
    <>
      <line x1={area.left} x2={area.right} y1={y} y2={y} className="cp-target" />
      <text x={area.right} y={y - 5} textAnchor="end" className="cp-label">
        {limit.text}
      </text>
    </>
  )
}

function Drawn({ chart, width, onPick }: { chart: Chart; width: number; onPick?: (rank: number) => void }) {
  const area = scaled(width)
  const { x, y, left, right, top, bottom, height } = area
  return (
    <svg viewBox={`0 0 ${width} ${height}`} className="cp-chart" role="img" aria-label={chart.label}>
      <line x1={left} x2={right} y1={bottom} y2={bottom} className="cp-axis" />
      <line x1={left} x2={left} y1={top} y2={bottom} className="cp-axis" />
      {chart.x_ticks.map(({ at, text }) => (
        <text key={at} x={x(at)} y={bottom + 16} textAnchor={anchor(at)} className="cp-label">
          {text}
        </text>
      ))}
      {chart.y_ticks.map(({ at, text }) => (
        <text key={at} x={left - 6} y={y(at) + 4} textAnchor="end" className="cp-label">
          {text}
        </text>
      ))}
      <text x={x(0.5)} y={height - 6} textAnchor="middle" className="cp-label">
        {chart.x_label}
      </text>
      {chart.x_limit ? <Across limit={chart.x_limit} area={area} /> : null}
      {chart.y_limit ? <Along limit={chart.y_limit} area={area} /> : null}
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
  width,
  charts,
  onPick,
}: {
  name: string
  label: string
  /** Of the picture, in the pixels of its letters. */
  width: number
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
      <Drawn
        chart={charts.find((chart) => chart.name === chosen) ?? charts[0]}
        width={width}
        onPick={onPick}
      />
    </>
  )
}
