// Runs networks on ONNX Runtime's WebAssembly, beside the page, which stays quick.

import * as ort from 'onnxruntime-web/wasm'
import scriptAddress from 'onnxruntime-web/ort-wasm-simd-threaded.mjs?url'
import wasmAddress from 'onnxruntime-web/ort-wasm-simd-threaded.wasm?url'
import type { Preparation } from '../../shared/models.svelte'
import { decide, type Decision } from './decide'
import { prepare } from './prepare'

export interface Task {
  id: number
  /** The .onnx file of a network that is not loaded yet. */
  file: ArrayBuffer | null
  /** Which network. */
  network: string
  rgba: Uint8ClampedArray<ArrayBuffer>
  width: number
  height: number
  preparation: Preparation
  threshold: number | undefined
}

export type Result = { id: number } & ({ error: string } | { decision: Decision; threads: number })

const scope = self as unknown as DedicatedWorkerGlobalScope
const mostThreads = 8
const threads = scope.crossOriginIsolated ? Math.min(mostThreads, navigator.hardwareConcurrency) : 1

ort.env.wasm.numThreads = threads
ort.env.wasm.wasmPaths = { mjs: new URL(scriptAddress, import.meta.url).href, wasm: new URL(wasmAddress, import.meta.url).href }

let loaded: { network: string; session: ort.InferenceSession } | null = null
let queue = Promise.resolve()

async function sessionOf({ network, file }: Task): Promise<ort.InferenceSession> {
  if (loaded?.network === network) return loaded.session
  if (!file) throw new Error(`the network ${network} is not loaded`)
  await loaded?.session.release()
  loaded = null
  const session = await ort.InferenceSession.create(new Uint8Array(file), { executionProviders: ['wasm'], graphOptimizationLevel: 'all' })
  loaded = { network, session }
  return session
}

async function run(task: Task): Promise<Decision> {
  const session = await sessionOf(task)
  const { numbers, shape } = prepare(task.rgba, task.width, task.height, task.preparation)
  const [inputName = ''] = session.inputNames
  const [outputName = ''] = session.outputNames
  const answers = await session.run({ [inputName]: new ort.Tensor('float32', numbers, shape) }, [outputName])
  const answer = answers[outputName]
  if (!answer) throw new Error(`the network has no output ${outputName}`)
  const output = { numbers: answer.data as ArrayLike<number | bigint>, isReal: answer.type === 'float32', shape: answer.dims }
  return decide(output, task.width, task.height, task.preparation, task.threshold)
}

scope.onmessage = ({ data: task }: MessageEvent<Task>) => {
  queue = queue.then(async () => {
    try {
      const decision = await run(task)
      scope.postMessage({ id: task.id, decision, threads } satisfies Result)
    } catch (error) {
      scope.postMessage({ id: task.id, error: error instanceof Error ? error.message : String(error) } satisfies Result)
    }
  })
}
