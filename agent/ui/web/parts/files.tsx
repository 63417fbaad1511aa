import { Check, Copy, Download } from 'lucide-react'
import { type KeyboardEvent, useId, useState } from 'react'
import type { File } from '../types/card.ts'
import { useDraft } from './drafts.ts'
import { Button } from './layout.tsx'

function save(name: string, text: string) {
  const link = document.createElement('a')
  link.href = URL.createObjectURL(new Blob([text], { type: 'text/yaml' }))
  link.download = name
  link.click()
  URL.revokeObjectURL(link.href)
}

export function CopyButton({ text, label }: { text: string; label: string }) {
  const [done, setDone] = useState(false)
  const copy = async () => {
    await navigator.clipboard.writeText(text)
    setDone(true)
    setTimeout(() => setDone(false), 1500)
  }
  return (
    <Button kind="quiet" onClick={copy} aria-label={label}>
      {done ? <Check size={14} aria-hidden /> : <Copy size={14} aria-hidden />} {done ? 'Copied' : 'Copy'}
    </Button>
  )
}

export function Files({ files, name }: { files: File[]; name: string }) {
  const [shown, show] = useDraft('file', 0)
  const file = files[shown] || files[0]
  const id = useId()
  const move = (e: KeyboardEvent) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[e.key]
    if (step) show((shown + step + files.length) % files.length)
  }
  return (
    <div className="cp-files">
      <div className="cp-tabs" role="tablist" aria-label="Files" onKeyDown={move}>
        {files.map((f, n) => (
          <button
            key={f.path}
            type="button"
            role="tab"
            id={`${id}-${n}`}
            aria-selected={n === shown}
            aria-controls={`${id}-panel`}
            tabIndex={n === shown ? 0 : -1}
            className="cp-tab"
            onClick={() => show(n)}
          >
            {f.path.replace(/^\d+-/, '').replace('.yaml', '')}
          </button>
        ))}
      </div>
      <div role="tabpanel" id={`${id}-panel`} aria-labelledby={`${id}-${shown}`}>
        <div className="cp-code-bar">
          <span className="cp-note">{file.path}</span>
          <CopyButton text={file.content} label={`Copy ${file.path}`} />
          <Button
            kind="quiet"
            onClick={() => save(`${name}.yaml`, files.map((f) => f.content).join('---\n'))}
          >
            <Download size={14} aria-hidden /> Download all
          </Button>
        </div>
        <pre className="cp-code" tabIndex={0}>
          {file.content}
        </pre>
      </div>
    </div>
  )
}

export function Diff({ text }: { text: string }) {
  return (
    <pre className="cp-code" tabIndex={0}>
      {text.split('\n').map((line, n) => (
        <span key={n} className={line[0] === '+' ? 'cp-added' : line[0] === '-' ? 'cp-removed' : ''}>
          {line}
          {'\n'}
        </span>
      ))}
    </pre>
  )
}
