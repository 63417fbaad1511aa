// Figures in words, rounded as the engine's own sentences are, so that a card and the words beside it show
// the same.

import type { Metric, Setup } from '../types/details.ts'

type Figure = number | null | undefined

const english = (value: number, digits: Intl.NumberFormatOptions) =>
  value.toLocaleString('en-US', { ...digits, roundingMode: 'halfEven' })

export const number = (value: Figure, digits = 0) =>
  value == null ? '?' : english(value, { minimumFractionDigits: digits, maximumFractionDigits: digits })

export const money = (value: Figure, digits = 0) => (value == null ? '?' : `$${number(value, digits)}`)

export const percent = (value: Figure) => (value == null ? '?' : `${number(value * 100)} %`)

export const perSecond = (value: number) => number(value, value >= 100 ? 0 : value >= 10 ? 1 : 2)

export function ms(value: Figure) {
  if (value == null) return '?'
  if (value >= 1000) return `${english(value / 1000, { maximumFractionDigits: 1 })} s`
  return `${english(value, { maximumFractionDigits: value < 100 ? 1 : 0 })} ms`
}

export function age(seconds: number) {
  if (seconds >= 172_800) return `${number(seconds / 86_400)} days`
  if (seconds >= 7200) return `${number(seconds / 3600)} hours`
  if (seconds >= 120) return `${number(seconds / 60)} minutes`
  return `${number(seconds)} seconds`
}

export const shortName = (id: string) => id.split('/').slice(1).join('/') || id

export const setup = (o: Setup) => `${o.replicas} × ${o.gpu_count} ${o.gpu_type}`

export const METRICS: [Metric, string][] = [
  ['ttft', 'TTFT'],
  ['itl', 'ITL'],
  ['e2e', 'E2E'],
]
