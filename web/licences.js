// Checks that every package that npm installs has a licence under which an MIT program may use it.
import { existsSync, readFileSync } from 'node:fs'

const allowed = new Set(['MIT', 'ISC', '0BSD', 'Apache-2.0', 'BSD-2-Clause', 'BSD-3-Clause', 'BlueOak-1.0.0', 'Unlicense', 'CC0-1.0', 'Python-2.0'])
// Of tools that build or test; nothing of them is in the page.
const allowedOfTools = new Set([...allowed, 'MPL-2.0'])

/** @type {{ packages: Record<string, { license?: string, dev?: boolean }> }} */
const lock = JSON.parse(readFileSync(new URL('package-lock.json', import.meta.url), 'utf8'))
for (const [folder, { license, dev = false }] of Object.entries(lock.packages)) {
  if (folder === '') continue
  // A package that does not name its licence brings its text.
  const text = new URL(`${folder}/LICENSE`, import.meta.url)
  const named = license ?? (existsSync(text) && readFileSync(text, 'utf8').startsWith('MIT License') ? 'MIT' : 'unknown')
  const known = dev ? allowedOfTools : allowed
  const fits = named.replace(/[()]/g, '').split(' OR ').some((choice) => choice.split(' AND ').every((one) => known.has(one)))
  if (!fits) {
    console.error(`${folder}: its licence, ${named}, is not among those that licences.js allows; choose another package`)
    process.exitCode = 1
  }
}
