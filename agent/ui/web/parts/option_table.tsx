import { ArrowDown, ArrowUp } from 'lucide-react'
import type { Recommendation, View } from '../types/details.ts'
import type { Actions } from './actions.tsx'
import { useDraft } from './drafts.ts'
import { METRICS, ms } from './figures.ts'
import { Scrolled } from './layout.tsx'
import { COLUMNS, details, target } from './option.ts'
import { Row } from './option_row.tsx'

const VIEWS: [View, string][] = [
  ['balanced', 'Balanced'],
  ['lowest_cost', 'Lowest cost'],
  ['lowest_latency', 'Lowest latency'],
  ['best_quality', 'Best quality'],
  ['simplest', 'Fewest GPUs'],
]

/** By a column, the worst first if `down`. */
interface Sort {
  by: string
  down: boolean
}

/** In the order of a column, or else of a view. */
function inOrder(view: View, sort: Sort | null): Recommendation[] {
  const { recommendations, views } = details()
  const by = COLUMNS.find(([name]) => name === sort?.by)?.[2]
  if (sort && by) {
    const compared = (a: Recommendation, b: Recommendation) => (by(a) < by(b) ? -1 : by(a) > by(b) ? 1 : 0)
    return [...recommendations].sort((a, b) => compared(a, b) * (sort.down ? -1 : 1))
  }
  const ranks = views[view] ?? recommendations.map((o) => o.rank)
  return ranks.flatMap((rank) => recommendations.find((o) => o.rank === rank) ?? [])
}

function Heading({
  name,
  label,
  sort,
  onSort,
}: {
  name: string
  label: string
  sort: Sort | null
  onSort: (sort: Sort) => void
}) {
  const sorted = sort?.by === name
  const metric = METRICS.find(([m]) => m === name)?.[0]
  const Arrow = sort?.down ? ArrowDown : ArrowUp
  return (
    <th scope="col" aria-sort={sorted ? (sort.down ? 'descending' : 'ascending') : 'none'}>
      <button
        type="button"
        className="cp-sort"
        onClick={() => onSort({ by: name, down: sorted && !sort.down })}
      >
        {label}
        {metric ? <small>≤ {ms(target(metric))}</small> : null}
        {sorted ? <Arrow size={11} aria-hidden /> : null}
      </button>
    </th>
  )
}

interface TableProps {
  opened: number[]
  toggle: (rank: number) => void
  picked: number[]
  /** As many are picked as are shown side by side. */
  full: boolean
  pick: (rank: number) => void
  actions: Actions
}

/** All options, in the order of a view or of a column. */
export function OptionTable({ opened, toggle, picked, full, pick, actions }: TableProps) {
  const [view, setView] = useDraft('view', details().view)
  const [sort, setSort] = useDraft<Sort | null>('sort', null)
  const show = (name: View) => {
    setView(name)
    setSort(null)
  }
  return (
    <>
      <div className="cp-views" role="group" aria-label="Ranked by">
        {VIEWS.map(([name, label]) => (
          <button
            key={name}
            type="button"
            className="cp-chip"
            aria-pressed={!sort && view === name}
            onClick={() => show(name)}
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
                <Heading key={name} name={name} label={label} sort={sort} onSort={setSort} />
              ))}
              <th scope="col">
                <span className="cp-hidden">Compare, details, choose</span>
              </th>
            </tr>
          </thead>
          <tbody>
            {inOrder(view, sort).map((o) => (
              <Row
                key={o.rank}
                option={o}
                opened={opened.includes(o.rank)}
                toggle={() => toggle(o.rank)}
                picked={picked.includes(o.rank)}
                full={full && !picked.includes(o.rank)}
                pick={() => pick(o.rank)}
                actions={actions}
              />
            ))}
          </tbody>
        </table>
      </Scrolled>
    </>
  )
}
