import type { Option, Options, Table } from '../types/card.ts'
import type { Actions } from './actions.tsx'
import { Charts } from './charts.tsx'
import { useDraft } from './drafts.ts'
import { More } from './layout.tsx'
import { OptionTable } from './option_table.tsx'
import { DataTable } from './tables.tsx'

const AT_ONCE = 3
const without = (ranks: number[], rank: number) => ranks.filter((r) => r !== rank)
const flip = (ranks: number[], rank: number) =>
  ranks.includes(rank) ? without(ranks, rank) : [...ranks, rank]

/** Those that were ticked, side by side. */
function compared(options: Option[]): Table {
  const plain = { note: '', figures: false, may_go: false }
  const cell = (text: string) => ({ text, sort: '', tone: 'plain' as const, share: null, why: '' })
  return {
    part: 'table',
    label: 'Options compared',
    compares: true,
    columns: ['', ...options.map((o) => `Option ${o.rank}`)].map((label) => ({ label, ...plain })),
    lines: options[0].compared.map(({ label }, n) => [
      cell(label),
      ...options.map((o) => cell(o.compared[n].text)),
    ]),
  }
}

/** The table, what is compared, and the trade-offs; a dot of a plot opens its option. */
export function OptionsShown({ table, actions }: { table: Options; actions: Actions }) {
  const [opened, setOpened] = useDraft<number[]>('opened', [])
  const [picked, setPicked] = useDraft<number[]>('picked', [])
  return (
    <>
      <OptionTable
        table={table}
        opened={opened}
        toggle={(rank) => setOpened(flip(opened, rank))}
        picked={picked}
        full={picked.length >= AT_ONCE}
        pick={(rank) => setPicked(flip(picked, rank))}
        actions={actions}
      />
      {picked.length > 1 ? (
        <DataTable table={compared(table.options.filter((o) => picked.includes(o.rank)))} />
      ) : null}
      <More summary="Trade-offs: cost against latency">
        <Charts
          name="plot"
          label="Across:"
          width={640}
          charts={table.tradeoffs}
          onPick={(rank) => setOpened([...without(opened, rank), rank])}
        />
      </More>
    </>
  )
}
