// What the tests share: a page that must not report an error, accessibility, and the view Try with a picture.

import { test as base, expect, type Locator, type Page } from '@playwright/test'
import axe from 'axe-core'
import { readFile } from 'node:fs/promises'

const variable = (name: string): string => {
  const value = process.env[name]
  if (value === undefined) throw new Error(`${name} is not set; setup.ts sets it`)
  return value
}

/** setup.ts starts the servers; images have 128×64 pixels. */
export const served = {
  get url(): string {
    return variable('HWASO_URL')
  },
  get guarded(): string {
    return variable('HWASO_GUARDED_URL')
  },
  /** The data set's folder, in Cityscapes' layout: four images and one for validation. */
  get data(): string {
    return variable('HWASO_DATA')
  },
  get image(): string {
    return variable('HWASO_IMAGE')
  },
  get label(): string {
    return variable('HWASO_LABEL')
  },
}

/** A test fails if the page's console has an error: a script that failed, or something that the content policy refused. */
export const test = base.extend<{ failures: string[] }>({
  failures: [
    async ({ page }, use) => {
      const failures: string[] = []
      page.on('pageerror', (error) => failures.push(error.message))
      page.on('console', (message) => {
        if (['error', 'warning'].includes(message.type())) failures.push(`${message.text()} ${message.location().url}`)
      })
      await use(failures)
      expect(failures).toEqual([])
    },
    { auto: true },
  ],
})

/** Takes out what the browser reports by itself of answers that a test wants, such as 401. */
export function forgive(failures: string[], ...statuses: number[]): void {
  const isWanted = (text: string): boolean => text.startsWith('Failed to load resource') && statuses.some((status) => text.includes(String(status)))
  failures.splice(0, failures.length, ...failures.filter((text) => !isWanted(text)))
}

interface AxeResult {
  violations: { id: string; nodes: { html: string }[] }[]
}

/** Fails for anything that axe-core finds. The content policy lets no script in but the page's own; the test's comes by the debugger. */
export async function expectAccessible(page: Page): Promise<void> {
  if (!(await page.evaluate(() => 'axe' in globalThis))) await page.evaluate(axe.source)
  const { violations } = await page.evaluate<AxeResult>("axe.run({ resultTypes: ['violations'] })")
  expect(violations.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.html).join(' ')}`)).toEqual([])
}

export const rows = (page: Page): Locator => page.locator('tbody tr')

export const isIdle = (page: Page): Promise<void> => expect(page.locator('.stage')).toHaveAttribute('aria-busy', 'false')

/** Opens the view with a picture, and waits for its labels. */
export async function openTry(page: Page, ...files: string[]): Promise<void> {
  await page.goto(served.url)
  await open(page, ...files)
}

export async function open(page: Page, ...files: string[]): Promise<void> {
  await page.locator('input[type=file][multiple]').first().setInputFiles(files.length > 0 ? files : [served.image])
  await expect(rows(page).first()).toBeVisible()
  await isIdle(page)
}

/** Where a pixel of the picture lies on the screen, at the scale that shows all of it. */
export async function placeOf(page: Page, x: number, y: number, width = 128, height = 64): Promise<{ x: number; y: number }> {
  const box = await page.locator('canvas').boundingBox()
  if (!box) throw new Error('the picture is not shown')
  const scale = Math.min(box.width / width, box.height / height)
  return {
    x: box.x + (box.width - width * scale) / 2 + (x + 0.5) * scale,
    y: box.y + (box.height - height * scale) / 2 + (y + 0.5) * scale,
  }
}

/** What the server answers about the picture. */
export async function answerOf(page: Page, form: string, network = 'exported', file = served.image): Promise<Buffer> {
  const answer = await page.request.post(`${served.url}/v1/models/${network}/segment?as=${form}`, {
    data: await readFile(file),
    headers: { 'Content-Type': 'image/png' },
  })
  expect(answer.status()).toBe(200)
  return answer.body()
}

/** What a menu item of Download saves. */
export async function downloaded(page: Page, item: string): Promise<Buffer> {
  await page.getByRole('button', { name: 'Download' }).click()
  const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('menuitem', { name: item, exact: true }).click()])
  return readFile(await download.path())
}

export { expect }
