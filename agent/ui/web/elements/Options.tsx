import { useActions } from '../parts/actions.tsx'
import { SideBySide } from '../parts/comparing.tsx'
import { useDraft } from '../parts/drafts.ts'
import { Explore, Nearly } from '../parts/exploring.tsx'
import { number, percent } from '../parts/figures.ts'
import { Card, Fault } from '../parts/layout.tsx'
import { details } from '../parts/option.ts'
import { Comparison } from '../parts/option_comparison.tsx'
import { OptionTable } from '../parts/option_table.tsx'
import { Suggestions } from '../parts/suggestions.tsx'
import { Tradeoff } from '../parts/tradeoff.tsx'

const AT_ONCE = 3
const without = (ranks: number[], rank: number) => ranks.filter((r) => r !== rank)
const flip = (ranks: number[], rank: number) =>
  ranks.includes(rank) ? without(ranks, rank) : [...ranks, rank]

export default function Options() {
  const d = details()
  const actions = useActions()
  const options = d.recommendations
  const [opened, setOpened] = useDraft<number[]>('opened', [])
  const [picked, setPicked] = useDraft<number[]>('picked', [])
  return (
    <Card
      title={options.length ? 'Options' : 'Nothing holds the targets'}
      note={`${number(d.holding_slo)} of ${number(d.considered)} configurations hold all targets`}
      tone={options.length ? '' : 'alarm'}
    >
      {d.what_if ? <p className="cp-line">What if: {d.what_if}</p> : null}
      {d.before && d.now ? (
        <SideBySide
          plans={[
            { ...d.before, name: 'Before' },
            { ...d.now, name: 'Now' },
          ]}
        />
      ) : null}
      {options.length ? (
        <>
          <OptionTable
            opened={opened}
            toggle={(rank) => setOpened(flip(opened, rank))}
            picked={picked}
            full={picked.length >= AT_ONCE}
            pick={(rank) => setPicked(flip(picked, rank))}
            actions={actions}
          />
          <p className="cp-note">
            Sized at your peak with {percent(d.headroom)} of capacity kept free. Bars: how much of the target
            is used. Quality in %, * of the unquantised model. Tick two or three to compare.
          </p>
          {picked.length > 1 ? <Comparison options={options.filter((o) => picked.includes(o.rank))} /> : null}
          <Tradeoff options={options} onPick={(rank) => setOpened([...without(opened, rank), rank])} />
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
