// Names for Chainlit's buttons that have none, so that a screen reader can say what they do; its page is drawn again and again.
const NAMES = {
  'sidebar-trigger-button': 'Show or hide the history',
  'search-chats-button': 'Search the history',
  'new-chat-button': 'New chat',
  'chat-submit': 'Send',
  'stop-button': 'Stop',
  'chat-settings-open-modal': 'Settings',
  'theme-toggle': 'Light or dark',
  'user-nav-button': 'Your account',
  'chat-profiles': 'What may be done: plan, simulate or deploy',
  'thread-options': 'Rename or delete this chat',
}
const NAMELESS = 'button:not([aria-label]):not([aria-labelledby]):not([title])'

function nameAll() {
  for (const [id, name] of Object.entries(NAMES)) {
    document.querySelectorAll(`[id="${id}"]:not([aria-label])`).forEach((element) => element.setAttribute('aria-label', name))
  }
  // A menu opened by something that isn't a button, inside of one that is.
  document.querySelectorAll('div[aria-haspopup]:not([role])').forEach((element) => element.setAttribute('role', 'button'))
  document.querySelectorAll(NAMELESS).forEach((button) => {
    if (!button.textContent.trim() && button.querySelector('svg, img')) {
      const icon = button.querySelector('svg')?.getAttribute('class')?.match(/lucide-([a-z-]+)/)
      button.setAttribute('aria-label', icon ? icon[1].replace(/-/g, ' ') : 'Button')
    }
  })
  document.querySelectorAll('ul[data-sidebar="menu"]:not([role])').forEach((list) => {
    if ([...list.children].some((child) => child.tagName !== 'LI')) list.setAttribute('role', 'group')
  })
  const box = document.getElementById('chat-input')
  if (box && !box.getAttribute('aria-label')) box.setAttribute('aria-label', 'Your message')
}

// Deleting a chat doesn't end what it deployed: whoever is asked whether to delete it is told what goes on running, and its cost.
let chosen = null
function choose(event) {
  const options = event.target.closest?.('#thread-options')
  const link = options?.closest('li')?.querySelector('a[href*="/thread/"]')
  if (link) chosen = link.getAttribute('href').split('/thread/')[1]
}
for (const kind of ['pointerdown', 'keydown', 'click']) document.addEventListener(kind, choose, true) // a menu opens by any of them

async function warnOfWhatRuns() {
  const dialog = document.querySelector('[role="alertdialog"]:not([data-warned])')
  if (!dialog || !chosen) return
  dialog.dataset.warned = chosen
  const answer = await fetch(`/compass/left/${encodeURIComponent(chosen)}`, { credentials: 'same-origin' })
  if (!answer.ok) return
  const { warning } = await answer.json()
  if (!warning) return
  const note = document.createElement('p')
  note.setAttribute('role', 'alert')
  note.className = 'cp-deleting'
  note.textContent = warning
  dialog.firstElementChild.append(note)
}

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

// What is copied is what is shown: a message is Markdown that shows its words, and Chainlit would copy that.
async function asShown(item) {
  if (!item.types.includes('text/html')) return item
  const html = await item.getType('text/html')
  const page = new DOMParser().parseFromString(await html.text(), 'text/html')
  const words = [...page.querySelectorAll('[role="article"]')].map((paragraph) => paragraph.textContent).join('\n\n')
  return words ? new ClipboardItem({ 'text/plain': new Blob([words], { type: 'text/plain' }), 'text/html': html }) : item
}

if (navigator.clipboard?.write) {
  const write = navigator.clipboard.write.bind(navigator.clipboard)
  navigator.clipboard.write = async (items) => write(await Promise.all(items.map(asShown)))
}
