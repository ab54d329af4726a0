// The views in the order of the navigation. A view is loaded when it is opened first, so that the page starts with one of them.

import type { Component } from 'svelte'
import { texts } from './shared/language'

const t = texts(
  { try: 'Try', runs: 'Runs', data: 'Data', label: 'Label' },
  { try: '시험', runs: '학습', data: '데이터', label: '라벨' },
)

export interface View {
  /** Its name in the address. */
  name: string
  title: string
  load: () => Promise<{ default: Component }>
}

export const views: readonly [View, ...View[]] = [
  { name: 'try', title: t.try, load: () => import('./try/TryView.svelte') },
  { name: 'runs', title: t.runs, load: () => import('./runs/RunsView.svelte') },
  { name: 'data', title: t.data, load: () => import('./data/DataView.svelte') },
  { name: 'label', title: t.label, load: () => import('./label/LabelView.svelte') },
]
