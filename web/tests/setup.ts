// A real server for the tests: renders scenes, trains a small network on them for a moment, exports it, and serves both forms.

import { execFileSync, spawn, type ChildProcess } from 'node:child_process'
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const root = join(import.meta.dirname, '..', '..')
const command = process.env['HWASO_TEST_COMMAND'] ?? join(root, 'src/Hwaso.Cli/bin/Release/net10.0/hwaso.dll')

const recipe = `
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
data: {layout: cityscapes}
augment: {crop: [96, 192]}
train:
  epochs: 6
  batch: 4
  optimizer: {name: adamw, learning_rate: 0.01, weight_decay: 0.01}
loss: {class_weights: none}
validate: {every: 6}
`

const hwaso = (...arguments_: string[]): void => void execFileSync('dotnet', [command, ...arguments_], { stdio: ['ignore', 'ignore', 'inherit'] })

async function serve(servers: ChildProcess[], ...arguments_: string[]): Promise<string> {
  const server = spawn('dotnet', [command, 'serve', ...arguments_, '--urls', 'http://127.0.0.1:0', '--page', join(root, 'web', 'dist'), '--drain', '0', '--queue', '16'], {
    stdio: ['ignore', 'pipe', 'ignore'],
  })
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

export default async function setup(): Promise<() => void> {
  const folder = mkdtempSync(join(tmpdir(), 'hwaso-page-'))
  const servers: ChildProcess[] = []
  const at = (name: string): string => join(folder, name)
  const end = (): void => {
    for (const server of servers) server.kill()
    rmSync(folder, { recursive: true, force: true })
  }
  try {
    writeFileSync(at('small.yaml'), recipe)
    hwaso('scenes', at('data'), '--layout', 'cityscapes', '--count', '8', '--val', '2', '--size', '96x192', '--seed', '5')
    hwaso('train', at('small.yaml'), '--data', at('data'), '--run', at('run'), '--device', 'cpu', '--threads', '2')
    hwaso('export', at('run'), '--out', at('exported.onnx'))
    const val = readdirSync(at('data/leftImg8bit/val'), { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.png')).sort()
    const image = join(at('data/leftImg8bit/val'), val[0] ?? '')
    process.env['HWASO_IMAGE'] = image
    process.env['HWASO_LABEL'] = image.replace('/leftImg8bit/', '/gtFine/').replace('_leftImg8bit', '_gtFine_labelTrainIds')
    process.env['HWASO_NETWORK'] = at('exported.onnx')
    writeFileSync(at('keys.txt'), 'a-key\n')
    const [open, guarded] = await Promise.all([
      serve(servers, at('exported.onnx'), `run=${at('run')}`),
      serve(servers, at('exported.onnx'), '--keys', at('keys.txt')),
    ])
    process.env['HWASO_URL'] = open
    process.env['HWASO_GUARDED_URL'] = guarded
  } catch (error) {
    end()
    throw error
  }
  return end
}
