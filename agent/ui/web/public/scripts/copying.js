// What is copied is what is shown: a message is Markdown that shows its words, and Chainlit would copy that.

/** @param {ClipboardItem} item */
async function asShown(item) {
  if (!item.types.includes('text/html')) return item
  const html = await item.getType('text/html')
  const page = new DOMParser().parseFromString(await html.text(), 'text/html')
  const paragraphs = [...page.querySelectorAll('[role="article"]')]
  const words = paragraphs.map((paragraph) => paragraph.textContent).join('\n\n')
  if (!words) return item
  return new ClipboardItem({ 'text/plain': new Blob([words], { type: 'text/plain' }), 'text/html': html })
}

if (navigator.clipboard?.write) {
  const write = navigator.clipboard.write.bind(navigator.clipboard)
  navigator.clipboard.write = async (items) => write(await Promise.all(items.map(asShown)))
}
