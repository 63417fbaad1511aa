// Names for Chainlit's buttons that have none, so that a screen reader can say what they do.

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

export function nameAll() {
  for (const [id, name] of Object.entries(NAMES)) {
    setAll(`[id="${id}"]:not([aria-label])`, 'aria-label', name)
  }
  // A menu opened by something that isn't a button, inside of one that is.
  setAll('div[aria-haspopup]:not([role])', 'role', 'button')
  for (const button of document.querySelectorAll(NAMELESS)) {
    if (button.textContent?.trim() || !button.querySelector('svg, img')) continue
    const icon = button
      .querySelector('svg')
      ?.getAttribute('class')
      ?.match(/lucide-([a-z-]+)/)
    button.setAttribute('aria-label', icon ? icon[1].replace(/-/g, ' ') : 'Button')
  }
  for (const list of document.querySelectorAll('ul[data-sidebar="menu"]:not([role])')) {
    if ([...list.children].some((child) => child.tagName !== 'LI')) list.setAttribute('role', 'group')
  }
  const box = document.getElementById('chat-input')
  if (box && !box.getAttribute('aria-label')) box.setAttribute('aria-label', 'Your message')
}

/** @param {string} which @param {string} attribute @param {string} value */
function setAll(which, attribute, value) {
  for (const element of document.querySelectorAll(which)) element.setAttribute(attribute, value)
}
