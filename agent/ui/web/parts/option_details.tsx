import type { Memory as MemoryFigures, Metric, Recommendation } from '../types/details.ts'
import { Curve } from './curve.tsx'
import { METRICS, money, ms, number, percent } from './figures.ts'
import { Rows } from './layout.tsx'

function Memory({ memory }: { memory: MemoryFigures }) {
  const parts: [string, number][] = [
    ['weights', memory.weights_gib],
    ['KV cache', memory.kv_cache_gib],
    ['activations', memory.activations_gib],
    ['drivers', memory.non_torch_gib],
  ]
  return (
    <div>
      <h4>Memory of one replica: {number(memory.usable_gib)} GiB that vLLM may use</h4>
      <div
        className="cp-stack"
        role="img"
        aria-label={parts.map(([name, gib]) => `${name} ${number(gib, 1)} GiB`).join(', ')}
      >
        {parts.map(([name, gib], n) => (
          <span
            key={name}
            className={`cp-part-${n}`}
            style={{ width: `${(gib / memory.usable_gib) * 100}%` }}
          />
        ))}
      </div>
      <p className="cp-legend">
        {parts.map(([name, gib], n) => (
          <span key={name}>
            <i className={`cp-part-${n}`} /> {name} {number(gib, 1)}
          </span>
        ))}
      </p>
      <p className="cp-note">
        Room for {number(memory.max_sequences)} such requests at once, or one of up to{' '}
        {number(memory.max_context_tokens)} tokens.
      </p>
    </div>
  )
}

export function Details({ option }: { option: Recommendation }) {
  const percentiles = ([metric, label]: [Metric, string]) => {
    const { p50, p95, p99 } = option.predicted[`${metric}_ms`]
    return `${label} ${ms(p50)} / ${ms(p95)} / ${ms(p99)}`
  }
  return (
    <div className="cp-drawer">
      <div className="cp-columns">
        <Curve option={option} />
        <Memory memory={option.memory} />
      </div>
      <Rows
        rows={[
          ['Model', option.model_id],
          ['Mode', option.thinking_in_words],
          [
            'Answer begins',
            option.first_answer_p95_ms
              ? `after ${ms(option.first_answer_p95_ms)} (p95): the first token comes within TTFT, but is of the thoughts`
              : null,
          ],
          [
            'Context',
            option.context_tokens ? `${number(option.context_tokens)} tokens of prompt and answer` : null,
          ],
          ['Why', option.reasons.join('; ')],
          ['Percentiles', `${METRICS.map(percentiles).join(' · ')} (p50 / p95 / p99)`],
          [
            'Sized by',
            option.simulated
              ? 'simulating vLLM’s scheduler under your arrivals'
              : 'interpolation in the benchmark table',
          ],
          ['Latencies from', option.provenance],
          [
            'Such estimates',
            option.estimate_error
              ? `were off by ${percent(option.estimate_error.itl_median)} for ITL and ${percent(option.estimate_error.ttft_median)} for TTFT (medians on unseen public runs)`
              : null,
          ],
          ['Price', `${option.gpus_billed} × ${option.price}`],
          [
            'Quality',
            option.quality.scores
              ? `${option.quality.scores} (${option.quality.source})`
              : option.quality.source,
          ],
          [
            'Autoscaling',
            option.autoscaling.min_replicas < option.autoscaling.max_replicas
              ? `${option.autoscaling.min_replicas} to ${option.autoscaling.max_replicas} replicas; ${money(option.autoscaling.cost_at_min_usd_per_month)} a month at the least`
              : null,
          ],
        ]}
      />
    </div>
  )
}
