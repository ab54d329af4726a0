// A real server for all tests: scenes, a small network that was trained on them for a moment, its exported file, and two more runs.

import { execFileSync, spawn, type ChildProcess } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const root = join(import.meta.dirname, '..', '..')
const command = process.env['HWASO_TEST_COMMAND'] ?? join(root, 'src/Hwaso.Cli/bin/Release/net10.0/hwaso.dll')
const key = 'a-key'

const recipeOf = (data: string, rate: number): string => `
name: page
description: A small network for the page's tests.
model:
  family: hrnetv2
  attention: psa-spatial
  init: kaiming
  stage1: {blocks: 1, channels: 8}
  stage2: {modules: 1, blocks: [1, 1], channels: [8, 16]}
  stage3: {modules: 1, blocks: [1, 1, 1], channels: [8, 16, 32]}
  stage4: {modules: 1, blocks: [1, 1, 1, 1], channels: [8, 16, 32, 64]}
data: {layout: cityscapes, root: ${data}}
augment: {crop: [64, 128]}
train:
  epochs: 12
  batch: 4
  optimizer: {name: adamw, learning_rate: ${rate}, weight_decay: 0.01}
loss: {class_weights: none}
validate: {every: 12}
`

const hwaso = (...words: string[]): void => void execFileSync('dotnet', [command, ...words], { stdio: ['ignore', 'ignore', 'inherit'] })

async function serve(servers: ChildProcess[], ...words: string[]): Promise<string> {
  const usual = ['--urls', 'http://127.0.0.1:0', '--page', join(root, 'web', 'dist'), '--drain', '0', '--queue', '16']
  const server = spawn('dotnet', [command, 'serve', ...words, ...usual], { stdio: ['ignore', 'pipe', 'inherit'] })
  servers.push(server)
  return new Promise((resolve, reject) => {
    let text = ''
    server.stdout.on('data', (bytes: Buffer) => {
      text += bytes.toString()
      const address = /listening on (\S+)/.exec(text)?.[1]
      if (address !== undefined) resolve(address)
    })
    server.on('exit', (code) => reject(new Error(`hwaso serve ended with ${String(code)} before it listened`)))
  })
}

/** A run as a training leaves it, of 8 steps with a validation after each fourth. */
function writeRun(folder: string, data: string, rate: number, last: string): void {
  mkdirSync(join(folder, 'checkpoints'), { recursive: true })
  writeFileSync(join(folder, 'recipe.yaml'), recipeOf(data, rate))
  const time = '2026-11-27T10:00:00+00:00  '
  writeFileSync(join(folder, 'log.txt'), [`${time}process 1 on here trains here`, `${time}4 epochs of 2 steps, 8 steps of 4 images`, `${time}${last}`, ''].join('\n'))
  const classes = 19
  const confusion = Array.from({ length: classes * (classes + 1) }, (_, k) => (k % (classes + 2) === 0 ? 100 : k % 7 === 0 ? 9 : 0))
  const lines = Array.from({ length: 8 }, (_, k) => {
    const step = { iteration: k + 1, epoch: 1 + Math.floor(k / 2), loss: 3 / (k + 1), learning_rate: rate, images_per_second: 5 }
    const validation = { iteration: k + 1, epoch: step.epoch, miou: 0.5, confusion }
    return [step, ...((k + 1) % 4 === 0 ? [validation] : [])].map((line) => `${JSON.stringify(line)}\n`).join('')
  })
  writeFileSync(join(folder, 'metrics.jsonl'), lines.join(''))
}

/** The network of a run as a file, which the server makes. */
async function writeExport(server: string, file: string): Promise<void> {
  const answer = await fetch(`${server}/v1/models/run/file`, { headers: { Authorization: `Bearer ${key}` } })
  if (!answer.ok) throw new Error(`GET /v1/models/run/file: ${answer.status} ${await answer.text()}`)
  writeFileSync(file, Buffer.from(await answer.arrayBuffer()))
}

export default async function setup(): Promise<() => void> {
  const folder = mkdtempSync(join(tmpdir(), 'hwaso-page-'))
  const servers: ChildProcess[] = []
  const at = (name: string): string => join(folder, name)
  const end = (): void => {
    for (const server of servers) server.kill()
    rmSync(folder, { recursive: true, force: true })
  }
  try {
    hwaso('scenes', at('data'), '--layout', 'cityscapes', '--count', '4', '--val', '1', '--size', '64x128', '--seed', '5')
    writeFileSync(at('small.yaml'), recipeOf(at('data'), 0.01))
    hwaso('train', at('small.yaml'), '--run', at('runs/run'), '--device', 'cpu', '--threads', '2')
    writeRun(at('runs/first'), at('data'), 0.002, 'finished in 9 s, best mIoU 0.5000 after epoch 4')
    writeRun(at('runs/second'), at('data'), 0.01, 'stopped after step 8; --resume continues there')
    const image = join(at('data/leftImg8bit/val'), readdirSync(at('data/leftImg8bit/val'), { recursive: true, encoding: 'utf8' }).find((name) => name.endsWith('.png')) ?? '')
    writeFileSync(at('keys.txt'), `${key}\n`)
    process.env['HWASO_GUARDED_URL'] = await serve(servers, `run=${at('runs/run')}`, '--keys', at('keys.txt'))
    await writeExport(process.env['HWASO_GUARDED_URL'], at('exported.onnx'))
    process.env['HWASO_URL'] = await serve(servers, at('exported.onnx'), '--runs', at('runs'), '--data', at('data'))
    process.env['HWASO_DATA'] = at('data')
    process.env['HWASO_IMAGE'] = image
    process.env['HWASO_LABEL'] = image.replace('/leftImg8bit/', '/gtFine/').replace('_leftImg8bit', '_gtFine_labelTrainIds')
  } catch (error) {
    end()
    throw error
  }
  return end
}
