// What the first bytes of an image say: its format, its orientation and whether it has opacity.

export type Format = 'png' | 'jpeg' | 'webp' | 'gif' | 'bmp' | 'tiff' | 'other'

export interface Header {
  format: Format
  /** Of EXIF: 1 is upright. */
  orientation: number
  /** Whether its pixels are plain: no opacity, at most 8 bits a channel, one picture. */
  isPlain: boolean
}

const starts: readonly [Format, readonly number[]][] = [
  ['png', [0x89, 0x50, 0x4e, 0x47]],
  ['jpeg', [0xff, 0xd8, 0xff]],
  ['gif', [0x47, 0x49, 0x46, 0x38]],
  ['bmp', [0x42, 0x4d]],
  ['tiff', [0x49, 0x49, 0x2a, 0x00]],
  ['tiff', [0x4d, 0x4d, 0x00, 0x2a]],
]

export function readHeader(bytes: Uint8Array): Header {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const begins = (at: number, with_: readonly number[]): boolean => with_.every((byte, k) => bytes[at + k] === byte)
  const isWebp = begins(0, [0x52, 0x49, 0x46, 0x46]) && begins(8, [0x57, 0x45, 0x42, 0x50])
  const format = isWebp ? 'webp' : (starts.find(([, start]) => begins(0, start))?.[0] ?? 'other')
  try {
    if (format === 'png') return { format, orientation: 1, isPlain: isPlainPng(view) }
    if (format === 'jpeg') return { format, orientation: jpegOrientation(view), isPlain: true }
  } catch (error) {
    // Bytes end early: the decoder says what is wrong with them.
    if (!(error instanceof RangeError)) throw error
  }
  return { format, orientation: 1, isPlain: false }
}

const ihdrDepth = 24
const gray = 0
const indexed = 3
const rgb = 2

function isPlainPng(view: DataView): boolean {
  const depth = view.getUint8(ihdrDepth)
  if (depth > 8 || ![gray, rgb, indexed].includes(view.getUint8(ihdrDepth + 1))) return false
  for (let at = 8; at + 8 <= view.byteLength; at += 12 + view.getUint32(at)) {
    const name = String.fromCharCode(...[4, 5, 6, 7].map((k) => view.getUint8(at + k)))
    if (name === 'tRNS' || name === 'eXIf') return false
    if (name === 'IDAT') break
  }
  return true
}

/** Tag 0x0112 in the first directory of the EXIF segment (CIPA DC-008, section 4.6.4). */
function jpegOrientation(view: DataView): number {
  for (let at = 2; view.getUint8(at) === 0xff; at += 2 + view.getUint16(at + 2)) {
    const marker = view.getUint8(at + 1)
    if (marker === 0xda) break
    if (marker !== 0xe1 || view.getUint32(at + 4) !== 0x45786966) continue
    const tiff = at + 10
    const isLittle = view.getUint16(tiff) === 0x4949
    const directory = tiff + view.getUint32(tiff + 4, isLittle)
    for (let k = 0; k < view.getUint16(directory, isLittle); k++) {
      const entry = directory + 2 + 12 * k
      if (view.getUint16(entry, isLittle) === 0x0112) return view.getUint16(entry + 8, isLittle)
    }
  }
  return 1
}
