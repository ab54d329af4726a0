// Line drawings on a grid of 24 units, drawn for this page.

export const icons = {
  sun: 'M12 8a4 4 0 1 0 0 8a4 4 0 1 0 0-8M12 2v3M12 19v3M2 12h3M19 12h3M5 5l2 2M17 17l2 2M19 5l-2 2M7 17l-2 2',
  moon: 'M20 14.5A8.5 8.5 0 1 1 9.5 4a7 7 0 0 0 10.5 10.5z',
  contrast: 'M12 3a9 9 0 1 0 0 18a9 9 0 1 0 0-18M12 3v18M15 4v16M18 6v12',
  close: 'M6 6l12 12M18 6L6 18',
  eye: 'M2 12c3-5 6-7 10-7s7 2 10 7c-3 5-6 7-10 7s-7-2-10-7zM12 9a3 3 0 1 0 0 6a3 3 0 1 0 0-6',
  hidden: 'M4 4l16 16M9 5.5A9 9 0 0 1 12 5c4 0 7 2 10 7a19 19 0 0 1-3 4M6 7a17 17 0 0 0-4 5c3 5 6 7 10 7a9 9 0 0 0 4-1M10 10a3 3 0 0 0 4 4',
  alone: 'M12 4a8 8 0 1 0 0 16a8 8 0 1 0 0-16M12 1v5M12 18v5M1 12h5M18 12h5',
  camera: 'M3 8h4l2-3h6l2 3h4v11H3zM12 10a3.5 3.5 0 1 0 0 7a3.5 3.5 0 1 0 0-7',
  folder: 'M3 6h6l2 3h10v10H3z',
  paste: 'M8 4h8v4H8zM8 6H5v14h14V6h-3M9 12h6M9 16h6',
  download: 'M12 3v12M7 10l5 5l5-5M4 20h16',
  fit: 'M4 9V4h5M15 4h5v5M20 15v5h-5M9 20H4v-5',
  plus: 'M12 5v14M5 12h14',
  minus: 'M5 12h14',
  swipe: 'M12 3v18M8 8l-4 4l4 4M16 8l4 4l-4 4',
  label: 'M4 4h8l8 8l-8 8l-8-8zM8 7.5a.5 .5 0 1 0 0 1a.5 .5 0 1 0 0-1',
  image: 'M3 5h18v14H3zM3 16l5-5l4 4l3-3l6 5M15.5 8a1.5 1.5 0 1 0 0 3a1.5 1.5 0 1 0 0-3',
  check: 'M4 13l5 5L20 6',
  down: 'M6 9l6 6l6-6',
  again: 'M20 12a8 8 0 1 1-2.5-5.8M20 3v5h-5',
} as const

export type IconName = keyof typeof icons
