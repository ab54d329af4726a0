// A server of a small data set and of a run, started once for all tests of a file; it is ended and removed after them.

import { test as base, expect, type Page } from '@playwright/test'
import { execFileSync, spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const root = join(import.meta.dirname, '..', '..')
const hwaso = join(root, 'hwaso')

export interface Workshop {
  url: string
  /** The data set: five rendered scenes of 64×128 pixels in Cityscapes' layout. */
  data: string
  /** The folder of runs: 'first' is finished, 'second' was stopped. */
  runs: string
}

/** A run as a training leaves it, of 8 steps with a validation after each fourth. */
function writeRun(runs: string, name: string, data: string, rate: number, last: string): void {
  const folder = join(runs, name)
  mkdirSync(join(folder, 'checkpoints'), { recursive: true })
  const recipe = execFileSync(hwaso, ['recipes', 'demo'], { encoding: 'utf8' })
  writeFileSync(join(folder, 'recipe.yaml'), recipe.replace('root: demo/data', `root: ${data}`).replace('learning_rate: 0.002', `learning_rate: ${rate}`))
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

export const test = base.extend<object, { workshop: Workshop }>({
  workshop: [
    // Playwright reads what a fixture needs from its first parameter: nothing.
    async ({}, use) => {
      const folder = mkdtempSync(join(tmpdir(), 'hwaso-page-'))
      const [data, runs] = [join(folder, 'data'), join(folder, 'runs')]
      execFileSync(hwaso, ['scenes', data, '--layout', 'cityscapes', '--count', '4', '--val', '1', '--size', '64x128', '--seed', '3'])
      mkdirSync(runs)
      writeRun(runs, 'first', data, 0.002, 'finished in 9 s, best mIoU 0.5000 after epoch 4')
      writeRun(runs, 'second', data, 0.01, 'stopped after step 8; --resume continues there')
      const words = ['serve', '--runs', runs, '--data', data, '--urls', 'http://127.0.0.1:0', '--page', join(root, 'web', 'dist'), '--logs', 'none']
      const server = spawn(hwaso, words, { stdio: ['ignore', 'pipe', 'inherit'] })
      const url = await new Promise<string>((resolve, reject) => {
        let said = ''
        server.stdout.on('data', (part: Buffer) => {
          said += part.toString()
          const found = /listening on (http:\S+)/.exec(said)
          if (found?.[1] !== undefined) resolve(found[1])
        })
        server.on('exit', (code) => reject(new Error(`hwaso serve ended with ${String(code)}`)))
      })
      await use({ url, data, runs })
      const ended = new Promise((resolve) => server.on('exit', resolve))
      server.kill('SIGTERM')
      await ended
      rmSync(folder, { recursive: true })
    },
    { scope: 'worker' },
  ],
})

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core'), 'utf8')

/** Fails for findings that hinder a person: those that axe-core calls serious or critical. */
export async function expectAccessible(page: Page): Promise<void> {
  await page.evaluate(axe)
  const found = await page.evaluate(async () => {
    const { violations } = await (
      globalThis as unknown as { axe: { run: () => Promise<{ violations: { id: string; impact: string; nodes: { html: string }[] }[] }> } }
    ).axe.run()
    return violations.filter(({ impact }) => impact === 'serious' || impact === 'critical').map(({ id, nodes }) => `${id}: ${nodes[0]?.html ?? ''}`)
  })
  expect(found).toEqual([])
}

export { expect }
