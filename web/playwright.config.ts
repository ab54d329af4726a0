import { defineConfig } from '@playwright/test'

// Debian's Chromium is used where it is; HWASO_CHROMIUM names another.
export default defineConfig({
  testDir: 'tests',
  outputDir: 'test-results',
  workers: 1,
  timeout: 60_000,
  expect: { timeout: 15_000 },
  forbidOnly: true,
  reporter: 'list',
  use: {
    viewport: { width: 1280, height: 860 },
    locale: 'en',
    launchOptions: { executablePath: process.env['HWASO_CHROMIUM'] ?? '/usr/bin/chromium', args: ['--no-sandbox'] },
  },
})
