import { Fragment } from 'react'
import type { Column, Row, Table } from '../types/card.ts'
import { Scrolled } from './layout.tsx'

export function Rows({ rows }: { rows: Row[] }) {
  return (
    <dl className="cp-rows">
      {rows.map(({ label, text, tone, code }) => (
        <Fragment key={label}>
          <dt>{label}</dt>
          <dd className={`cp-is-${tone}`}>{code ? <code>{text}</code> : text}</dd>
        </Fragment>
      ))}
    </dl>
  )
}

/** A label, and what stands below it. */
export function Label({ column }: { column: Column }) {
  return column.note ? (
    <>
      {column.label} <small>{column.note}</small>
    </>
  ) : (
    column.label
  )
}

export function DataTable({ table }: { table: Table }) {
  return (
    <Scrolled label={table.label}>
      <table className={`cp-table ${table.compares ? 'cp-compare' : ''}`}>
        <thead>
          <tr>
            {table.columns.map((column, n) =>
              column.label ? (
                <th key={column.label} scope="col" className={column.figures ? undefined : 'cp-left'}>
                  <Label column={column} />
                </th>
              ) : (
                <td key={n} />
              ),
            )}
          </tr>
        </thead>
        <tbody>
          {table.lines.map(([heading, ...cells]) => (
            <tr key={heading.text}>
              <th scope="row">{heading.text}</th>
              {cells.map((cell, n) => (
                <td key={n} className={`cp-is-${cell.tone}`} title={cell.why || undefined}>
                  {cell.text}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </Scrolled>
  )
}
