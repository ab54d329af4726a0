// How the page looks and reads: both languages, wide and narrow, light and dark; accessibility; what a first visit loads.

import axe from 'axe-core'
import { expect, isIdle, open, openTry, served, test } from './page'

interface AxeResult {
  violations: { id: string; impact: string | null; nodes: { html: string; failureSummary?: string }[] }[]
}

const looks = [
  { locale: 'en-US', width: 1280, height: 800, scheme: 'light', title: 'Try' },
  { locale: 'ko-KR', width: 1280, height: 800, scheme: 'dark', title: '시험' },
  { locale: 'en-GB', width: 390, height: 844, scheme: 'dark', title: 'Try' },
  { locale: 'ko', width: 390, height: 844, scheme: 'light', title: '시험' },
] as const

for (const { locale, width, height, scheme, title } of looks)
  test.describe(`${locale} at ${width} pixels, ${scheme}`, () => {
    test.use({ locale, viewport: { width, height }, colorScheme: scheme })

    test('nothing is cut off and axe finds nothing', async ({ page }) => {
      await page.goto(served.url)
      await expect(page).toHaveTitle(`${title} · Hwaso`)
      await expect(page.locator('html')).toHaveAttribute('lang', locale.slice(0, 2))
      for (const state of ['empty', 'labels']) {
        if (state === 'labels') await open(page, served.image, served.label)
        await isIdle(page)
        // The content policy lets no script in but the page's own; the test's comes by the debugger.
        await page.evaluate(axe.source)
        const { violations } = await page.evaluate<AxeResult>('axe.run()')
        expect(violations.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.html).join(' ')}`)).toEqual([])
        expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(width)
        await page.screenshot({ path: `test-results/looks/${locale}-${width}-${scheme}-${state}.png` })
      }
    })
  })

test('everything is reached and worked by keys', async ({ page }) => {
  await openTry(page)
  const viewer = page.getByRole('application')
  await page.keyboard.press('Tab')
  for (let k = 0; k < 20 && !(await viewer.evaluate((element) => element === document.activeElement)); k++) await page.keyboard.press('Tab')
  await expect(viewer).toBeFocused()
  await page.keyboard.press('ArrowRight')
  await expect(page.locator('.readout')).toContainText('97, 48')
  await page.keyboard.press('Shift+ArrowDown')
  await expect(page.locator('.readout')).toContainText('97, 67')
  const scale = page.locator('.scale')
  const whole = await scale.textContent()
  await page.keyboard.press('+')
  await expect(scale).not.toHaveText(whole ?? '')
  await page.keyboard.press('0')
  await expect(scale).toHaveText(whole ?? '')
  await page.getByRole('combobox', { name: /^Network/ }).focus()
  await page.keyboard.press('Enter')
  await expect(page.getByRole('option', { name: 'run' })).toBeVisible()
  await page.keyboard.press('ArrowDown')
  await page.keyboard.press('Enter')
  await expect(page.getByRole('combobox', { name: 'Network: run' })).toBeVisible()
})

test('a first visit loads at most 300 kB', async ({ page }) => {
  let bytes = 0
  page.on('response', (response) => (bytes += Number(response.headers()['content-length'] ?? Number.NaN)))
  await page.goto(served.url, { waitUntil: 'networkidle' })
  expect(bytes).toBeGreaterThan(10_000)
  expect(bytes).toBeLessThanOrEqual(300_000)
})
