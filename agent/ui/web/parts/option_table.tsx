import { ArrowDown, ArrowUp } from 'lucide-react'
import type { Column, Option, Options } from '../types/card.ts'
import type { Actions } from './actions.tsx'
import { useDraft } from './drafts.ts'
import { Scrolled } from './layout.tsx'
import { OptionRow } from './option_row.tsx'
import { Label } from './tables.tsx'

/** By a column's position, the worst first if `down`. */
interface Sort {
  by: number
  down: boolean
}

/** In the order of a column, or else of a ranking. */
function inOrder({ options, rankings }: Options, ranked: string, sort: Sort | null): Option[] {
  if (sort) {
    const by = (o: Option) => o.cells[sort.by].sort
    const compared = (a: Option, b: Option) => (by(a) < by(b) ? -1 : by(a) > by(b) ? 1 : 0)
    return [...options].sort((a, b) => compared(a, b) * (sort.down ? -1 : 1))
  }
  const ranks = rankings.find(({ name }) => name === ranked)?.ranks ?? options.map((o) => o.rank)
  return ranks.flatMap((rank) => options.find((o) => o.rank === rank) ?? [])
}

function Heading({ column, sort, onSort }: { column: Column; sort: Sort | null; onSort: () => void }) {
  const Arrow = sort?.down ? ArrowDown : ArrowUp
  return (
    <th scope="col" aria-sort={sort ? (sort.down ? 'descending' : 'ascending') : 'none'}>
      <button type="button" className="cp-sort" onClick={onSort}>
        <Label column={column} />
        {sort ? <Arrow size={11} aria-hidden /> : null}
      </button>
    </th>
  )
}

interface RankingsProps {
  table: Options
  shown: string | null
  onShow: (name: string) => void
}

function Rankings({ table, shown, onShow }: RankingsProps) {
  return (
    <div className="cp-views" role="group" aria-label="Ranked by">
      {table.rankings.map(({ name, label }) => (
        <button
          key={name}
          type="button"
          className="cp-chip"
          aria-pressed={shown === name}
          onClick={() => onShow(name)}
        >
          {label}
        </button>
      ))}
    </div>
  )
}

interface TableProps {
  table: Options
  opened: number[]
  toggle: (rank: number) => void
  picked: number[]
  /** As many are picked as are shown side by side. */
  full: boolean
  pick: (rank: number) => void
  actions: Actions
}

/** All options, in the order of a ranking or of a column. */
export function OptionTable({ table, opened, toggle, picked, full, pick, actions }: TableProps) {
  const [ranked, setRanked] = useDraft<string>('ranked', table.ranked_by)
  const [sort, setSort] = useDraft<Sort | null>('sort', null)
  const show = (name: string) => {
    setRanked(name)
    setSort(null)
  }
  return (
    <>
      <Rankings table={table} shown={sort ? null : ranked} onShow={show} />
      <Scrolled label="Options, a table">
        <table className="cp-table cp-options">
          <thead>
            <tr>
              {table.columns.map((column, n) => (
                <Heading
                  key={column.label}
                  column={column}
                  sort={sort?.by === n ? sort : null}
                  onSort={() => setSort({ by: n, down: sort?.by === n && !sort.down })}
                />
              ))}
              <th scope="col">
                <span className="cp-hidden">Compare, details, choose</span>
              </th>
            </tr>
          </thead>
          <tbody>
            {inOrder(table, ranked, sort).map((o) => (
              <OptionRow
                key={o.rank}
                option={o}
                columns={table.columns}
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
      <p className="cp-note">{table.hint}</p>
    </>
  )
}
