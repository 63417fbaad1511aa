// What the table, the plots and the comparison read from an option.

import type { Metric, OptionsDetails, Recommendation } from '../types/details.ts'
import { METRICS } from './figures.ts'

export const details = () => props.details as OptionsDetails

export const quality = (o: Recommendation) => o.quality.score ?? o.quality.base_score

/** Marks a quality that is of the unquantised model. */
export const star = (o: Recommendation) => (o.quality.score == null && quality(o) != null ? '*' : '')

export const target = (metric: Metric) => details().specification.slo_targets[`${metric}_p95_ms`]

export const p95 = (o: Recommendation, metric: Metric) => o.predicted[`${metric}_ms`].p95

export const provenance = (o: Recommendation) => o.provenance.split(':')[0]

/** A column's name, what stands above it, and what it is sorted by, the best first. */
export const COLUMNS: [string, string, (o: Recommendation) => number | string][] = [
  ['rank', '#', (o) => o.rank],
  ['model', 'Model', (o) => o.model_id],
  ['gpus', 'GPUs', (o) => o.replicas * o.gpu_count],
  ['cost', '$/month', (o) => o.cost_usd_per_month],
  ...METRICS.map(([m, label]): (typeof COLUMNS)[number] => [m, `${label} p95`, (o) => p95(o, m)]),
  ['max', 'Max req/s', (o) => -o.max_requests_per_second],
  ['quality', 'Quality', (o) => -(quality(o) ?? -1)],
]
