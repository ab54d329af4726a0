// Light or dark: the system's choice until a person makes another, which this browser remembers.

export type Theme = 'system' | 'light' | 'dark'

const key = 'hwaso-theme'
const themes: readonly Theme[] = ['system', 'light', 'dark']
const dark = matchMedia('(prefers-color-scheme: dark)')

let chosen = $state<Theme>(themes.find((theme) => theme === localStorage.getItem(key)) ?? 'system')
let systemIsDark = $state(dark.matches)

function apply(): void {
  document.documentElement.dataset['theme'] = theme.isDark ? 'dark' : 'light'
}

export const theme = {
  get chosen(): Theme {
    return chosen
  },
  get isDark(): boolean {
    return chosen === 'system' ? systemIsDark : chosen === 'dark'
  },
  next(): void {
    chosen = themes[(themes.indexOf(chosen) + 1) % themes.length] ?? 'system'
    localStorage.setItem(key, chosen)
    apply()
  },
}

dark.addEventListener('change', () => {
  systemIsDark = dark.matches
  apply()
})
apply()
