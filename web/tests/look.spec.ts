// How every view looks and reads: both languages, wide and narrow, light and dark; accessibility; keys; what a first visit loads.
// With HWASO_SCREENSHOTS set, pictures of all of them are left in test-results/looks.

import { expect, expectAccessible, forgive, isIdle, open, served, test } from './page'

const looks = [
  { locale: 'en-US', title: 'Try', scheme: 'light', widths: [390, 1280] },
  { locale: 'ko', title: '시험', scheme: 'dark', widths: [1280, 390] },
] as const

const views = ['try', 'labels', 'runs', 'runs/first', 'runs/+', 'data', 'label']

for (const { locale, title, scheme, widths } of looks)
  test.describe(`${locale}, ${scheme}`, () => {
    test.use({ locale, colorScheme: scheme })

    test('in no view anything is cut off, and axe finds nothing', async ({ page }) => {
      await page.goto(served.url)
      await expect(page).toHaveTitle(`${title} · Hwaso`)
      await expect(page.locator('html')).toHaveAttribute('lang', locale.slice(0, 2))
      for (const view of views)
        await test.step(view, async () => {
          if (view === 'labels') await open(page, served.image, served.label)
          else if (view !== 'try') await page.goto(`${served.url}/#/${view}`)
          await expect(page.getByRole('heading').first()).toBeAttached()
          if (locale === 'ko') await expect(page.locator('main')).toContainText(/[가-힣]/)
          await expect(page.getByText(/^(Loading|불러오는 중) …$/)).toHaveCount(0)
          for (const width of widths) {
            await page.setViewportSize({ width, height: width > 800 ? 800 : 844 })
            if (view === 'try' || view === 'labels') await isIdle(page)
            expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(width)
            if (process.env['HWASO_SCREENSHOTS'] !== undefined)
              await page.screenshot({ path: `test-results/looks/${view.replaceAll('/', '-')}-${locale}-${width}-${scheme}.png` })
          }
          await expectAccessible(page)
        })
    })
  })

test.describe('ko', () => {
  test.use({ locale: 'ko' })

  test('what the server refuses is said in Korean, with its own sentence behind', async ({ page, failures }) => {
    await page.route('**/segment*', (route) =>
      route.fulfill({ status: 422, contentType: 'application/problem+json', body: JSON.stringify({ status: 422, detail: 'the image is cut short' }) }),
    )
    await page.goto(served.url)
    await page.locator('input[type=file][multiple]').first().setInputFiles(served.image)
    await expect(page.getByText('내용을 처리할 수 없습니다. (서버: the image is cut short)')).toBeVisible()
    forgive(failures, 422)
  })
})

test('everything is reached and worked by keys, and a first visit loads at most 300 kB', async ({ page }) => {
  let bytes = 0
  const count = (response: { headers: () => Record<string, string> }): void => void (bytes += Number(response.headers()['content-length'] ?? Number.NaN))
  page.on('response', count)
  await page.goto(served.url, { waitUntil: 'networkidle' })
  page.off('response', count)
  expect(bytes).toBeGreaterThan(10_000)
  expect(bytes).toBeLessThanOrEqual(300_000)

  await open(page)
  const viewer = page.getByRole('application')
  await page.keyboard.press('Tab')
  for (let k = 0; k < 20 && !(await viewer.evaluate((element) => element === document.activeElement)); k++) await page.keyboard.press('Tab')
  await expect(viewer).toBeFocused()
  await page.keyboard.press('ArrowRight')
  await expect(page.locator('.readout')).toContainText('65, 32')
  await page.keyboard.press('Shift+ArrowDown')
  await expect(page.locator('.readout')).toContainText('65, 45')
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
