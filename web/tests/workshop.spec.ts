// The views of runs, data and labels on a real server.

import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Page } from '@playwright/test'
import { expect, forgive, served, test } from './page'

test('a run is shown with its curves, classes and settings, and compared with another', async ({ page }) => {
  await page.goto(`${served.url}/#/runs/first`)

  await expect(page.getByRole('figure', { name: 'Loss' }).locator('canvas')).toBeVisible()
  await expect(page.getByRole('heading', { name: 'IoU by class' })).toBeVisible()
  await page.getByRole('checkbox', { name: 'Compare with second' }).check()
  const differing = page.getByRole('region', { name: 'Settings in which they differ' })
  await expect(differing.getByRole('row', { name: /train\.optimizer\.learning_rate 0\.002 0\.01/ })).toBeVisible()
  await expect(page.getByRole('figure', { name: 'Loss' }).getByText('second')).toBeVisible()
})

test('a training is started from the form, followed while it trains, and stopped', async ({ page, failures }) => {
  await page.goto(`${served.url}/#/runs/+?from=run`)
  const set = async (key: string, value: string): Promise<void> => {
    await page.getByLabel('Find a setting').fill(key)
    await page.getByLabel(key, { exact: true }).fill(value)
  }
  await page.getByLabel('Name of the run').fill('third')
  await set('train.epochs', 'many')
  await page.getByRole('button', { name: 'Start training' }).click()
  await expect(page.getByText("'many' is not a whole number")).toBeVisible()

  for (const [key, value] of [
    ['train.epochs', '5000'],
    ['train.log_every', '1'],
    ['validate.every', '0'],
    ['threads', '1'],
  ] as const)
    await set(key, value)
  await page.getByRole('button', { name: 'Start training' }).click()
  const detail = page.locator('.detail')
  await expect(detail.getByText('training', { exact: true })).toBeVisible()
  // A training begins with its network and the first batch: on a busy machine that takes longer than a page. Steps arrive by themselves.
  await expect(detail.getByText(/of 5,000/).first()).toBeVisible({ timeout: 60_000 })
  await expect(page.getByRole('figure', { name: 'Loss' }).locator('canvas')).toBeVisible()
  await page.getByRole('button', { name: 'Stop' }).click()
  await expect(detail.getByText('stopped', { exact: true })).toBeVisible()
  await expect(page.getByRole('button', { name: 'Resume' })).toBeEnabled()
  // The wrong setting; and the run, which has no events before its training has begun.
  forgive(failures, 422, 404)
})

test('images are listed by class and lead to their label', async ({ page }) => {
  await page.goto(`${served.url}/#/data`)

  await expect(page.getByText('1–5 of 5')).toBeVisible()
  await page.getByRole('button', { name: /^sky/ }).click()
  await expect(page.getByRole('button', { name: 'Only images with sky' })).toBeVisible()
  await expect(page.locator('section img').first()).toBeVisible()
  await page.locator('section a').first().click()
  await expect(page.getByRole('toolbar', { name: 'Tools' })).toBeVisible()
})

/** Opens the label of the first image and waits until it can be drawn on. */
async function openLabel(page: Page): Promise<void> {
  await page.goto(`${served.url}/#/label`)
  await expect(page.getByRole('application')).toBeVisible()
}

async function stroke(page: Page, share: number): Promise<void> {
  const box = await page.getByRole('application').boundingBox()
  if (!box) throw new Error('the label is not there')
  const y = box.y + box.height / 2 + share * 100
  await page.keyboard.press('Shift+Digit4')
  await page.mouse.move(box.x + 0.3 * box.width, y)
  await page.mouse.down()
  await page.mouse.move(box.x + 0.6 * box.width, y, { steps: 5 })
  await page.mouse.up()
}

test('a label is drawn, taken back, drawn again and saved; the second of two windows is told and loses nothing', async ({ page, context }) => {
  await openLabel(page)
  const other = await context.newPage()
  await openLabel(other)
  const labels = join(served.data, 'gtFine', 'train')
  const folder = join(labels, readdirSync(labels)[0] ?? '')
  const file = join(folder, readdirSync(folder).filter((name) => name.endsWith('_labelTrainIds.png') || name.endsWith('_labelIds.png')).sort((a, b) => b.length - a.length)[0] ?? '')
  const before = readFileSync(file)

  await page.bringToFront()
  const save = page.getByRole('button', { name: /^Save/ })
  await expect(save).toBeDisabled()
  await stroke(page, 0)
  await page.keyboard.press('Control+z')
  await expect(page.getByRole('button', { name: /^Undo/ })).toBeDisabled()
  await page.keyboard.press('Control+y')
  await page.keyboard.press('Control+s')
  await expect(page.getByText('The label is saved.')).toBeVisible()
  await expect(save).toBeDisabled()
  const first = readFileSync(file)
  // The view looks at the file when its window is chosen: its own change is nobody else's.
  const looked = page.waitForResponse(/\/v1\/data\/images\//)
  await page.evaluate(() => dispatchEvent(new Event('focus')))
  await looked
  await expect(page.getByRole('alert')).toHaveCount(0)
  expect(first.equals(before)).toBe(false)

  await other.bringToFront()
  await stroke(other, 1)
  await other.keyboard.press('Control+s')
  await expect(other.getByRole('alert').filter({ hasText: 'changed meanwhile' })).toBeVisible()
  expect(readFileSync(file).equals(first)).toBe(true)
  await other.getByRole('button', { name: /Save mine over it/ }).click()
  await expect(other.getByText('The label is saved.')).toBeVisible()
  expect(readFileSync(file).equals(first)).toBe(false)
  const kept = join(served.data, '.hwaso', 'labels', 'train')
  expect(readdirSync(kept).map((name) => readFileSync(join(kept, name)).equals(name.endsWith('.original.png') ? before : first))).toEqual([true, true])
})
