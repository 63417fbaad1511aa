import { Undo2 } from 'lucide-react'
import { useActions } from '../parts/actions.tsx'
import { useDraft } from '../parts/drafts.ts'
import { changesOf, shown, type Values } from '../parts/edits.ts'
import { Fields } from '../parts/fields.tsx'
import { ms, number, perSecond } from '../parts/figures.ts'
import { Button, Card, Fault, More } from '../parts/layout.tsx'
import { Suggestions } from '../parts/suggestions.tsx'
import type { SpecificationDetails } from '../types/details.ts'

export default function Specification() {
  const { specification, fields, title } = props.details as SpecificationDetails
  const actions = useActions()
  const initial: Values = Object.fromEntries(fields.map((f) => [f.name, shown(f)]))
  const [values, setValues] = useDraft('values', initial)
  const change = changesOf(fields, values)
  const edits = Object.keys(change).length
  const slo = specification.slo_targets
  const thoughts = specification.thinking_tokens || 0
  const summary = [
    ['Peak', `${perSecond(specification.demand.peak_requests_per_second)}`, 'requests/s'],
    [
      'Tokens',
      `${number(specification.traffic_profile.prompt_tokens)} → ${thoughts ? `${number(thoughts)} + ` : ''}${number(specification.traffic_profile.output_tokens - thoughts)}`,
      thoughts ? 'prompt → thoughts + answer' : 'prompt → answer',
    ],
    ['TTFT p95', ms(slo.ttft_p95_ms), 'first token'],
    ['ITL p95', ms(slo.itl_p95_ms), 'between tokens'],
    ['E2E p95', ms(slo.e2e_p95_ms), 'whole answer'],
  ]
  const locked = props.locked
  return (
    <Card title="Specification" note={title}>
      <div className="cp-figures">
        {summary.map(([label, value, about]) => (
          <div key={label}>
            <span className="cp-note">{label}</span>
            <strong>{value}</strong>
            <span className="cp-note">{about}</span>
          </div>
        ))}
      </div>
      <form
        onSubmit={(e) => {
          e.preventDefault()
          if (actions.idle)
            edits
              ? actions.press('EditSpecification', change, 'Plan with my changes')
              : actions.press('Confirm', {}, 'Looks good')
        }}
      >
        <Fields group="need" fields={fields} values={values} set={setValues} disabled={locked} />
        <Fields group="targets" fields={fields} values={values} set={setValues} disabled={locked} />
        <More
          name="demand-and-assumptions"
          summary={`Demand and assumptions (${specification.assumptions.length})`}
        >
          <Fields group="demand" fields={fields} values={values} set={setValues} disabled={locked} />
          <ul className="cp-list">
            {specification.assumptions.map((a) => (
              <li key={a.text}>
                {a.text} <span className="cp-note">({a.origin.split(':')[0]})</span>
              </li>
            ))}
          </ul>
          {specification.assumptions
            .map((a) => a.origin)
            .filter((origin, n, all) => origin.includes(':') && all.indexOf(origin) === n)
            .map((origin) => (
              <p key={origin} className="cp-note">
                {origin}
              </p>
            ))}
        </More>
        <More
          name="constraints"
          open={fields.some((f) => f.group === 'constraints' && f.origin)}
          summary="Constraints: budget, GPUs, models, licences"
        >
          <Fields group="constraints" fields={fields} values={values} set={setValues} disabled={locked} />
        </More>
        <Fault>{actions.error}</Fault>
        {locked ? null : (
          <div className="cp-actions">
            <button type="submit" className="cp-button cp-primary" disabled={!actions.idle}>
              {edits ? `Plan with ${edits === 1 ? 'this change' : `these ${edits} changes`}` : 'Looks good'}
            </button>
            {edits ? (
              <Button kind="quiet" onClick={() => setValues(initial)}>
                <Undo2 size={14} aria-hidden /> Put back
              </Button>
            ) : null}
          </div>
        )}
      </form>
      <Suggestions actions={actions} skip={['looks good']} />
    </Card>
  )
}
