// An image that a person gave, read once: what is drawn, what the server gets and what a network here gets are the same pixels.

import { ask } from '../api'
import { texts } from '../language'
import { readHeader } from './header'

const t = texts(
  {
    unreadable: (name: string) => `${name} is no image that can be read. PNG, JPEG, WebP, BMP, GIF and TIFF are.`,
    empty: (name: string) => `${name} is empty.`,
  },
  {
    unreadable: (name: string) => `${name}은(는) 읽을 수 있는 이미지가 아닙니다. PNG, JPEG, WebP, BMP, GIF, TIFF를 읽습니다.`,
    empty: (name: string) => `${name}이(가) 비어 있습니다.`,
  },
)

export interface Picture {
  name: string
  width: number
  height: number
  bitmap: ImageBitmap
  /** Bytes for the server. */
  file: Blob
}

/** Red, green, blue and an opaque alpha of each pixel. */
export function pixelsOf(picture: Picture): Uint8ClampedArray {
  return contextOf(picture.bitmap).getImageData(0, 0, picture.width, picture.height).data
}

/**
 * Reads an image. The server takes pixels as they are stored; a browser turns them as EXIF says and mixes opacity. Where the two would
 * differ, the server gets a PNG of the browser's pixels instead of the file.
 */
export async function readPicture(file: Blob, name: string): Promise<Picture> {
  if (file.size === 0) throw new Error(t.empty(name))
  const header = readHeader(new Uint8Array(await file.slice(0, 1 << 18).arrayBuffer()))
  // Browsers read no TIFF; the server does.
  if (header.format === 'tiff') return readPicture(await (await ask('v1/png', { method: 'POST', body: file })).blob(), name)
  const bitmap = await createImageBitmap(file, { colorSpaceConversion: 'none' }).catch(() => {
    throw new Error(t.unreadable(name))
  })
  const isSame = header.isPlain && header.orientation === 1
  return isSame ? { name, width: bitmap.width, height: bitmap.height, bitmap, file } : pictureOf(bitmap, name)
}

/** A picture of pixels that come from no file, such as a camera's. */
export async function pictureOf(source: ImageBitmap | HTMLVideoElement, name: string): Promise<Picture> {
  const context = contextOf(source)
  const { canvas } = context
  const file = await canvas.convertToBlob({ type: 'image/png' })
  return { name, width: canvas.width, height: canvas.height, bitmap: canvas.transferToImageBitmap(), file }
}

function contextOf(source: ImageBitmap | HTMLVideoElement): OffscreenCanvasRenderingContext2D {
  const [width, height] = source instanceof ImageBitmap ? [source.width, source.height] : [source.videoWidth, source.videoHeight]
  const context = new OffscreenCanvas(width, height).getContext('2d', { alpha: false, willReadFrequently: true })
  if (!context) throw new Error(`${width}×${height}: this browser draws no canvas of that size`)
  context.drawImage(source, 0, 0)
  return context
}
