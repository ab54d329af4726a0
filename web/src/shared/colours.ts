// Colours of classes as numbers that fit the bytes of a canvas.

/** #rrggbb as red, green and blue. */
export function channelsOf(colour: string): [number, number, number] {
  const value = Number.parseInt(colour.slice(1), 16)
  return [(value >> 16) & 255, (value >> 8) & 255, value & 255]
}

/** An opaque pixel in the order of a canvas's bytes: a Uint32Array over them has it on every machine that browsers run on. */
export const pixelOf = (colour: string): number => {
  const [r, g, b] = channelsOf(colour)
  return ((255 << 24) | (b << 16) | (g << 8) | r) >>> 0
}

/** The colour that PASCAL VOC gives a class: bits of its number, from the upper ones of the channels down. */
export function usualColour(label: number): string {
  const channel = (first: number): number => {
    let value = 0
    for (let bit = 0; bit < 3; bit++) value |= ((label >> (3 * bit + first)) & 1) << (7 - bit)
    return value
  }
  return `#${[0, 1, 2].map((c) => channel(c).toString(16).padStart(2, '0')).join('')}`
}
