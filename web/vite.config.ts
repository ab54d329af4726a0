import { svelte } from '@sveltejs/vite-plugin-svelte'
import { defineConfig, type Plugin } from 'vite'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { constants, gzipSync } from 'node:zlib'

/** Writes FILE.gz beside each file that packs well: the server sends it as it is. */
function packed(): Plugin {
  return {
    name: 'packed',
    apply: 'build',
    closeBundle() {
      const folder = join(import.meta.dirname, 'dist')
      for (const name of readdirSync(folder, { recursive: true, encoding: 'utf8' }))
        if (/\.(js|mjs|css|html|svg|wasm)$/.test(name)) {
          const bytes = readFileSync(join(folder, name))
          writeFileSync(join(folder, `${name}.gz`), gzipSync(bytes, { level: constants.Z_BEST_COMPRESSION }))
        }
    },
  }
}

export default defineConfig({
  // Relative addresses work behind a proxy that adds a folder.
  base: './',
  plugins: [svelte(), packed()],
  resolve: {
    // The runtime without its WASM inside: the WASM is a file of its own, loaded when the switch is turned.
    conditions: ['onnxruntime-web-use-extern-wasm', 'module', 'browser', 'production'],
  },
  build: {
    target: 'es2023',
    // Files below this would become data: addresses, which the content policy refuses for scripts.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
    chunkSizeWarningLimit: 1000,
  },
  worker: { format: 'es' },
  server: {
    proxy: { '/v1': 'http://127.0.0.1:8080', '/v2': 'http://127.0.0.1:8080' },
    headers: { 'Cross-Origin-Opener-Policy': 'same-origin', 'Cross-Origin-Embedder-Policy': 'require-corp' },
  },
})
