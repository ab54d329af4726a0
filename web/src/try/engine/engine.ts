// Networks that run in this browser: the same file that the server runs, on ONNX Runtime's WebAssembly.

import { ask } from '../../shared/api'
import { addressOfModel, type Model } from '../../shared/models.svelte'
import { pixelsOf, type Picture } from '../../shared/pictures/picture'
import type { LabelAnswer } from '../answers'
import type { Result, Task } from './worker'

let worker: Worker | null = null
/** The network that the worker has; it keeps one. */
let loaded = ''
let last = 0
let turn: Promise<unknown> = Promise.resolve()
const waiting = new Map<number, (result: Result) => void>()

function start(): Worker {
  const made = new Worker(new URL('./worker.ts', import.meta.url), { type: 'module' })
  made.onmessage = ({ data }: MessageEvent<Result>) => {
    waiting.get(data.id)?.(data)
    waiting.delete(data.id)
  }
  made.onerror = (event) => {
    for (const [id, settle] of waiting) settle({ id, error: event.message })
    waiting.clear()
    made.terminate()
    worker = null
    loaded = ''
  }
  return made
}

/** The labels of a picture. Calls wait for each other: the worker keeps one network, and a call sends the file of another. */
export function askHere(model: Model, picture: Picture, threshold: number | undefined, signal: AbortSignal): Promise<LabelAnswer> {
  const answer = turn.then(() => run(model, picture, threshold, signal))
  turn = answer.catch(() => undefined)
  return answer
}

async function run(model: Model, picture: Picture, threshold: number | undefined, signal: AbortSignal): Promise<LabelAnswer> {
  signal.throwIfAborted()
  const { preparation } = model
  if (!preparation) throw new Error(`${model.name}: the server does not say how its images are prepared`)
  // The tag tells whether the server has another network under this name by now.
  const answer = await ask(addressOfModel(model.name, 'file'), { signal })
  const network = `${model.name} ${answer.headers.get('ETag') ?? ''}`
  const file = network === loaded ? null : await answer.arrayBuffer()
  if (!file) await answer.body?.cancel()
  signal.throwIfAborted()
  worker ??= start()
  const id = ++last
  const rgba = new Uint8ClampedArray(pixelsOf(picture))
  const { width, height } = picture
  const task: Task = { id, file, network, rgba, width, height, preparation, threshold }
  const result = await new Promise<Result>((settle) => {
    waiting.set(id, settle)
    worker?.postMessage(task, file ? [file, rgba.buffer] : [rgba.buffer])
  })
  if ('error' in result) {
    loaded = ''
    throw new Error(`${model.name}: ${result.error}`)
  }
  loaded = network
  return { kind: 'labels', width, height, ...result.decision, classes: model.classes ?? [] }
}
