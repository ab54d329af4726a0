// One network and what it says about the picture.

import { ApiError } from '../shared/api'
import { models, type Model } from '../shared/models.svelte'
import type { Picture } from '../shared/pictures/picture'
import { notices } from '../shared/notices.svelte'
import { askServer, type Answer, type Box, type Wishes } from './answers'
import { runsHere } from './engine/support'

const mostTries = 8
const pauseMs = 250

/** A question that was given up keeps its place on the server until its run is over; the next one waits for that. */
async function patiently<T>(ask: () => Promise<T>, signal: AbortSignal): Promise<T> {
  for (let tries = 1; ; tries++)
    try {
      return await ask()
    } catch (error) {
      if (signal.aborted || tries === mostTries || !(error instanceof ApiError && error.status === 429)) throw error
      await new Promise((resolve) => setTimeout(resolve, pauseMs))
    }
}

export class Side {
  name = $state('')
  /** The network with all its answers. */
  whole = $state.raw<Model | null>(null)
  /** The place of the answer that is shown among them. */
  part = $state(0)
  answer = $state.raw<Answer | null>(null)
  isBusy = $state(false)
  /** Milliseconds of the last answer. */
  took = $state(0)
  /** Whether the last answer was computed in this browser. */
  wasHere = $state(false)
  threshold = $state(0.5)
  /** Boxes and joints of a lower score are not shown. */
  leastScore = $state(0.3)
  /** Boxes round people, for a network of poses. */
  boxes = $state.raw<readonly Box[]>([])
  #abort = new AbortController()

  /** The network as one of each of its answers. */
  readonly parts = $derived.by((): readonly Model[] => {
    const { whole } = this
    return whole ? [whole, ...(whole.others ?? []).map((other) => ({ ...whole, ...other }))] : []
  })
  readonly model = $derived(this.parts[this.part] ?? null)
  readonly findsPoses = $derived(this.model?.address?.endsWith('/poses') === true)

  get wishes(): Wishes {
    return { threshold: this.model?.threshold === undefined ? undefined : this.threshold, boxes: this.findsPoses ? this.boxes : [] }
  }

  /** Chooses a network and asks it about the picture, if there is one. */
  async choose(name: string, picture: Picture | null, isHere: boolean): Promise<void> {
    this.name = name
    this.whole = null
    this.part = 0
    this.answer = null
    await this.#work(async (signal) => {
      const model = await models.loaded(name)
      if (signal.aborted) return
      this.whole = model
      this.threshold = model.threshold ?? 0.5
      if (picture) await this.#ask(model, picture, isHere, signal)
    })
  }

  /** Asks about a picture; an older question that still waits is given up. */
  async ask(picture: Picture, isHere: boolean): Promise<void> {
    const { model } = this
    if (!model) {
      if (this.name !== '') await this.choose(this.name, picture, isHere)
      return
    }
    await this.#work((signal) => this.#ask(model, picture, isHere, signal))
  }

  /** Shows another answer of the network. */
  async choosePart(part: number, picture: Picture | null, isHere: boolean): Promise<void> {
    this.part = part
    this.answer = null
    if (picture) await this.ask(picture, isHere)
  }

  clear(): void {
    this.#abort.abort()
    this.name = ''
    this.whole = null
    this.part = 0
    this.answer = null
    this.isBusy = false
  }

  async #ask(model: Model, picture: Picture, isHere: boolean, signal: AbortSignal): Promise<void> {
    const began = performance.now()
    const here = isHere && runsHere(model)
    // The runtime comes with its first use.
    const answer = here
      ? await (await import('./engine/engine')).askHere(model, picture, this.wishes.threshold, signal)
      : await patiently(() => askServer(model, picture, this.wishes, signal), signal)
    if (signal.aborted) return
    this.took = performance.now() - began
    this.wasHere = here
    this.answer = answer
  }

  async #work(work: (signal: AbortSignal) => Promise<void>): Promise<void> {
    this.#abort.abort()
    this.#abort = new AbortController()
    const { signal } = this.#abort
    this.isBusy = true
    try {
      await work(signal)
    } catch (error) {
      if (!signal.aborted) {
        this.answer = null
        notices.fail(error)
      }
    } finally {
      if (!signal.aborted) this.isBusy = false
    }
  }
}
