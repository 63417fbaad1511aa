import { number } from '../parts/figures.ts'
import type { ProgressDetails } from '../types/details.ts'

export default function Progress() {
  const { lines, done } = props.details as ProgressDetails
  return (
    <div className="cp-progress" role="status" aria-label={done ? 'What was done' : 'Working'}>
      <ol>
        {lines.map((line, n) => (
          <li key={n} className={!done && n === lines.length - 1 ? 'cp-now' : ''}>
            <span className="cp-note">{number(line.at_s, 1)} s</span> {line.text}
          </li>
        ))}
      </ol>
    </div>
  )
}
