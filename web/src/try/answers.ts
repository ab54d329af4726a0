// What a network says about a picture, read from the server's answers.

import { ApiError, ask, askJson } from '../shared/api'
import { addressOfModel, type Model, type ModelClass } from '../shared/models.svelte'
import type { Picture } from '../shared/pictures/picture'
import { readDeep, readLabels } from '../shared/pictures/png'

export interface LabelAnswer {
  kind: 'labels'
  width: number
  height: number
  labels: Uint8Array
  /** The probability of each pixel's class, 0 … 255; null if the server has none. */
  certainty: Uint8Array | null
  classes: ModelClass[]
}

export interface Joint {
  name: string
  x: number
  y: number
  score: number
}

export interface PoseAnswer {
  kind: 'poses'
  people: { box: [number, number, number, number]; score: number; joints: Joint[] }[]
  skeleton: [number, number][]
}

export interface FoundObject {
  category_id: number
  category: string
  score: number
  box: [number, number, number, number]
  segmentation?: { size: [number, number]; counts: string }
}

export interface BoxAnswer {
  kind: 'boxes'
  objects: FoundObject[]
}

export interface DepthAnswer {
  kind: 'depth'
  width: number
  height: number
  /** 0 where there is none. */
  metres: Float32Array
}

export type Answer = LabelAnswer | PoseAnswer | BoxAnswer | DepthAnswer

/** The text in a depth PNG that says how many metres a step is. */
const depthScale = 'hwaso.depth_scale'

/** What is asked beside the picture. */
export interface Wishes {
  /** Of a network with one output channel. */
  threshold: number | undefined
  /** People for a network of poses: left, top, width, height; one person who fills the image if there is none. */
  boxes: readonly Box[]
}

export type Box = readonly [number, number, number, number]

export const wordsOf = ({ threshold, boxes }: Wishes): { threshold: number | undefined; box: readonly string[] } => ({
  threshold,
  box: boxes.map((box) => box.join(',')),
})

export async function askServer(model: Model, picture: Picture, wishes: Wishes, signal: AbortSignal): Promise<Answer> {
  const path = (task: string): string => addressOfModel(model.name, task)
  const question = { method: 'POST', body: picture.file, signal } as const
  const task = model.address?.split('/').at(-1)
  if (task === 'poses') {
    const { people } = await askJson<Pick<PoseAnswer, 'people'>>(path(task), { ...question, query: { as: 'json', ...wordsOf(wishes) } })
    return { kind: 'poses', skeleton: model.skeleton ?? [], people }
  }
  if (task === 'boxes') return { kind: 'boxes', ...(await askJson<Pick<BoxAnswer, 'objects'>>(path(task), { ...question, query: { as: 'json' } })) }
  if (task === 'depth') {
    const { width, height, values, text } = readDeep(await (await ask(path(task), { ...question, query: { as: 'png' } })).arrayBuffer())
    const step = Number(text[depthScale])
    return { kind: 'depth', width, height, metres: Float32Array.from(values, (value) => value * step) }
  }
  return askLabels(model, path('segment'), question, wishes.threshold)
}

async function askLabels(
  model: Model,
  path: string,
  question: { method: 'POST'; body: Blob; signal: AbortSignal },
  threshold: number | undefined,
): Promise<LabelAnswer> {
  const forms = model.answers?.includes('probability') ? ['probability', 'png'] : ['png']
  for (const as of forms)
    try {
      const bytes = await (await ask(path, { ...question, query: { as, threshold } })).arrayBuffer()
      if (as === 'png') {
        const { width, height, labels } = readLabels(bytes, [])
        return { kind: 'labels', width, height, labels, certainty: null, classes: model.classes ?? [] }
      }
      const { width, height, values } = readDeep(bytes)
      const labels = Uint8Array.from(values, (value) => value >> 8)
      return { kind: 'labels', width, height, labels, certainty: Uint8Array.from(values, (value) => value & 255), classes: model.classes ?? [] }
    } catch (error) {
      // Probabilities need more memory than labels; a network whose output is labels has none.
      if (as === 'png' || !(error instanceof ApiError && error.status === 422)) throw error
    }
  throw new Error('no form of the answer is left')
}
