// Deleting a chat doesn't end what it deployed: whoever is asked whether to delete it is told what goes on
// running, and its cost.

/** The thread whose menu was opened last. @type {string | undefined} */
let chosen

/** @param {Event} event */
function choose(event) {
  const options = event.target instanceof Element ? event.target.closest('#thread-options') : null
  const link = options?.closest('li')?.querySelector('a[href*="/thread/"]')
  if (link) chosen = link.getAttribute('href')?.split('/thread/')[1]
}

/** A menu opens by any of these. */
for (const kind of ['pointerdown', 'keydown', 'click']) document.addEventListener(kind, choose, true)

export async function warnOfWhatRuns() {
  const dialog = document.querySelector('[role="alertdialog"]:not([data-warned])')
  if (!dialog || !chosen) return
  dialog.setAttribute('data-warned', chosen)
  const answer = await fetch(`/compass/left/${encodeURIComponent(chosen)}`, { credentials: 'same-origin' })
  if (!answer.ok) return
  const { warning } = await answer.json()
  if (!warning) return
  const note = document.createElement('p')
  note.setAttribute('role', 'alert')
  note.className = 'cp-deleting'
  note.textContent = warning
  dialog.firstElementChild?.append(note)
}
