import type { Cell, Column, Option } from '../types/card.ts'
import type { Actions } from './actions.tsx'
import { Badge, Button } from './layout.tsx'
import { Details } from './option_details.tsx'

/** From which share of a target on the rest is little. */
const NEAR = 0.9

function Figure({ cell, column }: { cell: Cell; column: Column }) {
  if (cell.share == null) return cell.text
  const used = Math.min(1, cell.share)
  return (
    <span className="cp-headroom">
      {cell.text}
      <span className="cp-bar" role="img" aria-label={`${column.label} ${cell.text}, target ${column.note}`}>
        <span className={used > NEAR ? 'cp-near' : ''} style={{ width: `${used * 100}%` }} />
      </span>
    </span>
  )
}

interface ShownProps {
  option: Option
  opened: boolean
  toggle: () => void
  /** To be compared with others, of which there may be enough. */
  picked: boolean
  full: boolean
  pick: () => void
  actions: Actions
}

function RowActions({ option, opened, toggle, picked, full, pick, actions }: ShownProps) {
  const { rank, choose } = option
  return (
    <>
      <label className="cp-tick">
        <input
          type="checkbox"
          checked={picked}
          disabled={full}
          onChange={pick}
          aria-label={`Compare option ${rank}`}
        />
      </label>
      <Button kind="quiet" aria-expanded={opened} aria-label={`Details of option ${rank}`} onClick={toggle}>
        {opened ? 'Less' : 'More'}
      </Button>
      {props.locked ? null : (
        <Button
          kind={choose.style}
          disabled={!actions.idle}
          aria-label={`${choose.label} option ${rank}`}
          onClick={() => actions.take(choose)}
        >
          {choose.label}
        </Button>
      )}
    </>
  )
}

/** A line of the table, and below it the details if they are open. */
export function OptionRow({ option, columns, ...shown }: ShownProps & { columns: Column[] }) {
  const [rank, name, ...figures] = option.cells
  return (
    <>
      <tr className={option.unbeaten ? 'cp-is-pareto' : ''}>
        <td data-label="Option">
          <strong>{rank.text}</strong>
        </td>
        <th scope="row" data-label={columns[1].label}>
          <span className="cp-model">{name.text}</span>
          <span className="cp-marks">
            {[...option.marks, ...option.badges].map((said) => (
              <Badge key={said.text} said={said} />
            ))}
          </span>
        </th>
        {figures.map((cell, n) => (
          <td key={columns[n + 2].label} data-label={columns[n + 2].label} title={cell.why || undefined}>
            <Figure cell={cell} column={columns[n + 2]} />
          </td>
        ))}
        <td className="cp-row-actions">
          <RowActions option={option} {...shown} />
        </td>
      </tr>
      {shown.opened ? (
        <tr className="cp-expanded">
          <td colSpan={columns.length + 1}>
            <Details option={option} />
          </td>
        </tr>
      ) : null}
    </>
  )
}
