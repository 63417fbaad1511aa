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

interface RowProps {
  option: Option
  columns: Column[]
  opened: boolean
  toggle: () => void
  /** To be compared with others, of which there may be enough. */
  picked: boolean
  full: boolean
  pick: () => void
  actions: Actions
}

export function OptionRow({ option, columns, opened, toggle, picked, full, pick, actions }: RowProps) {
  const [rank, name, ...figures] = option.cells
  const choose = option.choose
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
          <label className="cp-tick">
            <input
              type="checkbox"
              checked={picked}
              disabled={full}
              onChange={pick}
              aria-label={`Compare option ${rank.text}`}
            />
          </label>
          <Button
            kind="quiet"
            aria-expanded={opened}
            aria-label={`Details of option ${rank.text}`}
            onClick={toggle}
          >
            {opened ? 'Less' : 'More'}
          </Button>
          {props.locked ? null : (
            <Button
              kind={choose.style}
              disabled={!actions.idle}
              aria-label={`${choose.label} option ${rank.text}`}
              onClick={() => actions.take(choose)}
            >
              {choose.label}
            </Button>
          )}
        </td>
      </tr>
      {opened ? (
        <tr className="cp-expanded">
          <td colSpan={columns.length + 1}>
            <Details option={option} />
          </td>
        </tr>
      ) : null}
    </>
  )
}
