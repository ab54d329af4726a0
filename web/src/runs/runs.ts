// The trainings of the server: `GET /v1/runs` and what lies below it.

import { ask, askJson } from '../shared/api'

export type RunState = 'training' | 'ended' | 'failed' | 'stopped' | 'queued'

/** A run in a line. */
export interface Run {
  name: string
  state: RunState
  problem?: string
  can_stop: boolean
  can_resume: boolean
  recipe?: string
  model?: string
  task?: string
  layout?: string
  started?: string
  step: number
  steps?: number
  epoch?: number
  epochs?: number
  images_per_second?: number
  seconds_left?: number
  best_epoch?: number
  scores?: Record<string, number>
  seconds?: number
  parameters?: number
}

export interface Curve {
  iteration: number[]
  loss: (number | null)[]
  learning_rate: (number | null)[]
  images_per_second: (number | null)[]
}

export interface ScoreCurve {
  name: string
  title: string
  lower_is_better: boolean
  values: (number | null)[]
}

export interface RunClass {
  name: string
  color: string
  iou: number | null
  pixels: number
}

export interface RunPicture {
  group: 'worst' | 'best'
  id: string
  miou: number
  image: string
  truth: string
  prediction: string
}

/** A run with everything that its files say; one that waits has a line alone. */
export interface WholeRun extends Run {
  settings?: Record<string, string>
  steps_curve?: Curve
  validations?: { iteration: number[]; epoch: number[]; scores: ScoreCurve[] }
  classes?: RunClass[]
  confusion?: number[][]
  pictures?: RunPicture[]
  log?: string[]
}

export interface Comparison {
  differing: string[]
  runs: { run: string; settings: Record<string, string | null> }[]
}

export interface StepEvent {
  iteration: number
  epoch: number
  loss: number | null
  learning_rate: number
  images_per_second: number
}

const addressOfRun = (name: string, part = ''): string => `v1/runs/${encodeURIComponent(name)}${part === '' ? '' : `/${part}`}`

export const loadRuns = async (signal?: AbortSignal): Promise<Run[]> =>
  (await askJson<{ runs: Run[] }>('v1/runs', signal ? { signal } : {})).runs

export const loadRun = (name: string, signal?: AbortSignal): Promise<WholeRun> =>
  askJson<WholeRun>(addressOfRun(name), signal ? { signal } : {})

export const compare = (names: readonly string[]): Promise<Comparison> =>
  askJson<Comparison>(`v1/comparison?${names.map((name) => `run=${encodeURIComponent(name)}`).join('&')}`)

export const stopRun = (name: string): Promise<unknown> => ask(addressOfRun(name, 'stop'), { method: 'POST', body: {} })

export const resumeRun = (name: string, settings: Record<string, string>): Promise<unknown> =>
  ask(addressOfRun(name, 'resume'), { method: 'POST', body: { settings } })

/** One event of a run's stream. */
export interface RunEvent {
  kind: string
  data: unknown
}

/**
 * Follows a run until it ends or the signal is aborted, coming back after a broken connection with the last event's id. Fetch and not
 * EventSource, which cannot send a key.
 */
export async function follow(name: string, take: (event: RunEvent) => void, signal: AbortSignal): Promise<void> {
  let last = ''
  for (let pauseMs = 1000; ; pauseMs = Math.min(30_000, 2 * pauseMs)) {
    const answer = await ask(addressOfRun(name, 'events'), { headers: last === '' ? {} : { 'Last-Event-ID': last }, signal }).catch(
      (error: unknown) => {
        if (signal.aborted) throw error
        return null
      },
    )
    if (answer?.status === 204) return
    try {
      for await (const { id, kind, data } of eventsOf(answer?.body ?? null)) {
        pauseMs = 1000
        if (id !== null) last = id
        take({ kind, data: JSON.parse(data) as unknown })
        if (kind === 'end') return
      }
    } catch (error) {
      if (signal.aborted) throw error
    }
    await new Promise((resolve) => setTimeout(resolve, pauseMs))
    signal.throwIfAborted()
  }
}

async function* eventsOf(body: ReadableStream<Uint8Array<ArrayBuffer>> | null): AsyncGenerator<{ id: string | null; kind: string; data: string }> {
  if (!body) return
  const reader = body.pipeThrough(new TextDecoderStream()).getReader()
  let text = ''
  for (;;) {
    const { done, value } = await reader.read()
    if (done) return
    text += value
    const blocks = text.split('\n\n')
    // What is behind the last empty line is not whole yet.
    text = blocks.pop() ?? ''
    for (const block of blocks) {
      const field = (name: string): string | null => {
        const line = block.split('\n').find((one) => one.startsWith(`${name}: `))
        return line === undefined ? null : line.slice(name.length + 2)
      }
      const data = field('data')
      if (data !== null) yield { id: field('id'), kind: field('event') ?? 'message', data }
    }
  }
}
