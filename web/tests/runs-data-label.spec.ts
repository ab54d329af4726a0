import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import type { Page } from '@playwright/test'
import { expect, expectAccessible, test } from './workshop'

test('a run is shown with its curves, classes and settings, and compared with another', async ({ page, workshop }) => {
  await page.goto(`${workshop.url}/#/runs/first`)

  await expect(page.getByRole('figure', { name: 'Loss' }).locator('canvas')).toBeVisible()
  await expect(page.getByRole('heading', { name: 'IoU by class' })).toBeVisible()
  await page.getByRole('checkbox', { name: 'Compare with second' }).check()
  const differing = page.getByRole('region', { name: 'Settings in which they differ' })
  await expect(differing.getByRole('row', { name: /train\.optimizer\.learning_rate 0\.002 0\.01/ })).toBeVisible()
  await expect(page.getByRole('figure', { name: 'Loss' }).getByText('second')).toBeVisible()
  await expectAccessible(page)
})

test('a training is started from the form, followed while it trains, and stopped', async ({ page, workshop }) => {
  await page.goto(`${workshop.url}/#/runs/+`)
  const set = async (key: string, value: string): Promise<void> => {
    await page.getByLabel('Find a setting').fill(key)
    await page.getByLabel(key, { exact: true }).fill(value)
  }
  await page.getByLabel('Name of the run').fill('third')
  for (const [key, value] of [
    ['augment.crop', '[32, 64]'],
    ['train.epochs', '5000'],
    ['train.batch', '2'],
    ['train.log_every', '1'],
    ['validate.every', '0'],
    ['save.every', '5000'],
    ['threads', '1'],
  ] as const)
    await set(key, value)
  await expectAccessible(page)
  await page.getByRole('button', { name: 'Start training' }).click()

  const detail = page.locator('.detail')
  await expect(detail.getByText('training', { exact: true })).toBeVisible()
  // Steps arrive by themselves.
  await expect(page.getByRole('figure', { name: 'Loss' }).locator('canvas')).toBeVisible()
  await expect(detail.getByText(/of 10,000/).first()).toBeVisible()
  await page.getByRole('button', { name: 'Stop' }).click()
  await expect(detail.getByText('stopped', { exact: true })).toBeVisible()
  await expect(page.getByRole('button', { name: 'Resume' })).toBeEnabled()
})

test('a wrong setting is refused with the words of the recipe reader', async ({ page, workshop }) => {
  await page.goto(`${workshop.url}/#/runs/+`)
  await page.getByLabel('train.epochs').fill('many')
  await page.getByRole('button', { name: 'Start training' }).click()

  await expect(page.getByText("'many' is not a whole number")).toBeVisible()
})

test('images are listed by class and lead to their label', async ({ page, workshop }) => {
  await page.goto(`${workshop.url}/#/data`)

  await expect(page.getByText('1–5 of 5')).toBeVisible()
  await page.getByRole('button', { name: /^sky/ }).click()
  await expect(page.getByRole('button', { name: 'Only images with sky' })).toBeVisible()
  await expect(page.locator('section img').first()).toBeVisible()
  await expectAccessible(page)
  await page.locator('section a').first().click()
  await expect(page.getByRole('toolbar', { name: 'Tools' })).toBeVisible()
})

/** Opens the label of the validation image and waits until it can be drawn on. */
async function openLabel(page: Page, url: string): Promise<void> {
  await page.goto(`${url}/#/label`)
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

test('a label is drawn, taken back, drawn again and saved; the second of two windows is told and loses nothing', async ({ page, context, workshop }) => {
  await openLabel(page, workshop.url)
  await expectAccessible(page)
  const other = await context.newPage()
  await openLabel(other, workshop.url)
  const folder = join(workshop.data, 'gtFine', 'train', readdirSync(join(workshop.data, 'gtFine', 'train'))[0] ?? '')
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
  await page.evaluate(() => dispatchEvent(new Event('focus')))
  await page.waitForResponse(/\/v1\/data\/images\//)
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
  const kept = join(workshop.data, '.hwaso', 'labels', 'train')
  expect(readdirSync(kept).map((name) => readFileSync(join(kept, name)).equals(name.endsWith('.original.png') ? before : first))).toEqual([true, true])
  expect(statSync(file).size).toBeGreaterThan(0)
})

test('every view fits wide and narrow windows, in Korean and in the dark', async ({ browser, workshop }) => {
  const page = await browser.newPage({ locale: 'ko', colorScheme: 'dark' })
  const failures: string[] = []
  page.on('pageerror', (error) => failures.push(error.message))
  for (const view of ['runs', 'runs/first', 'runs/+', 'data', 'label']) {
    await page.goto(`${workshop.url}/#/${view}`)
    await expect(page.locator('main')).toContainText(/[가-힣]/)
    for (const width of [1280, 390]) {
      await page.setViewportSize({ width, height: 844 })
      expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(width)
    }
    await expectAccessible(page)
  }
  expect(failures).toEqual([])
  await page.close()
})
