import type { Status } from '../types/details.ts'
import { age, money, ms, number, percent } from './figures.ts'
import { Badge, More, Rows, Scrolled, TONES } from './layout.tsx'

export function StatusPanel({ status, at }: { status: Status; at?: string }) {
  const live = status.live
  return (
    <div>
      <p className="cp-line">
        <Badge tone={TONES[status.phase]}>{status.phase}</Badge> {number(status.replicas_ready)} of{' '}
        {number(status.replicas_wanted)} replicas ready
        {live ? <Badge tone={TONES[live.state] || 'warn'}>{live.state}</Badge> : null}
        {at ? <span className="cp-note cp-push">as of {at}</span> : null}
      </p>
      {live ? (
        <>
          <p className="cp-line">
            {live.verdict[0].toUpperCase() + live.verdict.slice(1)}.{' '}
            {live.advice ? <em>{live.advice}</em> : null}
          </p>
          {live.latencies.length ? (
            <Scrolled label="Latencies now">
              <table className="cp-table">
                <thead>
                  <tr>
                    <td />
                    {['p50', 'p95', 'p99', 'Target p95', 'Headroom', 'Predicted p95'].map((name) => (
                      <th key={name} scope="col" className="cp-right">
                        {name}
                      </th>
                    ))}
                  </tr>
                </thead>
                <tbody>
                  {live.latencies.map((l) => (
                    <tr key={l.metric}>
                      <th scope="row">{l.metric.toUpperCase()}</th>
                      <td>{ms(l.p50_ms)}</td>
                      <td>{ms(l.p95.value_ms)}</td>
                      <td>{ms(l.p99_ms)}</td>
                      <td>{ms(l.target_ms)}</td>
                      <td className={l.headroom != null && l.headroom < 0 ? 'cp-is-bad' : ''}>
                        {percent(l.headroom)}
                      </td>
                      <td>{ms(l.predicted_ms)}</td>
                    </tr>
                  ))}
                </tbody>
              </table>
            </Scrolled>
          ) : null}
          <p className="cp-note">
            {number(live.requests)} requests, {number(live.failed)} failed; now {number(live.running)}{' '}
            running, {number(live.waiting)} waiting; KV cache {percent(live.kv_cache_usage)} full
          </p>
        </>
      ) : status.live_problem ? (
        <p className="cp-note">How it holds its targets isn’t known: {status.live_problem}</p>
      ) : null}
      {status.diagnosis ? (
        <Rows
          rows={[
            ['Cause', status.diagnosis.cause],
            ['Remedy', status.diagnosis.remedy],
          ]}
        />
      ) : null}
      <Rows
        rows={[
          ['Age', status.age_seconds == null ? null : age(status.age_seconds)],
          ['Mode', status.thinking],
          [
            'Context',
            status.context_tokens == null
              ? null
              : `${number(status.context_tokens)} tokens of prompt and answer`,
          ],
          ['Cost so far', status.cost_usd == null ? null : money(status.cost_usd, 2)],
          [
            'Drift',
            status.drift == null
              ? null
              : status.drift.length
                ? `otherwise than approved: ${status.drift.slice(0, 6).join(', ')}`
                : 'none: as approved',
          ],
        ]}
      />
      <More name="pods-and-events" summary="Pods and events">
        <ul className="cp-list">
          {status.pods.map((p) => (
            <li key={p.name}>
              <code>{p.name}</code> {p.state}
              {p.restarts ? `, ${p.restarts} restarts` : ''}, {p.node || 'no node'}
            </li>
          ))}
          {status.events.slice(-5).map((e, n) => (
            <li key={n} className="cp-note">
              {e.reason}: {e.message}
            </li>
          ))}
        </ul>
      </More>
    </div>
  )
}
