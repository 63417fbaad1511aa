const VIEWS = { balanced: 'Balanced', lowest_cost: 'Lowest cost', lowest_latency: 'Lowest latency', best_quality: 'Best quality', simplest: 'Fewest GPUs' }
const quality = (o) => (o.quality.score != null ? o.quality.score : o.quality.base_score)
const star = (o) => (o.quality.score == null && quality(o) != null ? '*' : '')
const target = (metric) => props.details.specification.slo_targets[`${metric}_p95_ms`]
const p95 = (o, metric) => o.predicted[`${metric}_ms`].p95
const provenance = (o) => o.provenance.split(':')[0]
const COLUMNS = [
  ['rank', '#', (o) => o.rank],
  ['model', 'Model', (o) => o.model_id],
  ['gpus', 'GPUs', (o) => o.replicas * o.gpu_count],
  ['cost', '$/month', (o) => o.cost_usd_per_month],
  ...METRICS.map(([m, label]) => [m, `${label} p95`, (o) => p95(o, m)]),
  ['max', 'Max req/s', (o) => -o.max_requests_per_second],
  ['quality', 'Quality', (o) => -(quality(o) ?? -1)],
]

function Headroom({ value, limit, label }) {
  const used = Math.min(1, value / limit)
  return (
    <span className="cp-headroom">
      {ms(value)}
      <span className="cp-bar" role="img" aria-label={`${label}: ${percent(1 - value / limit)} below the target of ${ms(limit)}`}>
        <span className={used > 0.9 ? 'cp-near' : ''} style={{ width: `${used * 100}%` }} />
      </span>
    </span>
  )
}

function Memory({ memory }) {
  const parts = [
    ['weights', memory.weights_gib],
    ['KV cache', memory.kv_cache_gib],
    ['activations', memory.activations_gib],
    ['drivers', memory.non_torch_gib],
  ]
  return (
    <div>
      <h4>Memory of one replica: {number(memory.usable_gib)} GiB that vLLM may use</h4>
      <div className="cp-stack" role="img" aria-label={parts.map(([name, gib]) => `${name} ${number(gib, 1)} GiB`).join(', ')}>
        {parts.map(([name, gib], n) => (
          <span key={name} className={`cp-part-${n}`} style={{ width: `${(gib / memory.usable_gib) * 100}%` }} />
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
        Room for {number(memory.max_sequences)} such requests at once, or one of up to {number(memory.max_context_tokens)} tokens.
      </p>
    </div>
  )
}

function Curve({ option }) {
  const [found, setFound] = useState(null)
  const [metric, setMetric] = useDraft('curve', 'ttft')
  const id = useId()
  useEffect(() => {
    const profile = props.details.benchmark_profile
    const { model_id, gpu_type, gpu_count } = option
    const query = { model_id, gpu_type, gpu_count, prompt_tokens: profile.prompt_tokens, output_tokens: profile.output_tokens }
    callAction({ name: 'curve', payload: query }).then((answer) => setFound(answer?.response || { rates: [] }))
  }, [option.model_id, option.gpu_type, option.gpu_count])
  if (!found) return <p className="cp-note">Loading the latency curve…</p>
  if (found.error || !found.rates.length) return <p className="cp-note">No benchmark rows for this traffic: {found.error || 'sized otherwise'}.</p>
  const ys = found.p95_ms[metric]
  const limit = target(metric)
  const [w, h, left, bottom] = [520, 200, 56, 34]
  const xMax = Math.max(...found.rates)
  const yMax = Math.max(limit * 1.6, Math.min(Math.max(...ys), limit * 3))
  const x = (v) => left + (v / xMax) * (w - left - 12)
  const y = (v) => h - bottom - (Math.min(v, yMax) / yMax) * (h - bottom - 12)
  const share = props.details.specification.demand.peak_requests_per_second / Math.max(1, option.replicas - (props.details.specification.overrides.spare_replicas || 0))
  return (
    <div>
      <h4 id={id}>
        Latency against rate, one replica{' '}
        <select aria-label="Metric of the curve" value={metric} onChange={(e) => setMetric(e.target.value)}>
          {METRICS.map(([m, label]) => (
            <option key={m} value={m}>
              {label} p95
            </option>
          ))}
        </select>
      </h4>
      <svg viewBox={`0 0 ${w} ${h}`} className="cp-chart" role="img" aria-label={`${metric.toUpperCase()} p95 rises from ${ms(ys[0])} at ${perSecond(found.rates[0])} requests/s to ${ms(ys[ys.length - 1])} at ${perSecond(xMax)}; the target is ${ms(limit)}`}>
        <line x1={left} x2={w - 12} y1={h - bottom} y2={h - bottom} className="cp-axis" />
        <line x1={left} x2={left} y1={12} y2={h - bottom} className="cp-axis" />
        <line x1={left} x2={w - 12} y1={y(limit)} y2={y(limit)} className="cp-target" />
        <text x={w - 12} y={y(limit) - 5} textAnchor="end" className="cp-label">
          target {ms(limit)}
        </text>
        {share <= xMax ? <line x1={x(share)} x2={x(share)} y1={12} y2={h - bottom} className="cp-share" /> : null}
        {share <= xMax ? (
          <text x={x(share) + 5} y={20} className="cp-label">
            its share of your peak
          </text>
        ) : null}
        <polyline points={found.rates.map((r, n) => `${x(r)},${y(ys[n])}`).join(' ')} className="cp-curve" />
        {[0, 0.5, 1].map((f) => (
          <text key={f} x={x(xMax * f)} y={h - bottom + 16} textAnchor={f ? (f === 1 ? 'end' : 'middle') : 'start'} className="cp-label">
            {perSecond(xMax * f)}
          </text>
        ))}
        <text x={left - 6} y={y(0)} textAnchor="end" className="cp-label">
          0
        </text>
        <text x={left - 6} y={y(yMax) + 4} textAnchor="end" className="cp-label">
          {ms(yMax)}
        </text>
        <text x={(w + left) / 2} y={h - 4} textAnchor="middle" className="cp-label">
          requests/s
        </text>
      </svg>
    </div>
  )
}

function Details({ option }) {
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
          ['Answer begins', option.first_answer_p95_ms ? `after ${ms(option.first_answer_p95_ms)} (p95): the first token comes within TTFT, but is of the thoughts` : null],
          ['Context', option.context_tokens ? `${number(option.context_tokens)} tokens of prompt and answer` : null],
          ['Why', option.reasons.join('; ')],
          ['Percentiles', METRICS.map(([m, label]) => `${label} ${ms(option.predicted[`${m}_ms`].p50)} / ${ms(p95(option, m))} / ${ms(option.predicted[`${m}_ms`].p99)}`).join(' · ') + ' (p50 / p95 / p99)'],
          ['Sized by', option.simulated ? 'simulating vLLM’s scheduler under your arrivals' : 'interpolation in the benchmark table'],
          ['Latencies from', option.provenance],
          ['Such estimates', option.estimate_error ? `were off by ${percent(option.estimate_error.itl_median)} for ITL and ${percent(option.estimate_error.ttft_median)} for TTFT (medians on unseen public runs)` : null],
          ['Price', `${option.gpus_billed} × ${option.price}`],
          ['Quality', option.quality.scores ? `${option.quality.scores} (${option.quality.source})` : option.quality.source],
          ['Autoscaling', option.autoscaling.min_replicas < option.autoscaling.max_replicas ? `${option.autoscaling.min_replicas} to ${option.autoscaling.max_replicas} replicas; ${money(option.autoscaling.cost_at_min_usd_per_month)} a month at the least` : null],
        ]}
      />
    </div>
  )
}

function Tradeoff({ options, onPick }) {
  const [metric, setMetric] = useDraft('plot', 'ttft')
  const id = useId()
  const [w, h, left, bottom] = [640, 260, 62, 40]
  const costs = options.map((o) => Math.log(o.cost_usd_per_month))
  const xMax = Math.max(target(metric), ...options.map((o) => p95(o, metric))) * 1.06
  const [yLow, yHigh] = [Math.min(...costs) - 0.25, Math.max(...costs) + 0.25]
  const x = (v) => left + (v / xMax) * (w - left - 16)
  const y = (v) => h - bottom - ((Math.log(v) - yLow) / (yHigh - yLow || 1)) * (h - bottom - 14)
  const size = (o) => (quality(o) == null ? 5 : 4 + (quality(o) / 100) ** 2 * 14)
  return (
    <More name="trade-offs-cost-against-latency" summary="Trade-offs: cost against latency">
      <label className="cp-note" htmlFor={id}>
        Across:{' '}
      </label>
      <select id={id} value={metric} onChange={(e) => setMetric(e.target.value)}>
        {METRICS.map(([m, label]) => (
          <option key={m} value={m}>
            {label} p95
          </option>
        ))}
      </select>
      <svg viewBox={`0 0 ${w} ${h}`} className="cp-chart cp-plot" role="img" aria-label={`Cost a month against ${metric.toUpperCase()} p95 of the ${options.length} options; the table holds the same figures`}>
        <line x1={left} x2={w - 16} y1={h - bottom} y2={h - bottom} className="cp-axis" />
        <line x1={left} x2={left} y1={14} y2={h - bottom} className="cp-axis" />
        <line x1={x(target(metric))} x2={x(target(metric))} y1={14} y2={h - bottom} className="cp-target" />
        <text x={x(target(metric)) - 5} y={22} textAnchor="end" className="cp-label">
          target {ms(target(metric))}
        </text>
        {[Math.exp(yLow + 0.25), Math.exp((yLow + yHigh) / 2), Math.exp(yHigh - 0.25)].map((v, n) => (
          <text key={n} x={left - 6} y={y(v) + 4} textAnchor="end" className="cp-label">
            {money(v)}
          </text>
        ))}
        {[0, 0.5, 1].map((f) => (
          <text key={f} x={x((xMax / 1.06) * f)} y={h - bottom + 16} textAnchor="middle" className="cp-label">
            {ms((xMax / 1.06) * f)}
          </text>
        ))}
        <text x={(w + left) / 2} y={h - 6} textAnchor="middle" className="cp-label">
          {metric.toUpperCase()} p95; cost on a logarithmic scale, quality as size
        </text>
        {options.map((o) => (
          <g key={o.rank} className="cp-dot" onClick={() => onPick(o.rank)}>
            <circle cx={x(p95(o, metric))} cy={y(o.cost_usd_per_month)} r={size(o)} className={o.pareto ? 'cp-pareto' : ''} />
            <text x={x(p95(o, metric))} y={y(o.cost_usd_per_month) + 4} textAnchor="middle" className="cp-dot-label">
              {o.rank}
            </text>
          </g>
        ))}
      </svg>
    </More>
  )
}

function Comparison({ options }) {
  const lines = [
    ['Model', (o) => shortName(o.model_id)],
    ['GPUs', setup],
    ['Cost a month', (o) => money(o.cost_usd_per_month)],
    ...METRICS.map(([m, label]) => [`${label} p95 (≤ ${ms(target(m))})`, (o) => ms(p95(o, m))]),
    ['Up to', (o) => `${perSecond(o.max_requests_per_second)} requests/s`],
    ['Mode', (o) => o.thinking_in_words],
    ['Quality', (o) => (quality(o) == null ? 'unknown' : `${number(quality(o))} %${star(o)}`)],
    ['Figures', (o) => provenance(o)],
    ['Score', (o) => `${number(o.score)} of 100`],
  ]
  return <Compared label="Options compared" columns={options} title={(o) => `Option ${o.rank}`} lines={lines} />
}

function Row({ option, marks, opened, toggle, picked, pick, actions }) {
  const full = !picked && pick.full
  return (
    <>
      <tr className={option.pareto ? 'cp-is-pareto' : ''}>
        <td data-label="Option">
          <strong title={option.pareto ? 'No other is as good in cost, latency and quality at once' : ''}>{option.rank}</strong>
        </td>
        <th scope="row" data-label="Model">
          <span className="cp-model">{shortName(option.model_id)}</span>
          <span className="cp-marks">
            {marks.map((mark) => (
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
        <td data-label="GPUs">{option.replicas > 1 ? setup(option) : `${option.gpu_count} ${option.gpu_type}`}</td>
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
            <input type="checkbox" checked={picked} disabled={full} onChange={() => pick(option.rank)} aria-label={`Compare option ${option.rank}`} />
          </label>
          <Button kind="quiet" aria-expanded={opened} aria-label={`Details of option ${option.rank}`} onClick={toggle}>
            {opened ? 'Less' : 'More'}
          </Button>
          {props.locked ? null : (
            <Button kind="primary" disabled={!actions.idle} aria-label={`Choose option ${option.rank}`} onClick={() => actions.press('SelectOption', { rank: option.rank }, `Option ${option.rank}`)}>
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

function Nearly({ misses, actions, found }) {
  if (!misses.length) return null
  return (
    <div>
      <h4>{found ? 'Near misses: cheaper, if something gave' : 'What would have to give'}</h4>
      <ul className="cp-list cp-misses">
        {misses.map((miss, n) => (
          <li key={n}>
            <span>
              {miss.relaxation} → {shortName(miss.model_id)} on {setup(miss)}, {money(miss.cost_usd_per_month)} a month
            </span>
            {props.locked ? null : (
              <Button kind="quiet" disabled={!actions.idle} aria-label={`Try: ${miss.relaxation}`} onClick={() => actions.press('Explore', miss.change, `What if ${miss.relaxation}?`)}>
                Try it
              </Button>
            )}
          </li>
        ))}
      </ul>
    </div>
  )
}

function Explore({ actions }) {
  const [text, setText] = useDraft('what-if', '')
  const [name, setName] = useDraft('keep', '')
  const ids = [useId(), useId()]
  const send = (e, said) => {
    e.preventDefault()
    if (said && actions.idle) actions.say(said)
  }
  if (props.locked) return null
  return (
    <div className="cp-explore">
      <form onSubmit={(e) => send(e, text && `what if ${text.replace(/^what if /i, '')}`)}>
        <label htmlFor={ids[0]}>What if</label>
        <input id={ids[0]} value={text} placeholder="we had 5000 users?" onChange={(e) => setText(e.target.value)} />
        <button type="submit" className="cp-button" disabled={!actions.idle || !text}>
          Try
        </button>
        {props.details.what_if ? (
          <Button disabled={!actions.idle} onClick={() => actions.press('UndoExplore', {}, 'Undo')}>
            <Undo2 size={14} aria-hidden /> Undo
          </Button>
        ) : null}
      </form>
      <form
        onSubmit={(e) => {
          e.preventDefault()
          if (name && actions.idle) actions.press('KeepPlan', { name }, `Keep this as ${name}`)
        }}
      >
        <label htmlFor={ids[1]}>Keep this plan as</label>
        <input id={ids[1]} value={name} maxLength={40} placeholder="A" onChange={(e) => setName(e.target.value)} />
        <button type="submit" className="cp-button" disabled={!actions.idle || !name}>
          Keep
        </button>
      </form>
    </div>
  )
}

export default function Options() {
  const d = props.details
  const actions = useActions()
  const options = d.recommendations
  const [view, setView] = useDraft('view', d.view)
  const [sort, setSort] = useDraft('sort', null)
  const [opened, setOpened] = useDraft('opened', [])
  const [picked, setPicked] = useDraft('picked', [])
  const flip = (list, one) => (list.includes(one) ? list.filter((n) => n !== one) : [...list, one])
  const pick = (rank) => setPicked(flip(picked, rank))
  pick.full = picked.length >= 3
  let listed = (d.views[view] || options.map((o) => o.rank)).map((rank) => options.find((o) => o.rank === rank)).filter(Boolean)
  if (sort) {
    const by = COLUMNS.find(([name]) => name === sort.by)[2]
    listed = [...options].sort((a, b) => (by(a) < by(b) ? -1 : by(a) > by(b) ? 1 : 0) * (sort.down ? -1 : 1))
  }
  const note = `${number(d.holding_slo)} of ${number(d.considered)} configurations hold all targets`
  return (
    <Card title={options.length ? 'Options' : 'Nothing holds the targets'} note={note} tone={options.length ? '' : 'alarm'}>
      {d.what_if ? <p className="cp-line">What if: {d.what_if}</p> : null}
      {d.before ? <SideBySide plans={[{ ...d.before, name: 'Before' }, { ...d.now, name: 'Now' }]} /> : null}
      {options.length ? (
        <>
          <div className="cp-views" role="group" aria-label="Ranked by">
            {Object.entries(VIEWS).map(([name, label]) => (
              <button
                key={name}
                type="button"
                className="cp-chip"
                aria-pressed={!sort && view === name}
                onClick={() => {
                  setView(name)
                  setSort(null)
                }}
              >
                {label}
              </button>
            ))}
          </div>
          <Scrolled label="Options, a table">
            <table className="cp-table cp-options">
              <thead>
                <tr>
                  {COLUMNS.map(([name, label]) => (
                    <th key={name} scope="col" aria-sort={sort?.by === name ? (sort.down ? 'descending' : 'ascending') : 'none'}>
                      <button type="button" className="cp-sort" onClick={() => setSort({ by: name, down: sort?.by === name && !sort.down })}>
                        {label}
                        {METRICS.some(([m]) => m === name) ? <small>≤ {ms(target(name))}</small> : null}
                        {sort?.by === name ? sort.down ? <ArrowDown size={11} aria-hidden /> : <ArrowUp size={11} aria-hidden /> : null}
                      </button>
                    </th>
                  ))}
                  <th scope="col">
                    <span className="cp-hidden">Compare, details, choose</span>
                  </th>
                </tr>
              </thead>
              <tbody>
                {listed.map((o) => (
                  <Row key={o.rank} option={o} marks={o.marks || []} opened={opened.includes(o.rank)} toggle={() => setOpened(flip(opened, o.rank))} picked={picked.includes(o.rank)} pick={pick} actions={actions} />
                ))}
              </tbody>
            </table>
          </Scrolled>
          <p className="cp-note">
            Sized at your peak with {percent(d.headroom)} of capacity kept free. Bars: how much of the target is used. Quality in %, * of the unquantised model. Tick two or three to compare.
          </p>
          {picked.length > 1 ? <Comparison options={options.filter((o) => picked.includes(o.rank))} /> : null}
          <Tradeoff options={options} onPick={(rank) => setOpened(opened.includes(rank) ? opened : [...opened, rank])} />
        </>
      ) : (
        <ul className="cp-list">
          {Object.entries(d.excluded).map(([reason, count]) => (
            <li key={reason}>
              {number(count)} excluded: {reason}
            </li>
          ))}
        </ul>
      )}
      <Nearly misses={d.near_misses} actions={actions} found={options.length > 0} />
      <Explore actions={actions} />
      <Fault>{actions.error}</Fault>
      <Suggestions actions={actions} />
    </Card>
  )
}
