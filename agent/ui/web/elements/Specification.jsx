const LABELS = { need: 'What is needed', targets: 'Traffic and targets', demand: 'Demand', constraints: 'Constraints' }

function shown(field, value) {
  if (value == null || value === '') return ''
  if (Array.isArray(value)) return value
  return field.kind === 'percent' ? String(Math.round(value * 1e6) / 1e4) : String(value)
}

function Edited({ field, value, onChange, disabled }) {
  const id = useId()
  const range =
    field.low != null || field.high != null
      ? `${field.low != null ? `from ${number(field.kind === 'percent' ? field.low * 100 : field.low, 0)}` : ''}${field.high != null ? ` to ${number(field.kind === 'percent' ? field.high * 100 : field.high)}` : ''}`
      : ''
  const changed = JSON.stringify(value) !== JSON.stringify(shown(field, field.value))
  const origin = changed ? 'your edit' : field.origin
  let input
  if (field.kind === 'choice') {
    input = (
      <select id={id} value={value} disabled={disabled} onChange={(e) => onChange(e.target.value)}>
        {field.choices.map((c) => (
          <option key={c.value} value={c.value}>
            {c.label}
          </option>
        ))}
      </select>
    )
  } else if (field.kind === 'choices') {
    const list = value || []
    input = (
      <div className="cp-picked">
        {list.map((v) => (
          <button key={v} type="button" className="cp-chip" disabled={disabled} aria-label={`Remove ${v}`} onClick={() => onChange(list.filter((x) => x !== v))}>
            {shortName(v)} ×
          </button>
        ))}
        <select id={id} value="" disabled={disabled} onChange={(e) => e.target.value && onChange([...list, e.target.value])}>
          <option value="">{list.length ? 'add…' : 'any'}</option>
          {field.choices
            .filter((c) => !list.includes(c.value))
            .map((c) => (
              <option key={c.value} value={c.value}>
                {c.label}
              </option>
            ))}
        </select>
      </div>
    )
  } else {
    input = (
      <input id={id} inputMode="decimal" autoComplete="off" value={value} disabled={disabled} placeholder="none" aria-describedby={`${id}-about`} onChange={(e) => onChange(e.target.value)} />
    )
  }
  return (
    <div className={`cp-field ${changed ? 'cp-changed' : ''}`}>
      <label htmlFor={id}>{field.label}</label>
      <div className="cp-input">
        {input}
        {field.unit ? <span className="cp-unit">{field.unit}</span> : null}
      </div>
      <span className="cp-origin" id={`${id}-about`} title={range}>
        {origin}
      </span>
    </div>
  )
}

function changesOf(fields, values) {
  const change = {}
  const clear = []
  for (const f of fields) {
    const before = shown(f, f.value)
    const now = values[f.name]
    if (JSON.stringify(before) === JSON.stringify(now)) continue
    if (f.clearable && (now === '' || (Array.isArray(now) && !now.length))) clear.push(f.name)
    else if (f.kind === 'percent' && !isNaN(parseFloat(now))) change[f.name] = parseFloat(String(now).replace(',', '')) / 100
    else change[f.name] = Array.isArray(now) ? now : String(now).replace(/(\d),(?=\d{3})/g, '$1').trim()
  }
  return clear.length ? { ...change, clear } : change
}

function Fields({ group, fields, values, set, disabled }) {
  return (
    <div className="cp-fields" role="group" aria-label={LABELS[group]}>
      {fields
        .filter((f) => f.group === group)
        .map((f) => (
          <Edited key={f.name} field={f} value={values[f.name]} disabled={disabled} onChange={(v) => set({ ...values, [f.name]: v })} />
        ))}
    </div>
  )
}

export default function Specification() {
  const { specification, fields, title } = props.details
  const actions = useActions()
  const initial = Object.fromEntries(fields.map((f) => [f.name, f.value == null && f.kind === 'choices' ? [] : shown(f, f.value)]))
  const [values, setValues] = useDraft('values', initial)
  const change = changesOf(fields, values)
  const edits = Object.keys(change).length
  const slo = specification.slo_targets
  const thoughts = specification.thinking_tokens || 0
  const summary = [
    ['Peak', `${perSecond(specification.demand.peak_requests_per_second)}`, 'requests/s'],
    ['Tokens', `${number(specification.traffic_profile.prompt_tokens)} → ${thoughts ? `${number(thoughts)} + ` : ''}${number(specification.traffic_profile.output_tokens - thoughts)}`, thoughts ? 'prompt → thoughts + answer' : 'prompt → answer'],
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
          if (actions.idle) edits ? actions.press('EditSpecification', change, 'Plan with my changes') : actions.press('Confirm', {}, 'Looks good')
        }}
      >
        <Fields group="need" fields={fields} values={values} set={setValues} disabled={locked} />
        <Fields group="targets" fields={fields} values={values} set={setValues} disabled={locked} />
        <More name="demand-and-assumptions" summary={`Demand and assumptions (${specification.assumptions.length})`}>
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
        <More name="constraints" open={fields.some((f) => f.group === 'constraints' && f.origin)} summary="Constraints: budget, GPUs, models, licences">
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
