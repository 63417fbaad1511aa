// What the cards are told, as far as they read it: JSON of the Python types that the comments name.

export type Metric = 'ttft' | 'itl' | 'e2e'

/** tools/specification.py */
export interface SloTargets {
  ttft_p95_ms: number
  itl_p95_ms: number
  e2e_p95_ms: number
}

export interface Specification {
  slo_targets: SloTargets
  demand: { peak_requests_per_second: number }
  overrides: { spare_replicas: number | null }
  traffic_profile: TrafficProfile
  thinking_tokens: number
  assumptions: { text: string; origin: string }[]
}

export interface TrafficProfile {
  prompt_tokens: number
  output_tokens: number
}

/** agent/ui/fields.py; a `percent` is a share, shown times 100; `counts` are so many of each. */
export interface Field {
  name: string
  label: string
  unit: string
  group: FieldGroup
  kind: 'number' | 'whole' | 'percent' | 'choice' | 'choices' | 'counts'
  value: number | string | string[] | Record<string, number> | null
  unset: string
  origin: string
  low: number | null
  high: number | null
  choices: { value: string; label: string }[] | null
  clearable: boolean
}
export type FieldGroup = 'need' | 'targets' | 'demand' | 'constraints'

export interface SpecificationDetails {
  specification: Specification
  fields: Field[]
  title: string
}

export interface Setup {
  replicas: number
  gpu_count: number
  gpu_type: string
}

/** tools/planning/memory.py */
export interface Memory {
  usable_gib: number
  weights_gib: number
  activations_gib: number
  non_torch_gib: number
  kv_cache_gib: number
  max_sequences: number
  max_context_tokens: number
}

export interface Percentiles {
  p50: number | null
  p95: number
  p99: number | null
}

/** tools/recommendation.py */
export interface Recommendation extends Setup {
  rank: number
  model_id: string
  cost_usd_per_month: number
  predicted: Record<`${Metric}_ms`, Percentiles>
  max_requests_per_second: number
  thinking_in_words: string
  first_answer_p95_ms: number | null
  meets_slo: boolean
  simulated: boolean
  provenance: string
  estimate_error: { itl_median: number; ttft_median: number } | null
  price: string
  gpus_billed: number
  quality: { score: number | null; base_score: number | null; scores: string; source: string }
  memory: Memory
  context_tokens: number | null
  autoscaling: { min_replicas: number; max_replicas: number; cost_at_min_usd_per_month: number }
  pareto: boolean
  score: number
  marks: string[]
  reasons: string[]
}

export interface NearMiss extends Setup {
  model_id: string
  cost_usd_per_month: number
  relaxation: string
  change: object
}

export type View = 'balanced' | 'lowest_cost' | 'lowest_latency' | 'best_quality' | 'simplest'

/** `in_short` of agent/checkpoints.py; nothing is first or cheapest where nothing holds. */
export interface PlanInShort {
  peak_requests_per_second: number
  slo_targets: SloTargets
  holding_slo: number
  considered: number
  first: Recommendation | null
  cheapest: Recommendation | null
}
export type NamedPlan = PlanInShort & { name: string }

/** `options_details` of agent/checkpoints.py: what differs before and now, of a what-if. */
export interface OptionsDetails {
  specification: Specification
  recommendations: Recommendation[]
  near_misses: NearMiss[]
  views: Partial<Record<View, number[]>>
  view: View
  benchmark_profile: TrafficProfile
  considered: number
  holding_slo: number
  excluded: Record<string, number>
  headroom: number
  what_if: string | null
  before: PlanInShort | null
  now: PlanInShort | null
}

/** agent/ui/curve.py: rates in requests/s of one replica, and the p95 in ms at each. */
export interface CurveFound {
  rates: number[]
  p95_ms: Record<Metric, number[]>
}

export interface RenderedFile {
  path: string
  content: string
}

/** `approval_details` of agent/checkpoints.py */
export interface ApprovalDetails {
  action: 'apply' | 'delete'
  digest: string
  cluster: string
  server: string
  simulated: boolean
  read_only: boolean
  namespace: string
  name: string
  model_id: string
  context: string | null
  thinking: string | null
  recommendation: Recommendation | null
  files: RenderedFile[]
  problems: { file: string; field: string; text: string }[]
  changes: { kind: string; name: string; change: Change; diff: string }[]
  owners: { kind: string; name: string; owner: string; fields: string[] }[]
  notes: string[]
  takes_over_asked: boolean
}
export type Change = 'create' | 'update' | 'unchanged' | 'delete' | 'absent'

export interface RunningDetails {
  name: string
  model_id: string
  context: string | null
  endpoint: string | null
  thinking: string | null
}

/** tools/serving/monitoring.py */
export interface Live {
  state: string
  verdict: string
  advice: string | null
  requests: number
  failed: number
  running: number
  waiting: number
  kv_cache_usage: number
  latencies: {
    metric: Metric
    p50_ms: number | null
    p95: { value_ms: number | null }
    p99_ms: number | null
    target_ms: number | null
    headroom: number | null
    predicted_ms: number | null
  }[]
}

/** tools/get_status.py */
export interface Status {
  name: string
  phase: 'absent' | 'pending' | 'ready' | 'failed'
  diagnosis: { cause: string; remedy: string } | null
  thinking: string | null
  context_tokens: number | null
  age_seconds: number | null
  replicas_ready: number
  replicas_wanted: number
  pods: { name: string; state: string; restarts: number; node: string | null }[]
  events: { reason: string; message: string }[]
  drift: string[] | null
  live: Live | null
  live_problem: string | null
  cost_usd: number | null
}

/** tools/serving/validation.py */
export interface Validation {
  outcome: string
  checks: {
    metric: Metric
    outcome: string
    target_ms: number
    p50_ms: number
    p95_ms: number
    low_ms: number | null
    high_ms: number | null
    predicted_ms: number | null
  }[]
  requests: number
  failed: number
  requests_per_second: number | null
  confidence: number
}

export interface ProgressDetails {
  lines: { text: string; at_s: number }[]
  done: boolean
}
