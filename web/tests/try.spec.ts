// The view Try on a real server: what is shown equals what the server answers.

import { decode } from 'fast-png'
import { readFile } from 'node:fs/promises'
import { answerOf, downloaded, expect, forgive, isIdle, open, openTry, placeOf, rows, served, test } from './page'

interface LabelJson {
  classes: { class: number; name: string; color: string; pixels: number; share: number }[]
  runs: [number, number][]
}

const labelsOf = (json: LabelJson): number[] => json.runs.flatMap(([label, length]) => Array<number>(length).fill(label))
const parsed = (bytes: Buffer): LabelJson => JSON.parse(bytes.toString()) as LabelJson

const width = 128

test('an image: classes, probabilities, downloads and errors', async ({ page }) => {
  await openTry(page)
  const json = parsed(await answerOf(page, 'json'))
  const labels = labelsOf(json)

  await test.step('the legend has the area of each class, and the pointer shows class and probability', async () => {
    const deep = decode(await answerOf(page, 'probability'))

    await expect(rows(page)).toHaveCount(json.classes.length)
    for (const [k, { name, pixels, share }] of json.classes.entries()) {
      const row = rows(page).nth(k)
      await expect(row.getByRole('rowheader')).toHaveText(name)
      await expect(row.locator('.figure')).toHaveAttribute('title', `${pixels.toLocaleString('en')} pixels`)
      if (share >= 0.001) await expect(row.locator('.figure')).toHaveText(`${(100 * share).toFixed(1)}%`)
    }
    for (const [x, y] of [
      [10, 60],
      [80, 26],
    ] as const) {
      const place = await placeOf(page, x, y)
      await page.mouse.move(place.x, place.y)
      const value = deep.data[y * width + x] ?? 0
      const readout = page.locator('.readout')
      await expect(readout).toContainText(`${x}, ${y}`)
      await expect(readout).toContainText(json.classes.find((one) => one.class === value >> 8)?.name ?? '?')
      await expect(readout).toContainText(`${((100 * (value & 255)) / 255).toFixed(1)}%`)
    }
  })
  await test.step('labels, JSON and GeoJSON are saved as the server answers them', async () => {
    for (const [item, form] of [
      ['Labels (PNG)', 'png'],
      ['JSON', 'json'],
      ['Polygons (GeoJSON)', 'geojson'],
    ] as const)
      expect((await downloaded(page, item)).equals(await answerOf(page, form))).toBe(true)
  })
  await test.step('classes are switched off and shown alone, and opacity is moved by keys', async () => {
    const photo = decode(await readFile(served.image))
    const slider = page.getByRole('slider', { name: 'Opacity' })
    await slider.focus()
    await slider.press('End')
    const coloursAt = async (): Promise<Set<number>> => {
      const shown = decode(await downloaded(page, 'Image as shown (PNG)'))
      const colours = new Map(json.classes.map(({ class: label, color }) => [label, Number.parseInt(color.slice(1), 16)]))
      const at = ({ data, channels }: { data: ArrayLike<number>; channels: number }, k: number): number =>
        ((data[channels * k] ?? 0) << 16) | ((data[channels * k + 1] ?? 0) << 8) | (data[channels * k + 2] ?? 0)
      const kept = new Set<number>()
      let strange = 0
      labels.forEach((label, k) => {
        if (at(shown, k) === colours.get(label)) kept.add(label)
        else if (at(shown, k) !== at(photo, k)) strange++
      })
      expect(strange).toBe(0)
      return kept
    }
    const [first, second] = json.classes
    expect(await coloursAt()).toEqual(new Set(json.classes.map((one) => one.class)))
    await rows(page).nth(0).getByRole('checkbox').uncheck()
    expect(await coloursAt()).toEqual(new Set(json.classes.slice(1).map((one) => one.class)))
    await rows(page).nth(1).getByRole('button').click()
    expect(await coloursAt()).toEqual(new Set([second?.class]))
    await rows(page).nth(1).getByRole('button').click()
    await rows(page).nth(0).getByRole('checkbox').check()
    await slider.press('Home')
    const clear = decode(await downloaded(page, 'Image as shown (PNG)'))
    expect([0, 1, 2].map((c) => clear.data[c])).toEqual([0, 1, 2].map((c) => photo.data[c]))
    expect(first?.pixels).toBeGreaterThan(0)
  })
  await test.step('a label that is dropped with its image shows the errors', async () => {
    await open(page, served.image, served.label)
    const truth = decode(await readFile(served.label)).data
    const count = 19
    let [right, counted] = [0, 0]
    const [both, either] = [Array<number>(count).fill(0), Array<number>(count).fill(0)]
    labels.forEach((label, k) => {
      const wanted = truth[k] ?? 255
      if (wanted >= count) return
      counted++
      if (wanted === label) right++
      if (wanted === label) both[label] = (both[label] ?? 0) + 1
      for (const one of new Set([wanted, label])) either[one] = (either[one] ?? 0) + 1
    })
    const scores = either.flatMap((union, k) => (union > 0 ? [(both[k] ?? 0) / union] : []))
    const mean = scores.reduce((sum, score) => sum + score, 0) / scores.length

    await expect(page.getByRole('switch', { name: 'Show errors' })).toBeChecked()
    await expect(page.locator('dd').nth(0)).toHaveText(`${((100 * right) / counted).toFixed(1)}%`)
    await expect(page.locator('dd').nth(1)).toHaveText(`${(100 * mean).toFixed(1)}%`)
    await page.getByRole('button', { name: 'Close the label' }).click()
    await expect(page.locator('dd')).toHaveCount(0)
  })
})

test('a network in the browser gives the labels of the server, for PNG and JPEG', async ({ page }) => {
  await openTry(page)
  const jpeg = await page.evaluate(async (bytes) => {
    const bitmap = await createImageBitmap(new Blob([new Uint8Array(bytes)]))
    const canvas = new OffscreenCanvas(bitmap.width, bitmap.height)
    canvas.getContext('2d')?.drawImage(bitmap, 0, 0)
    return [...new Uint8Array(await (await canvas.convertToBlob({ type: 'image/jpeg', quality: 0.9 })).arrayBuffer())]
  }, [...(await readFile(served.image))])
  const slider = page.getByRole('slider', { name: 'Opacity' })
  await slider.focus()
  await slider.press('End')
  const shown = async (): Promise<ArrayLike<number>> => decode(await downloaded(page, 'Image as shown (PNG)')).data
  const here = page.getByRole('switch', { name: 'Run in this browser' })
  for (const file of ['png', 'jpeg']) {
    if (file === 'jpeg') {
      await here.click()
      await isIdle(page)
      await page.locator('input[type=file][multiple]').first().setInputFiles({ name: 'scene.jpg', mimeType: 'image/jpeg', buffer: Buffer.from(jpeg) })
      await isIdle(page)
    }
    await expect(page.getByText('ms on the server')).toBeVisible()
    const server = await shown()
    await here.click()
    await expect(page.getByText('ms in this browser')).toBeVisible()
    await isIdle(page)
    const browser = await shown()
    expect(server.length).toBeGreaterThan(0)
    expect(browser.length).toBe(server.length)
    // Two runtimes add in different orders: a label may differ where two classes are equal up to single precision.
    let different = 0
    for (let k = 0; k < server.length; k += 3) if (server[k] !== browser[k] || server[k + 1] !== browser[k + 1] || server[k + 2] !== browser[k + 2]) different++
    expect(different).toBe(0)
  }
  expect(await page.evaluate(() => crossOriginIsolated)).toBe(true)
})

test('two networks lie beside each other, and a run shows its attention', async ({ page }) => {
  await openTry(page)

  await test.step('a line that keys move lies between them', async () => {
    await page.getByRole('combobox', { name: /^Compare with/ }).click()
    await page.getByRole('option', { name: 'run' }).click()
    await isIdle(page)
    const line = page.getByRole('slider', { name: 'Line between the two networks' })
    await line.focus()
    await line.press('Home')
    await expect(line).toHaveValue('0')
    await line.press('End')
    await expect(line).toHaveValue('1')
    await expect(page.locator('thead th')).toHaveText(['Classes', 'exported', 'run'])
  })
  await test.step('attention is shown at a clicked pixel', async () => {
    await page.getByRole('combobox', { name: /^Network/ }).click()
    await page.getByRole('option', { name: 'run' }).click()
    await isIdle(page)
    await page.getByRole('switch', { name: 'Attention at a pixel' }).click()
    const before = await downloaded(page, 'Image as shown (PNG)')
    const place = await placeOf(page, 60, 50)
    await page.mouse.click(place.x, place.y)
    await expect(page.getByRole('combobox', { name: /^Map/ })).toBeVisible()
    await isIdle(page)
    const after = await downloaded(page, 'Image as shown (PNG)')
    expect(after.equals(before)).toBe(false)
  })
})

test('images come by drop, paste, camera and file', async ({ page }) => {
  // A small camera: the network is run on its picture.
  await page.addInitScript(() => {
    const real = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices)
    navigator.mediaDevices.getUserMedia = (wanted) => real({ ...wanted, video: { width: 160, height: 120 } })
  })
  await page.goto(served.url)

  await test.step('dropped, pasted, taken', async () => {
    const bytes = [...(await readFile(served.image))]
    for (const kind of ['drop', 'paste']) {
      await page.evaluate(
        ([type, content]) => {
          const data = new DataTransfer()
          data.items.add(new File([new Uint8Array(content)], `${type}.png`, { type: 'image/png' }))
          const event =
            type === 'drop'
              ? new DragEvent('drop', { dataTransfer: data, bubbles: true, cancelable: true })
              : new ClipboardEvent('paste', { clipboardData: data, bubbles: true, cancelable: true })
          document.querySelector('.try')?.dispatchEvent(event)
        },
        [kind, bytes] as const,
      )
      await expect(page.getByRole('application', { name: `${kind}.png, 128×64 pixels` })).toBeVisible()
      await expect(rows(page).first()).toBeVisible()
      await isIdle(page)
    }
    await page.getByRole('button', { name: 'Take a picture with the camera' }).click()
    await page.getByRole('button', { name: 'Take', exact: true }).click()
    await expect(page.getByRole('application', { name: /camera\.png/ })).toBeVisible()
    await isIdle(page)
  })
  await test.step('a photo that lies on its side is turned as its EXIF says', async () => {
    const jpeg = await page.evaluate(async () => {
      const canvas = new OffscreenCanvas(128, 64)
      canvas.getContext('2d')?.fillRect(0, 0, 64, 64)
      return [...new Uint8Array(await (await canvas.convertToBlob({ type: 'image/jpeg' })).arrayBuffer())]
    })
    // APP1: Exif, big-endian TIFF, one entry: orientation (0x0112) is 6, a quarter turn to the right.
    const exif = Buffer.from('ffe100224578696600004d4d002a000000080001011200030000000100060000000000000000'.slice(0, 72), 'hex')
    const buffer = Buffer.concat([Buffer.from(jpeg.slice(0, 2)), exif, Buffer.from(jpeg.slice(2))])
    await page.locator('input[type=file][multiple]').first().setInputFiles({ name: 'side.jpg', mimeType: 'image/jpeg', buffer })
    await expect(page.getByRole('application', { name: 'side.jpg, 64×128 pixels' })).toBeVisible()
    await expect(rows(page).first()).toBeVisible()
  })
  await test.step('a TIFF, which browsers do not read, is read by the server', async () => {
    // One strip of 96 × 64 red, green and blue bytes; twelve bytes an entry of the directory: tag, type, count, value.
    const [columns, lines] = [96, 64]
    const size = 3 * columns * lines
    const entries = [[256, columns], [257, lines], [258, 8], [259, 1], [262, 2], [273, 8], [277, 3], [278, lines], [279, size]] as const
    const tiff = Buffer.alloc(8 + size + 2 + 12 * entries.length + 4, 0)
    tiff.write('II*\0', 'latin1')
    tiff.writeUInt32LE(8 + size, 4)
    for (let k = 0; k < size; k++) tiff[8 + k] = 5 * k
    tiff.writeUInt16LE(entries.length, 8 + size)
    entries.forEach(([tag, value], k) => {
      tiff.writeUInt16LE(tag, size + 10 + 12 * k)
      tiff.writeUInt16LE(3, size + 12 + 12 * k)
      tiff.writeUInt32LE(1, size + 14 + 12 * k)
      tiff.writeUInt16LE(value, size + 18 + 12 * k)
    })
    await page.locator('input[type=file][multiple]').first().setInputFiles({ name: 'old.tif', mimeType: 'image/tiff', buffer: tiff })
    await expect(page.getByRole('application', { name: 'old.tif, 96×64 pixels' })).toBeVisible()
    await isIdle(page)
  })
  await test.step('what is no image is refused with a reason', async () => {
    await page.locator('input[type=file][multiple]').first().setInputFiles({ name: 'notes.png', mimeType: 'image/png', buffer: Buffer.from('no image') })
    await expect(page.getByText('notes.png is no image that can be read')).toBeVisible()
  })
})

test('a server with keys asks for one, and says that a wrong one is wrong', async ({ page, failures }) => {
  await page.goto(served.guarded)
  await page.getByRole('textbox', { name: 'Key' }).fill('wrong')
  await page.getByRole('button', { name: 'Use' }).click()
  await expect(page.getByText('The server does not know this key.')).toBeVisible()
  await page.getByRole('textbox', { name: 'Key' }).fill('a-key')
  await page.getByRole('button', { name: 'Use' }).click()
  await open(page)
  forgive(failures, 401)
})
