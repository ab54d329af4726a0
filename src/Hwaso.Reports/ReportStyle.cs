namespace Hwaso.Reports;

/// <summary>The style sheet of a report: light and dark, any width, print.</summary>
static class ReportStyle
{
    public const string Css = """

        :root {
          color-scheme: light dark;
          --page: #f6f6f3; --card: #ffffff; --ink: #17181a; --soft: #55585e; --rule: #e2e2dc; --grid: #ecece7;
          --s1: #2563c9; --s2: #c2570c; --s3: #0f766e; --hit: #2563c9; --miss: #d9480f; --on: #ffffff;
          --warn: #fff6df; --warn-rule: #e3b341; --track: #ecece7;
        }
        @media (prefers-color-scheme: dark) {
          :root {
            --page: #101113; --card: #191b1e; --ink: #ececea; --soft: #a7abb3; --rule: #2c2f34; --grid: #26292d;
            --s1: #6ea8fe; --s2: #f59e62; --s3: #4fd1c0; --hit: #5b9bff; --miss: #ff8547; --on: #0b0c0e;
            --warn: #2a2414; --warn-rule: #b98b25; --track: #2a2d32;
          }
        }
        @media print {
          :root {
            color-scheme: light;
            --page: #fff; --card: #fff; --ink: #17181a; --soft: #4a4d52; --rule: #d5d5d0; --grid: #e6e6e1;
            --s1: #2563c9; --s2: #c2570c; --s3: #0f766e; --hit: #2563c9; --miss: #d9480f; --on: #ffffff;
            --warn: #fff6df; --warn-rule: #e3b341; --track: #ecece7;
          }
          * { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
          .card, .example, aside, tr { break-inside: avoid; }
          h2, h3 { break-after: avoid; }
          main { max-width: none; padding: 0; }
          .tip, .cross { display: none !important; }
        }
        * { box-sizing: border-box; }
        body {
          margin: 0; background: var(--page); color: var(--ink);
          font: 15px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", "Noto Sans KR", "Noto Sans CJK KR", sans-serif;
        }
        main { max-width: 1180px; margin: 0 auto; padding: 40px 24px 64px; }
        h1 { font-size: clamp(26px, 4.2vw, 40px); line-height: 1.15; letter-spacing: -0.02em; margin: 6px 0 0; overflow-wrap: anywhere; }
        h2 { font-size: 21px; letter-spacing: -0.01em; margin: 48px 0 14px; }
        h3 { font-size: 15px; margin: 0; }
        section > h3 { margin: 24px 0 10px; }
        p, ul, ol, dl, dd, figure { margin: 0; padding: 0; }
        ul, ol { list-style: none; }
        .brand { display: flex; align-items: center; gap: 9px; color: var(--soft); font-size: 13px; font-weight: 600; }
        .brand svg { width: 17px; height: 17px; }
        .brand .a { fill: #2563c9; } .brand .b { fill: #0f9d8a; } .brand .c { fill: #e8a317; } .brand .d { fill: #d9480f; }
        .subtitle { font-size: 17px; color: var(--soft); margin-top: 8px; overflow-wrap: anywhere; }
        .when { color: var(--soft); font-size: 13px; margin-top: 4px; }
        .note { color: var(--soft); font-size: 12.5px; }
        .card { background: var(--card); border: 1px solid var(--rule); border-radius: 12px; }
        .scroll { overflow-x: auto; }

        .figures {
          display: grid; grid-template-columns: repeat(auto-fit, minmax(150px, 1fr)); margin-top: 28px;
          background: var(--card); border: 1px solid var(--rule); border-radius: 12px; overflow: hidden;
        }
        .figures > div { padding: 16px 18px; box-shadow: -1px -1px 0 0 var(--rule); }
        .figures dt { color: var(--soft); font-size: 13px; }
        .figures dd { font-size: 24px; font-weight: 650; letter-spacing: -0.015em; line-height: 1.3; overflow-wrap: anywhere; }
        .figures dd small { font-size: 14px; font-weight: 500; color: var(--soft); letter-spacing: 0; }
        .figures dd.note { font-size: 12.5px; font-weight: 400; letter-spacing: 0; line-height: 1.4; }
        .figures .main dd:not(.note) { color: var(--s1); font-size: 34px; line-height: 1.05; }

        .warnings { background: var(--warn); border-left: 4px solid var(--warn-rule); border-radius: 8px;
          padding: 12px 18px; margin-top: 20px; }
        .warnings h2 { font-size: 14px; margin: 0 0 4px; letter-spacing: 0; }
        .warnings li { font-size: 14px; overflow-wrap: anywhere; }
        .warnings li + li { margin-top: 3px; }

        .example { padding: 12px; margin-bottom: 14px; }
        .example figcaption { display: flex; justify-content: space-between; gap: 12px; padding: 0 2px 8px; font-size: 14px; }
        .example .name { font-weight: 600; overflow-wrap: anywhere; }
        .chip { color: var(--soft); white-space: nowrap; font-variant-numeric: tabular-nums; }
        .pictures { display: grid; gap: 8px; }
        .pictures.four { grid-template-columns: repeat(4, minmax(0, 1fr)); }
        .pictures.two { grid-template-columns: repeat(2, minmax(0, 1fr)); }
        .gallery { display: grid; grid-template-columns: repeat(2, minmax(0, 1fr)); gap: 14px; }
        .gallery .example { margin-bottom: 0; }
        .picture img { display: block; width: 100%; height: auto; border-radius: 6px; }
        .picture span { display: block; font-size: 12.5px; color: var(--soft); margin-top: 4px; }
        .legend, .keys { display: flex; flex-wrap: wrap; gap: 4px 16px; font-size: 13px; color: var(--soft); }
        .legend { margin: 4px 2px 14px; }
        .swatch { display: inline-block; width: 12px; height: 12px; border-radius: 3px; margin-right: 7px; vertical-align: -1px;
          box-shadow: inset 0 0 0 1px rgb(128 128 128 / 0.55); }
        details { margin-top: 14px; }
        summary { cursor: pointer; font-size: 14px; color: var(--soft); padding: 4px 0; }
        details.more .example:first-of-type { margin-top: 10px; }

        .charts { display: grid; grid-template-columns: repeat(6, minmax(0, 1fr)); gap: 14px; }
        .chart { grid-column: span 3; padding: 16px 18px 12px; }
        .chart:last-child:nth-child(odd) { grid-column: span 6; }
        .chart:last-child:nth-child(odd) .plot { height: 110px; }
        .chart figcaption { display: flex; flex-wrap: wrap; justify-content: space-between; gap: 4px 16px; }
        .axis-title { color: var(--soft); font-size: 12px; margin: 6px 0 8px; }
        .axis-title.x { text-align: right; margin: 26px 0 0; }
        .frame { padding-left: 46px; padding-right: 10px; }
        .plot { position: relative; height: 240px; outline-offset: 6px; }
        .plot svg { position: absolute; inset: 0; width: 100%; height: 100%; overflow: visible; }
        .plot path, .plot line { fill: none; vector-effect: non-scaling-stroke; stroke-linejoin: round; stroke-linecap: round; }
        .grid { stroke: var(--grid); stroke-width: 1; }
        .line { stroke-width: 2; }
        .faint { opacity: 0.3; }
        .line.faint { stroke-width: 1; }
        .dots { stroke-width: 7; }
        .s1 { stroke: var(--s1); --c: var(--s1); } .s2 { stroke: var(--s2); --c: var(--s2); } .s3 { stroke: var(--s3); --c: var(--s3); }
        .key { display: inline-block; width: 14px; height: 3px; border-radius: 2px;
          background: var(--c); margin-right: 7px; vertical-align: 4px; }
        .tick { position: absolute; font-size: 12px; line-height: 1; color: var(--soft);
          white-space: nowrap; font-variant-numeric: tabular-nums; }
        .tick.y { right: 100%; margin-right: 9px; transform: translateY(50%); }
        .tick.x { top: 100%; margin-top: 9px; transform: translateX(-50%); }
        .cross { position: absolute; top: 0; bottom: 0; width: 1px; background: var(--soft); opacity: 0.6; pointer-events: none; }
        .tip { position: absolute; top: 6px; background: var(--card); border: 1px solid var(--rule); border-radius: 8px; padding: 6px 10px;
          font-size: 12.5px; line-height: 1.45; pointer-events: none; white-space: nowrap;
          z-index: 2; box-shadow: 0 4px 14px rgb(0 0 0 / 0.14); }
        .tip b { font-variant-numeric: tabular-nums; }
        .pin { position: absolute; width: 9px; height: 9px; margin: 0 0 -4.5px -4.5px; border-radius: 50%; background: var(--c);
          box-shadow: 0 0 0 2px var(--card); pointer-events: none; }

        table { border-collapse: collapse; width: 100%; font-size: 14px; }
        th, td { padding: 7px 14px; text-align: left; font-weight: 400; border-top: 1px solid var(--rule); white-space: nowrap; }
        thead th { border-top: 0; color: var(--soft); font-size: 13px; padding: 11px 14px; }
        thead button { all: unset; cursor: pointer; }
        thead button:focus-visible { outline: 2px solid var(--s1); outline-offset: 2px; }
        thead [aria-sort=ascending] button::after { content: " ↑"; } thead [aria-sort=descending] button::after { content: " ↓"; }
        tfoot th, tfoot td { font-weight: 650; }
        .n { text-align: right; font-variant-numeric: tabular-nums; }
        td.bar { width: 38%; min-width: 170px; }
        td.bar .track { display: inline-block; width: calc(100% - 52px); height: 9px;
          border-radius: 5px; background: var(--track); vertical-align: 0; }
        td.bar .fill { display: block; height: 100%; border-radius: 5px; background: var(--s1); }
        td.bar .v { display: inline-block; width: 52px; text-align: right; font-variant-numeric: tabular-nums; }
        abbr { text-decoration: underline dotted; text-underline-offset: 3px; cursor: help; }

        .confusion { display: flex; flex-wrap: wrap; align-items: flex-start; gap: 14px; }
        .confusion > * { padding: 16px 18px; min-width: 0; max-width: 100%; }
        .confusion figcaption { margin-bottom: 12px; }
        .confusion .keys { margin-top: 6px; }
        .matrix { display: block; }
        .matrix .back { fill: var(--page); stroke: var(--rule); }
        .matrix .name { font-size: 11.5px; fill: var(--soft); }
        .matrix .value { font-size: 10.5px; text-anchor: middle; font-variant-numeric: tabular-nums; pointer-events: none; }
        .matrix .on { fill: var(--on); } .matrix .off { fill: var(--ink); }
        rect.hit { fill: var(--hit); } rect.miss { fill: var(--miss); }
        i.cell { display: inline-block; width: 14px; height: 14px; border-radius: 3px; margin-right: 6px; vertical-align: -2px; }
        i.hit { background: var(--hit); } i.miss { background: var(--miss); } i.ink { background: var(--soft); }
        .mistakes { flex: 1 1 290px; }
        .mistakes ol { margin: 8px 0; }
        .mistakes li { display: flex; justify-content: space-between; gap: 14px;
          padding: 6px 0; border-top: 1px solid var(--rule); font-size: 14px; }
        .mistakes li:first-child { border-top: 0; }
        .mistakes .v { font-variant-numeric: tabular-nums; white-space: nowrap; }
        .arrow { color: var(--soft); margin: 0 4px; }

        .recipe { display: grid; grid-template-columns: repeat(auto-fill, minmax(270px, 1fr)); gap: 0 28px; padding: 10px 18px; }
        .recipe div { display: flex; justify-content: space-between; gap: 16px; padding: 6px 0; font-size: 14px; }
        .recipe dt { color: var(--soft); } .recipe dd { text-align: right; overflow-wrap: anywhere; }

        @media (max-width: 760px) {
          main { padding: 24px 14px 48px; }
          .chart, .chart:last-child:nth-child(odd) { grid-column: span 6; padding: 14px 12px 10px; }
          .pictures.four { grid-template-columns: repeat(2, minmax(0, 1fr)); }
          .gallery { grid-template-columns: minmax(0, 1fr); }
          .figures { grid-template-columns: repeat(2, minmax(0, 1fr)); }
          .figures .main { grid-column: span 2; }
          th, td { padding: 7px 10px; }
        }

        """;
}
