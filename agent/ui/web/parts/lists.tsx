import type { Items } from '../types/card.ts'

export function List({ list }: { list: Items }) {
  return (
    <div>
      {list.heading ? <h4>{list.heading}</h4> : null}
      <ul className="cp-list">
        {list.items.map((item, n) => (
          <li key={n} className={item.tone === 'quiet' ? 'cp-note' : `cp-is-${item.tone}`}>
            {item.text}
          </li>
        ))}
      </ul>
    </div>
  )
}
