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

let due = false
new MutationObserver(() => {
  if (due) return
  due = true
  requestAnimationFrame(() => {
    due = false
    nameAll()
  })
}).observe(document.documentElement, { childList: true, subtree: true })
nameAll()
