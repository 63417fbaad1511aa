import type { Work } from '../types/card.ts'

/** What takes so long, line by line as it goes on. */
export default function Progress() {
  const { lines, done } = props.work as Work
  return (
    <div className="cp-progress" role="status" aria-label={done ? 'What was done' : 'Working'}>
      <ol>
        {lines.map((line, n) => (
          <li key={n} className={!done && n === lines.length - 1 ? 'cp-now' : ''}>
            <span className="cp-note">{line.label}</span> {line.text}
          </li>
        ))}
      </ol>
    </div>
  )
}
