import { type ReactNode, useEffect, useState } from 'react'
import type { Chart, CurveQuery, MemoryUse, Option } from '../types/card.ts'
import { answerTo } from './actions.tsx'
import { Charts } from './charts.tsx'
import { Rows } from './tables.tsx'

interface Found {
  charts: Chart[]
  error?: ReactNode
}

/** Latency against rate of one replica, as the benchmark table has it: asked for when somebody looks. */
function Curve({ rank, query }: { rank: number; query: CurveQuery }) {
  const [found, setFound] = useState<Found | null>(null)
  useEffect(() => {
    answerTo<Found>('curve', query).then((answer) => setFound(answer?.response ?? { charts: [] }))
  }, [query])
  if (!found) return <p className="cp-note">Loading the latency curve…</p>
  if (found.error || !found.charts.length)
    return <p className="cp-note">No benchmark rows for this traffic: {found.error || 'sized otherwise'}.</p>
  return (
    <div>
      <h4>Latency against rate, one replica</h4>
      <Charts name={`curve ${rank}`} label="Metric" width={440} charts={found.charts} />
    </div>
  )
}

function Memory({ memory }: { memory: MemoryUse }) {
  return (
    <div>
      <h4>{memory.heading}</h4>
      <div
        className="cp-stack"
        role="img"
        aria-label={memory.slices.map((slice) => `${slice.label} ${slice.text}`).join(', ')}
      >
        {memory.slices.map((slice, n) => (
          <span key={slice.label} className={`cp-part-${n}`} style={{ width: `${slice.share * 100}%` }} />
        ))}
      </div>
      <p className="cp-legend">
        {memory.slices.map((slice, n) => (
          <span key={slice.label}>
            <i className={`cp-part-${n}`} /> {slice.label} {slice.text}
          </span>
        ))}
      </p>
      <p className="cp-note">{memory.note}</p>
    </div>
  )
}

export function Details({ option }: { option: Option }) {
  return (
    <div className="cp-drawer">
      <div className="cp-columns">
        <Curve rank={option.rank} query={option.curve} />
        <Memory memory={option.memory} />
      </div>
      <Rows rows={option.details} />
    </div>
  )
}
