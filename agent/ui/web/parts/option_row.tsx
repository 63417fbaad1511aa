import type { Recommendation } from '../types/details.ts'
import type { Actions } from './actions.tsx'
import { METRICS, ms, number, percent, perSecond, setup, shortName } from './figures.ts'
import { Badge, Button } from './layout.tsx'
import { COLUMNS, p95, provenance, quality, star, target } from './option.ts'
import { Details } from './option_details.tsx'

function Headroom({ value, limit, label }: { value: number; limit: number; label: string }) {
  const used = Math.min(1, value / limit)
  return (
    <span className="cp-headroom">
      {ms(value)}
      <span
        className="cp-bar"
        role="img"
        aria-label={`${label}: ${percent(1 - value / limit)} below the target of ${ms(limit)}`}
      >
        <span className={used > 0.9 ? 'cp-near' : ''} style={{ width: `${used * 100}%` }} />
      </span>
    </span>
  )
}

interface RowProps {
  option: Recommendation
  opened: boolean
  toggle: () => void
  /** To be compared with others, of which there may be enough. */
  picked: boolean
  full: boolean
  pick: () => void
  actions: Actions
}

export function Row({ option, opened, toggle, picked, full, pick, actions }: RowProps) {
  return (
    <>
      <tr className={option.pareto ? 'cp-is-pareto' : ''}>
        <td data-label="Option">
          <strong title={option.pareto ? 'No other is as good in cost, latency and quality at once' : ''}>
            {option.rank}
          </strong>
        </td>
        <th scope="row" data-label="Model">
          <span className="cp-model">{shortName(option.model_id)}</span>
          <span className="cp-marks">
            {option.marks.map((mark) => (
              <Badge key={mark} tone="good">
                {mark}
              </Badge>
            ))}
            {option.pareto ? (
              <Badge tone="plain" title="No other is as good in cost, latency and quality at once">
                Pareto
              </Badge>
            ) : null}
            <Badge tone="quiet" title={option.provenance}>
              {provenance(option)}
            </Badge>
            {option.thinking_in_words ? (
              <Badge tone="quiet" title="Whether it thinks before it answers; its quality is of this mode">
                {option.thinking_in_words}
              </Badge>
            ) : null}
          </span>
        </th>
        <td data-label="GPUs">
          {option.replicas > 1 ? setup(option) : `${option.gpu_count} ${option.gpu_type}`}
        </td>
        <td data-label="$/month" className="cp-right">
          {number(option.cost_usd_per_month)}
        </td>
        {METRICS.map(([m, label]) => (
          <td key={m} data-label={`${label} p95`} className="cp-right">
            <Headroom value={p95(option, m)} limit={target(m)} label={label} />
          </td>
        ))}
        <td data-label="Max req/s" className="cp-right">
          {perSecond(option.max_requests_per_second)}
        </td>
        <td data-label="Quality" className="cp-right" title={option.quality.source}>
          {quality(option) == null ? '?' : number(quality(option)) + star(option)}
        </td>
        <td className="cp-row-actions">
          <label className="cp-tick">
            <input
              type="checkbox"
              checked={picked}
              disabled={full}
              onChange={pick}
              aria-label={`Compare option ${option.rank}`}
            />
          </label>
          <Button
            kind="quiet"
            aria-expanded={opened}
            aria-label={`Details of option ${option.rank}`}
            onClick={toggle}
          >
            {opened ? 'Less' : 'More'}
          </Button>
          {props.locked ? null : (
            <Button
              kind="primary"
              disabled={!actions.idle}
              aria-label={`Choose option ${option.rank}`}
              onClick={() => actions.press('SelectOption', { rank: option.rank }, `Option ${option.rank}`)}
            >
              Choose
            </Button>
          )}
        </td>
      </tr>
      {opened ? (
        <tr className="cp-expanded">
          <td colSpan={COLUMNS.length + 1}>
            <Details option={option} />
          </td>
        </tr>
      ) : null}
    </>
  )
}
