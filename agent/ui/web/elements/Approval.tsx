import { Check } from 'lucide-react'
import { useActions } from '../parts/actions.tsx'
import { money, setup } from '../parts/figures.ts'
import { Diff, Files } from '../parts/files.tsx'
import { Badge, Button, Card, Fault, More, Rows } from '../parts/layout.tsx'
import { Suggestions } from '../parts/suggestions.tsx'
import type { ApprovalDetails, Change } from '../types/details.ts'

const CHANGES: Record<Change, string> = {
  create: 'creates',
  update: 'changes',
  unchanged: 'keeps',
  delete: 'deletes',
  absent: 'already gone',
}

export default function Approval() {
  const d = props.details as ApprovalDetails
  const actions = useActions()
  const deletes = d.action === 'delete'
  const chosen = d.recommendation
  const where = d.simulated ? 'the simulated cluster' : d.cluster
  const blocked = d.read_only || d.problems.length > 0
  const asked = d.takes_over_asked
  const does = deletes
    ? `Delete from ${where}`
    : asked
      ? `Take over on ${where}`
      : `Approve and apply to ${where}`
  return (
    <Card
      title={deletes ? 'Approval of a deletion' : 'Approval'}
      note={d.name}
      tone={deletes || !d.simulated ? 'alarm' : ''}
    >
      <div className="cp-target-line">
        <span className="cp-note">Target</span>
        <strong>{where}</strong>
        {d.server ? <span>{d.server}</span> : null}
        <span>namespace {d.namespace}</span>
        {d.simulated ? (
          <Badge tone="quiet">nothing real is touched</Badge>
        ) : (
          <Badge tone="bad">a real cluster</Badge>
        )}
      </div>
      <Rows
        rows={[
          ['Model', d.model_id],
          ['Mode', deletes ? null : d.thinking],
          ['Context', deletes ? null : d.context],
          ['Replicas', chosen && !deletes ? setup(chosen) : null],
          [
            'Cost',
            chosen
              ? `${deletes ? 'saves ' : ''}${money(chosen.cost_usd_per_month, 2)} a month (${chosen.gpus_billed} × ${chosen.price})`
              : null,
          ],
          [
            'Too few',
            chosen && !deletes && !chosen.meets_slo
              ? 'At the planned peak this many replicas would not hold the targets.'
              : null,
          ],
          ['Objects', d.changes.map((c) => `${CHANGES[c.change]} ${c.kind}`).join(', ')],
          ['Digest', <code key="digest">{d.digest}</code>],
        ]}
      />
      {d.owners.map((o, n) => (
        <Fault key={n}>
          The {o.kind} {o.name} belongs to {o.owner}
          {o.fields.length ? `: ${o.fields.join(', ')}` : ''}.
        </Fault>
      ))}
      {d.problems.map((p, n) => (
        <Fault key={n}>
          {p.file}, {p.field}: {p.text}
        </Fault>
      ))}
      {d.problems.length ? null : (
        <p className="cp-line">
          <Check size={14} aria-hidden /> Checked against our schema
          {d.read_only ? '' : ', and tried on the cluster without keeping anything'}.
        </p>
      )}
      {d.notes.map((note, n) => (
        <p key={n} className="cp-note">
          {note}
        </p>
      ))}
      {d.changes
        .filter((c) => c.diff)
        .map((c) => (
          <More
            key={c.name + c.kind}
            name={c.name + c.kind}
            open
            summary={`What changes in ${c.kind} ${c.name}`}
          >
            <Diff text={c.diff} />
          </More>
        ))}
      <More name="files" summary={`${d.files.length} files`}>
        <Files files={d.files} name={d.name} />
      </More>
      <Fault>{actions.error}</Fault>
      {props.locked ? null : (
        <div className="cp-actions">
          <Button
            kind={deletes || !d.simulated ? 'danger' : 'primary'}
            disabled={!actions.idle || blocked}
            onClick={() => actions.press('Approve', { digest: d.digest, takes_over: asked }, does)}
          >
            {does}
          </Button>
          <Button disabled={!actions.idle} onClick={() => actions.press('Reject', {}, 'Not now')}>
            Not now
          </Button>
          <Button
            kind="quiet"
            disabled={!actions.idle}
            onClick={() => actions.press('CheckAgain', {}, 'Check again')}
          >
            Check again
          </Button>
        </div>
      )}
      {d.read_only && !props.locked ? (
        <p className="cp-note">
          This chat only plans: “export” writes the files for somebody who may apply them.
        </p>
      ) : null}
      <Suggestions actions={actions} skip={['yes, approve', 'no', 'show the manifests']} />
    </Card>
  )
}
