// The data set of the server: `GET /v1/data` and what lies below it.

import { ask, askJson } from '../shared/api'

export interface DataClass {
  class: number
  name: string
  color: string
  pixels: number
  images: number
}

export interface DataSet {
  name: string
  layout: string
  splits: { name: string; images: number }[]
  classes: DataClass[]
  ignored_pixels: number
  problems: Record<string, number>
  suspicions: string[]
  scan: { done: number; of: number; ended: boolean; problem?: string }
}

export interface DataImage {
  split: string
  key: string
  id: string
  address: string
  labelled: boolean
  classes?: { class: number; share: number }[]
  ignored?: number
  problems: { kind: string; message: string }[]
  miou?: number
  writable?: boolean
  reason?: string
  changed?: boolean
  /** The tag of the label's file; absent where there is none. */
  etag?: string
}

export interface ImageList {
  total: number
  offset: number
  images: DataImage[]
}

export const loadData = (signal?: AbortSignal): Promise<DataSet> => askJson<DataSet>('v1/data', signal ? { signal } : {})

export const loadImages = (query: Record<string, string | number | undefined>, signal?: AbortSignal): Promise<ImageList> =>
  askJson<ImageList>('v1/data/images', signal ? { query, signal } : { query })

const addressOfImage = (split: string, key: string, part = ''): string =>
  `v1/data/images/${encodeURIComponent(split)}/${encodeURIComponent(key)}${part === '' ? '' : `/${part}`}`

export const loadImage = (split: string, key: string): Promise<DataImage> => askJson<DataImage>(addressOfImage(split, key))

export const loadPixels = async (split: string, key: string): Promise<Blob> => (await ask(addressOfImage(split, key, 'image'))).blob()

/** A label's PNG and the tag of its file. */
export async function loadLabel(split: string, key: string, original = false): Promise<{ bytes: ArrayBuffer; tag: string }> {
  const answer = await ask(addressOfImage(split, key, 'label'), { query: { version: original ? 'original' : undefined } })
  return { bytes: await answer.arrayBuffer(), tag: answer.headers.get('ETag') ?? '' }
}

/** Writes a label if its file is still the one with the tag; a null tag is an image that has no label. */
export async function saveLabel(split: string, key: string, png: Blob, tag: string | null): Promise<string> {
  const headers: Record<string, string> = tag === null ? { 'If-None-Match': '*' } : { 'If-Match': tag }
  const answer = await ask(addressOfImage(split, key, 'label'), { method: 'PUT', body: png, headers })
  return answer.headers.get('ETag') ?? ''
}
