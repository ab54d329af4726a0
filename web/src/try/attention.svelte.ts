// Where a run looks to decide about a pixel.

import { askJson } from '../shared/api'
import { addressOfModel, type Model } from '../shared/models.svelte'
import { notices } from '../shared/notices.svelte'
import type { Picture } from '../shared/pictures/picture'
import type { Point } from '../shared/viewer/Viewer'

export interface AttentionMap {
  name: string
  width: number
  height: number
  values: number[]
}

export class Attention {
  isOn = $state(false)
  isBusy = $state(false)
  pixel = $state.raw<Point | null>(null)
  maps = $state.raw<AttentionMap[]>([])
  chosen = $state('')
  readonly map = $derived(this.maps.find(({ name }) => name === this.chosen) ?? this.maps[0] ?? null)
  #abort = new AbortController()

  async ask(model: Model, picture: Picture, pixel: Point): Promise<void> {
    this.#abort.abort()
    this.#abort = new AbortController()
    const { signal } = this.#abort
    this.isBusy = true
    this.pixel = pixel
    try {
      const query = { as: 'json', x: pixel.x, y: pixel.y }
      const { views } = await askJson<{ views: AttentionMap[] }>(addressOfModel(model.name, 'explain'), { method: 'POST', body: picture.file, query, signal })
      // Weights of channels have no place in the image.
      this.maps = views.filter(({ height }) => height > 0)
    } catch (error) {
      if (!signal.aborted) this.clear()
      notices.fail(error)
    } finally {
      if (!signal.aborted) this.isBusy = false
    }
  }

  clear(): void {
    this.#abort.abort()
    this.isBusy = false
    this.pixel = null
    this.maps = []
  }
}
