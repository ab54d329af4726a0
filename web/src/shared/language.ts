// The page's texts: each view has a table in English and Korean, and the compiler refuses a table that lacks one of the other's keys.

export type Language = 'en' | 'ko'

type Text = string | ((...values: never[]) => string)
type Same<T> = { [K in keyof T]: T[K] extends string ? string : T[K] }

/** The first language of the browser that the page has; English if it has none. */
function chosen(): Language {
  for (const tag of navigator.languages) {
    const name = tag.toLowerCase().split('-')[0]
    if (name === 'ko' || name === 'en') return name
  }
  return 'en'
}

export const language: Language = chosen()

/** The texts in the browser's language. */
export function texts<T extends Record<string, Text>>(en: T & Same<T>, ko: Same<T>): Same<T> {
  return language === 'ko' ? ko : en
}

const whole = new Intl.NumberFormat(language)
const percent = new Intl.NumberFormat(language, { style: 'percent', minimumFractionDigits: 1, maximumFractionDigits: 1 })

export const formatCount = (value: number): string => whole.format(value)

/** A share of 1 as per cent; what is there and rounds to nothing is shown as such. */
export const formatShare = (share: number): string => (share > 0 && share < 0.0005 ? `<${percent.format(0.001)}` : percent.format(share))

export const formatNumber = (value: number, digits: number): string =>
  value.toLocaleString(language, { minimumFractionDigits: digits, maximumFractionDigits: digits })
