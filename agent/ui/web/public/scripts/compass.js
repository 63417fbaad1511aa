// What Compass adds to Chainlit's page, which is drawn again and again.

import './copying.js'
import { warnOfWhatRuns } from './deleting.js'
import { nameAll } from './naming.js'

let due = false
new MutationObserver(() => {
  if (due) return
  due = true
  requestAnimationFrame(() => {
    due = false
    nameAll()
    warnOfWhatRuns()
  })
}).observe(document.documentElement, { childList: true, subtree: true })
nameAll()
