// A run that is shown: read whole once, then followed while it trains.

import { notices } from '../shared/notices.svelte'
import { follow, loadRun, type Curve, type StepEvent, type WholeRun } from './runs'

const none: Curve = { iteration: [], loss: [], learning_rate: [], images_per_second: [] }
const drawnMs = 400

export class LiveRun {
  readonly name: string
  run = $state.raw<WholeRun | null>(null)
  steps = $state.raw<Curve>(none)
  /** Whether it cannot be read. */
  hasFailed = $state(false)
  #abort: AbortController | null = null
  #fresh: StepEvent[] = []
  #timer: ReturnType<typeof setTimeout> | undefined

  constructor(name: string) {
    this.name = name
  }

  open(): void {
    this.#abort = new AbortController()
    void this.#show(this.#abort.signal)
  }

  close(): void {
    this.#abort?.abort()
    clearTimeout(this.#timer)
    this.#timer = undefined
  }

  reopen(): void {
    this.close()
    this.open()
  }

  async #show(signal: AbortSignal): Promise<void> {
    this.hasFailed = false
    try {
      await this.#load(signal)
      if (this.run?.state !== 'training') return
      await follow(
        this.name,
        ({ kind, data }) => {
          if (kind === 'step') this.#add(data as StepEvent)
          else if (kind === 'validation' || kind === 'end' || kind === 'reset') void this.#load(signal).catch((error: unknown) => notices.fail(error))
        },
        signal,
      )
    } catch (error) {
      this.hasFailed = true
      notices.fail(error)
    }
  }

  async #load(signal: AbortSignal): Promise<void> {
    const run = await loadRun(this.name, signal)
    this.run = run
    this.steps = run.steps_curve ?? none
    this.#fresh = []
  }

  /** Steps come quickly; they are drawn a few times a second. */
  #add(step: StepEvent): void {
    if (step.iteration <= (this.steps.iteration.at(-1) ?? 0)) return
    this.#fresh.push(step)
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined
      const last = this.steps.iteration.at(-1) ?? 0
      const more = this.#fresh.filter(({ iteration }) => iteration > last)
      this.#fresh = []
      this.steps = {
        iteration: [...this.steps.iteration, ...more.map(({ iteration }) => iteration)],
        loss: [...this.steps.loss, ...more.map(({ loss }) => loss)],
        learning_rate: [...this.steps.learning_rate, ...more.map(({ learning_rate }) => learning_rate)],
        images_per_second: [...this.steps.images_per_second, ...more.map(({ images_per_second }) => images_per_second)],
      }
    }, drawnMs)
  }
}
