// The networks that the server has: `GET /v1/models`.

import { askJson } from './api'

export interface ModelClass {
  class: number
  name: string
  color: string
}

/** How a network takes images and what its scores are, for running it here. */
export interface Preparation {
  channels: number
  mean: number[]
  deviation: number[]
  range: number
  /** Sizes of the input, -1 for a free one; absent if the file does not declare them. */
  input?: number[]
  align_corners: boolean
  one_channel?: 'logit' | 'probability' | 'label'
}

export interface Model {
  name: string
  state: 'READY' | 'LOADING' | 'UNAVAILABLE'
  /** The rest is known once it is loaded. */
  task?: string
  address?: string
  answers?: string[]
  /** What it answers beside that: a network of two decoders has labels and depth. */
  others?: { address: string; answers: string[] }[]
  explains?: boolean
  classes?: ModelClass[]
  threshold?: number
  preparation?: Preparation
  joints?: string[]
  skeleton?: [number, number][]
  categories?: { id: number; name: string }[]
}

let all = $state.raw<readonly Model[] | null>(null)

export const models = {
  /** All models; null until the server has answered. */
  get all(): readonly Model[] | null {
    return all
  },

  async refresh(): Promise<void> {
    all = (await askJson<{ models: Model[] }>('v1/models')).models
  },

  /** A model with what is known of a loaded one; a run that is not loaded is loaded. */
  async loaded(name: string): Promise<Model> {
    const known = all?.find((model) => model.name === name)
    if (known?.task !== undefined) return known
    const model = await askJson<Model>(addressOfModel(name), { query: { load: 'true' } })
    all = all?.map((one) => (one.name === name ? model : one)) ?? [model]
    return model
  },
}

export const addressOfModel = (name: string, part = ''): string => `v1/models/${encodeURIComponent(name)}${part === '' ? '' : `/${part}`}`
