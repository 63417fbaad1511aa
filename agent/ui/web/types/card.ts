// Made from agent/cards by `python -m tests.browser.card_types`: what the cards are told.

export interface Action {
  move: string
  label: string
  arguments: object
  style: 'plain' | 'primary' | 'danger' | 'quiet'
  says: string
  blocked: boolean
}

export interface Card {
  kind: 'specification' | 'options' | 'approval' | 'running' | 'manifests' | 'status' | 'validation' | 'plans' | 'deployments' | 'failure' | 'earlier'
  title: string
  note: string
  tone: 'plain' | 'good' | 'alarm'
  parts: (Sentence | Rows | Table | Items | Proposals | Fold | Code | Files | Diff | Options | Fields)[]
  actions: Action[]
  answers: string[]
}

export interface Cell {
  text: string
  sort: number | string
  tone: 'plain' | 'good' | 'warn' | 'bad' | 'quiet'
  share: number | null
  why: string
}

export interface Chart {
  name: string
  label: string
  x_label: string
  x_ticks: Tick[]
  y_ticks: Tick[]
  x_limit: Tick | null
  y_limit: Tick | null
  line: [number, number][]
  dots: Dot[]
}

export interface Charts {
  charts: Chart[]
}

export interface Choice {
  value: string
  label: string
}

export interface Code {
  part: 'code'
  about: string
  text: string
}

export interface Column {
  label: string
  note: string
  figures: boolean
  may_go: boolean
}

export interface CurveQuery {
  model_id: string
  gpu_type: string
  gpu_count: number
  prompt_tokens: number
  output_tokens: number
  share_of_peak: number
  slo_targets: SloTargets
}

export interface Diff {
  part: 'diff'
  title: string
  text: string
}

export interface Dot {
  x: number
  y: number
  rank: number
  size: number
  strong: boolean
}

export interface Field {
  name: string
  label: string
  unit: string
  group: 'need' | 'targets' | 'demand' | 'constraints'
  kind: 'whole' | 'number' | 'percent' | 'choice' | 'choices' | 'counts' | 'items' | 'flag'
  value: number | string | string[] | Record<string, number> | null
  unset: string
  origin: string
  low: number | null
  high: number | null
  bounds: string
  choices: Choice[]
  clearable: boolean
}

export interface FieldGroup {
  label: string
  summary: string
  open: boolean
  fields: Field[]
  told: Items | null
}

export interface Fields {
  part: 'fields'
  groups: FieldGroup[]
}

export interface File {
  path: string
  content: string
}

export interface Files {
  part: 'files'
  name: string
  files: File[]
  summary: string
}

export interface Fold {
  part: 'fold'
  summary: string
  open: boolean
  on_demand: boolean
  parts: (Sentence | Rows | Items | Code)[]
}

export interface Items {
  part: 'items'
  heading: string
  items: Words[]
}

export interface MemoryUse {
  heading: string
  slices: Slice[]
  note: string
}

export interface Option {
  rank: number
  unbeaten: boolean
  cells: Cell[]
  marks: Words[]
  badges: Words[]
  details: Row[]
  compared: Row[]
  memory: MemoryUse
  curve: CurveQuery
  choose: Action
}

export interface Options {
  part: 'options'
  columns: Column[]
  options: Option[]
  rankings: Ranking[]
  ranked_by: 'balanced' | 'lowest_cost' | 'lowest_latency' | 'best_quality' | 'simplest'
  tradeoffs: Chart[]
  hint: string
}

export interface Proposal {
  text: string
  action: Action
}

export interface Proposals {
  part: 'proposals'
  heading: string
  proposals: Proposal[]
}

export interface Ranking {
  name: 'balanced' | 'lowest_cost' | 'lowest_latency' | 'best_quality' | 'simplest'
  label: string
  ranks: number[]
}

export interface Row {
  label: string
  text: string
  tone: 'plain' | 'good' | 'warn' | 'bad' | 'quiet'
  code: boolean
  headline: boolean
}

export interface Rows {
  part: 'rows'
  rows: Row[]
}

export interface Sentence {
  part: 'sentence'
  text: string
  tone: 'plain' | 'good' | 'warn' | 'bad' | 'quiet'
  badges: Words[]
}

export interface Slice {
  label: string
  text: string
  share: number
}

export interface SloTargets {
  ttft_p95_ms: number
  itl_p95_ms: number
  e2e_p95_ms: number
  instead: Record<string, Record<string, number>>
}

export interface Table {
  part: 'table'
  label: string
  columns: Column[]
  lines: Cell[][]
  compares: boolean
}

export interface Tick {
  at: number
  text: string
}

export interface Words {
  text: string
  tone: 'plain' | 'good' | 'warn' | 'bad' | 'quiet'
  why: string
}

export interface Work {
  lines: Row[]
  done: boolean
}
