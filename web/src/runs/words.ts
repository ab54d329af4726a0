// Words of runs that several parts of the view need.

import { formatCount, formatNumber, formatShare, language, texts } from '../shared/language'
import type { Run, RunState } from './runs'

const t = texts(
  {
    training: 'training',
    ended: 'finished',
    failed: 'failed',
    stopped: 'stopped',
    queued: 'waiting',
    left: (time: string) => `${time} left`,
    hours: (hours: string, minutes: string) => `${hours} h ${minutes} min`,
    minutes: (minutes: string, seconds: string) => `${minutes} min ${seconds} s`,
    seconds: (seconds: string) => `${seconds} s`,
    miou: 'mIoU',
    pixel_accuracy: 'pixel accuracy',
    mean_accuracy: 'mean accuracy',
  },
  {
    training: '학습 중',
    ended: '완료',
    failed: '실패',
    stopped: '중지됨',
    queued: '대기 중',
    left: (time: string) => `${time} 남음`,
    hours: (hours: string, minutes: string) => `${hours}시간 ${minutes}분`,
    minutes: (minutes: string, seconds: string) => `${minutes}분 ${seconds}초`,
    seconds: (seconds: string) => `${seconds}초`,
    miou: 'mIoU',
    pixel_accuracy: '픽셀 정확도',
    mean_accuracy: '평균 정확도',
  },
)

export const stateWord = (state: RunState): string => t[state]

/** The title of a score that has a word here; else the one that the server gives it, or its name. */
export const scoreWord = (name: string, title = name): string =>
  name === 'miou' || name === 'pixel_accuracy' || name === 'mean_accuracy' ? t[name] : title

export function duration(seconds: number): string {
  const whole = Math.round(seconds)
  if (whole >= 3600) return t.hours(formatCount(Math.floor(whole / 3600)), formatCount(Math.floor((whole % 3600) / 60)))
  return whole >= 60 ? t.minutes(formatCount(Math.floor(whole / 60)), formatCount(whole % 60)) : t.seconds(formatCount(whole))
}

export const timeLeft = (run: Run): string | null => (run.seconds_left === undefined ? null : t.left(duration(run.seconds_left)))

/** The score that decides which weights are the best, in words; null before the first validation. */
export function mainScore(run: Run): string | null {
  const [name, value] = Object.entries(run.scores ?? {})[0] ?? []
  return name === undefined || value === undefined ? null : `${scoreWord(name)} ${scoreText(value)}`
}

/** Scores are shares of 1; errors may be larger. */
export const scoreText = (value: number): string => (value >= 0 && value <= 1 ? formatShare(value) : formatNumber(value, 3))

export const shareDone = (run: Run): number => (run.steps === undefined || run.steps === 0 ? 0 : Math.min(1, run.step / run.steps))

export const dateOf = (text: string): string =>
  new Date(text).toLocaleString(language, { dateStyle: 'medium', timeStyle: 'short' })

/** Colours of runs in charts: told apart in both themes, also by people who see fewer colours. */
const colours = ['#2f7ed8', '#e06c1f', '#1b9e6b', '#b03fbf', '#c2404a', '#8a7a1d', '#4a9fb5', '#7a6ad8']
export const runColour = (k: number): string => colours[k % colours.length] ?? '#2f7ed8'
