namespace Hwaso.Reports;

/// <summary>
/// The script of a report: tooltips on the curves and sorting of the class table, both additions to a page that works without.
/// </summary>
static class ReportScript
{
    public const string Js = """

        document.querySelectorAll('[data-chart]').forEach(chart => {
          const series = JSON.parse(chart.dataset.chart).filter(s => s.points.length);
          const plot = chart.querySelector('.plot');
          if (!series.length) return;
          const make = name => Object.assign(document.createElement('div'), { className: name, hidden: true });
          const cross = make('cross'), tip = make('tip'), pins = series.map(s => make('pin ' + s.style));
          plot.append(cross, ...pins, tip);
          const parts = [cross, tip, ...pins];
          const nearest = (points, x) => points.reduce((a, b) => Math.abs(b[0] - x) < Math.abs(a[0] - x) ? b : a);
          let at = 1000;
          const show = x => {
            const first = nearest(series[0].points, x);
            at = first[0];
            parts.forEach(p => p.hidden = false);
            cross.style.left = at / 10 + '%';
            tip.textContent = series[0].unit + ' ' + first[2];
            series.forEach((s, i) => {
              const p = nearest(s.points, at), line = document.createElement('div'), value = document.createElement('b');
              pins[i].style.left = p[0] / 10 + '%';
              pins[i].style.bottom = p[1] / 10 + '%';
              value.textContent = p[3];
              line.append(s.name + ' ', value);
              tip.append(line);
            });
            tip.style.left = at < 500 ? 'calc(' + at / 10 + '% + 10px)' : 'auto';
            tip.style.right = at < 500 ? 'auto' : 'calc(' + (100 - at / 10) + '% + 10px)';
          };
          const hide = () => parts.forEach(p => p.hidden = true);
          plot.addEventListener('pointermove', e => {
            const box = plot.getBoundingClientRect();
            show(1000 * (e.clientX - box.left) / box.width);
          });
          plot.addEventListener('pointerleave', hide);
          plot.addEventListener('blur', hide);
          plot.addEventListener('keydown', e => {
            if (e.key === 'ArrowLeft' || e.key === 'ArrowRight') {
              const xs = series[0].points.map(p => p[0]), i = xs.indexOf(at);
              show(xs[Math.max(0, Math.min(xs.length - 1, (i < 0 ? xs.length - 1 : i) + (e.key === 'ArrowLeft' ? -1 : 1)))]);
              e.preventDefault();
            }
          });
        });
        document.querySelectorAll('table.sortable').forEach(table => {
          const body = table.tBodies[0], rows = [...body.rows], heads = [...table.tHead.rows[0].cells];
          const key = (row, c) => {
            const cell = row.cells[c];
            if (!cell.dataset.v && !cell.classList.contains('n')) return cell.textContent;
            const n = parseFloat(cell.dataset.v ?? cell.textContent.replace(/,/g, ''));
            return Number.isNaN(n) ? -1 : n;
          };
          heads.forEach((head, c) => {
            const button = document.createElement('button');
            button.append(...head.childNodes);
            head.append(button);
            button.addEventListener('click', () => {
              const order = ['ascending', 'descending', 'none'];
              const next = order[(order.indexOf(head.getAttribute('aria-sort') ?? 'none') + 1) % 3];
              heads.forEach(h => h.removeAttribute('aria-sort'));
              head.setAttribute('aria-sort', next);
              const sign = next === 'ascending' ? 1 : -1;
              const compare = (a, b) => { const x = key(a, c), y = key(b, c); return sign * (x < y ? -1 : x > y ? 1 : 0); };
              body.append(...(next === 'none' ? rows : [...rows].sort(compare)));
            });
          });
        });

        """;
}
