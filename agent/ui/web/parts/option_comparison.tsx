import type { Recommendation } from '../types/details.ts'
import { Compared, type Line } from './comparing.tsx'
import { METRICS, money, ms, number, perSecond, setup, shortName } from './figures.ts'
import { p95, provenance, quality, star, target } from './option.ts'

/** The options that were ticked, side by side. */
export function Comparison({ options }: { options: Recommendation[] }) {
  const lines: Line<Recommendation>[] = [
    ['Model', (o) => shortName(o.model_id)],
    ['GPUs', setup],
    ['Cost a month', (o) => money(o.cost_usd_per_month)],
    ...METRICS.map(
      ([m, label]): Line<Recommendation> => [`${label} p95 (≤ ${ms(target(m))})`, (o) => ms(p95(o, m))],
    ),
    ['Up to', (o) => `${perSecond(o.max_requests_per_second)} requests/s`],
    ['Mode', (o) => o.thinking_in_words],
    ['Quality', (o) => (quality(o) == null ? 'unknown' : `${number(quality(o))} %${star(o)}`)],
    ['Figures', provenance],
    ['Score', (o) => `${number(o.score)} of 100`],
  ]
  return (
    <Compared label="Options compared" columns={options} title={(o) => `Option ${o.rank}`} lines={lines} />
  )
}
