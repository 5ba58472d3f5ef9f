// Draws the plots of each load run on the page with uPlot, out of the JSON beside it. It puts texts in as text alone,
// asks nothing of the network, and where it cannot run, the tables say the same.
(function () {
  "use strict";
  const FONT = "12px system-ui, sans-serif";
  const NINES = [[0.30103, "p50"], [1, "p90"], [2, "p99"], [3, "p99.9"], [4, "p99.99"], [5, "p99.999"]];

  const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue("--" + name).trim();
  const round = (value) => value == null ? "–" : value >= 99.5 ? Math.round(value).toLocaleString("en") : String(+value.toPrecision(2));
  const ms = (value) => value == null ? "–" : round(value) + " ms";
  const positive = (values) => values.map((value) => value > 0 ? value : null);

  // The range of a logarithmic axis around all that it must show, and its marks at 1, 2 and 5 of each power of ten.
  function span(lists) {
    const known = lists.flat().filter((value) => value > 0);
    if (!known.length) return [1, 10];
    let low = known[0], high = known[0];
    for (const value of known) { low = Math.min(low, value); high = Math.max(high, value); }
    return [low / 1.3, Math.max(high * 1.3, low * 2)];
  }
  function marks(low, high) {
    const found = [], few = Math.log10(high / low) > 3 ? [1] : [1, 2, 5];
    for (let power = Math.floor(Math.log10(low)); power <= Math.log10(high); power++)
      for (const digit of few) {
        const value = digit * 10 ** power;
        if (value >= low && value <= high) found.push(value);
      }
    return found;
  }

  function axis(more) {
    const line = { stroke: colour("line"), width: 1 };
    return Object.assign({ stroke: colour("soft"), font: FONT, grid: line, ticks: line, size: innerWidth < 500 ? 46 : 64, labelFont: FONT, labelSize: 18 }, more);
  }
  function logarithmic(range, label) {
    return axis({ label, splits: () => marks(range[0], range[1]), filter: (plot, found) => found, values: (plot, found) => found.map((value) => value.toLocaleString("en")) });
  }
  const seconds = () => axis({ label: "seconds since the run's start", size: 34, values: (plot, found) => found.map(String) });
  const drawn = (label, name, more) => Object.assign({ label, stroke: colour(name), width: 2, points: { show: false }, spanGaps: false }, more);

  // Paints on a plot in its own pixels, cut off at its edges.
  function paint(plot, draw) {
    const { ctx, bbox } = plot;
    ctx.save();
    ctx.beginPath();
    ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
    ctx.clip();
    ctx.textAlign = "left";
    ctx.font = 11 * devicePixelRatio + "px system-ui, sans-serif";
    draw(ctx, bbox, devicePixelRatio);
    ctx.restore();
  }
  // Spans of time: shaded below the data, named above it.
  function spans(run) {
    const found = run.faults.map((one) => [one.at, one.until, "fault", one.name]);
    return run.warmup > 0 ? [[0, run.warmup, "warm", "warm-up"], ...found] : found;
  }
  const shaded = (run) => (plot) => paint(plot, (ctx, box, ratio) => {
    for (const [from, to, name] of spans(run)) {
      const left = Math.max(box.left, plot.valToPos(from, "x", true)), right = plot.valToPos(to, "x", true);
      ctx.fillStyle = colour(name);
      ctx.fillRect(left, box.top, Math.max(ratio, right - left), box.height);
    }
  });
  const named = (run) => (plot) => paint(plot, (ctx, box, ratio) => {
    ctx.textBaseline = "top";
    ctx.lineJoin = "round";
    for (const [from, , , name] of spans(run)) {
      const left = Math.max(box.left, plot.valToPos(from, "x", true)) + 4 * ratio, top = box.top + 3 * ratio;
      ctx.lineWidth = 3 * ratio;
      ctx.strokeStyle = colour("paper");
      ctx.strokeText(name, left, top);
      ctx.fillStyle = colour("soft");
      ctx.fillText(name, left, top);
    }
  });
  function limits(run, corner) {
    return (plot) => paint(plot, (ctx, box, ratio) => {
      ctx.strokeStyle = ctx.fillStyle = colour("fail");
      ctx.lineWidth = 1.5 * ratio;
      ctx.textBaseline = "bottom";
      for (const budget of run.budgets) {
        const y = plot.valToPos(budget.ms, "y", true);
        ctx.setLineDash([6 * ratio, 4 * ratio]);
        ctx.beginPath();
        ctx.moveTo(box.left, y);
        ctx.lineTo(box.left + box.width, y);
        if (corner) {
          const x = plot.valToPos(budget.x, "x", true);
          ctx.moveTo(x, y - 7 * ratio);
          ctx.lineTo(x, y + 7 * ratio);
        }
        ctx.stroke();
        const text = budget.name + ": " + ms(budget.ms);
        const left = corner ? box.left + 6 * ratio : box.left + box.width - ctx.measureText(text).width - 6 * ratio;
        ctx.fillText(text, left, y - 2 * ratio);
      }
    });
  }

  const PLOTS = {
    percentiles(run) {
      const found = run.percentiles;
      if (!found) return null;
      const names = ["s1", "s2", "s3", "s4", "s5", "s6"], head = found.series.filter((one) => !one.base);
      const columns = found.series.map((one) => positive(one.ms));
      const range = span([...columns, run.budgets.map((one) => one.ms)]);
      const most = found.x[found.x.length - 1], ticks = NINES.filter((one) => one[0] <= most);
      const value = (plot, at, index, row) => row == null ? "–" : "p" + found.at[row];
      const like = (one) => Math.max(0, head.findIndex((other) => one.name.startsWith(other.name)));
      return {
        height: 340,
        data: [found.x, ...columns],
        scales: { x: { time: false }, y: { distr: 3, range } },
        axes: [axis({ label: "percentile (logarithmic)", size: 34, splits: () => ticks.map((one) => one[0]), values: () => ticks.map((one) => one[1]) }), logarithmic(range, "ms")],
        series: [{ label: "percentile", value }, ...found.series.map((one) => drawn(one.name, names[(one.base ? like(one) : head.indexOf(one)) % 6], { dash: one.base ? [3, 4] : undefined, value: (plot, at) => ms(at) }))],
        hooks: { draw: [limits(run, true)] },
      };
    },
    latency(run) {
      const found = run.timeline;
      if (!found) return null;
      const p50 = positive(found.p50), p99 = positive(found.p99), range = span([p50, p99, run.budgets.map((one) => one.ms)]);
      const value = (plot, at) => ms(at);
      return {
        height: 260, sync: true,
        data: [found.at, p50, p99],
        scales: { x: { time: false }, y: { distr: 3, range } },
        axes: [seconds(), logarithmic(range, "ms")],
        series: [{ label: "time", value: (plot, at) => at == null ? "–" : round(at) + " s" }, drawn("p50", "s1", { value }), drawn("p99", "s2", { value })],
        hooks: { drawClear: [shaded(run)], draw: [limits(run, false), named(run)] },
      };
    },
    rates(run) {
      const found = run.timeline;
      if (!found) return null;
      const stepped = uPlot.paths.stepped({ align: 1 }), bars = uPlot.paths.bars({ size: [0.9, 20], align: 1 });
      const errors = found.errors.map((one) => one > 0 ? one : null);
      const value = (plot, at) => at == null ? "–" : round(at) + "/s";
      const top = Math.max(1, ...found.intended.map(Number), ...found.achieved.map(Number), ...found.errors.map(Number));
      return {
        height: 220, sync: true,
        data: [found.at, errors, found.intended, found.achieved],
        scales: { x: { time: false }, y: { range: [0, top * 1.08] } },
        axes: [seconds(), axis({ label: "a second" })],
        series: [{ label: "time", value: (plot, at) => at == null ? "–" : round(at) + " s" }, drawn("errors", "fail", { width: 0, fill: colour("fail"), paths: bars, value: (plot, at) => (at == null ? "0" : round(at)) + "/s" }), drawn("intended", "soft", { dash: [6, 4], paths: stepped, value }), drawn("achieved", "s1", { paths: stepped, value })],
        hooks: { drawClear: [shaded(run)], draw: [named(run)] },
      };
    },
    heatmap(run) {
      const found = run.heatmap;
      if (!found) return null;
      const at = found.counts.map((row, index) => index * found.step), lowest = Math.max(found.edges[0], found.edges[1] / 4, 1e-3);
      const edges = [lowest, ...found.edges.slice(1)], range = [lowest, edges[edges.length - 1]];
      const most = Math.log1p(found.counts.reduce((high, row) => Math.max(high, ...row), 1));
      const says = (plot) => {
        const { left, top, idx } = plot.cursor, row = found.counts[left >= 0 ? Math.floor(plot.posToVal(left, "x") / found.step) : idx];
        if (!row || left < 0) return "Darker is more; each square is a span of time and of latency.";
        const bin = Math.max(0, edges.findIndex((edge) => edge > plot.posToVal(top, "y")) - 1);
        return round(plot.posToVal(left, "x")) + " s, " + ms(edges[bin]) + " to " + ms(edges[bin + 1]) + ": " + (row[bin] || 0).toLocaleString("en") + " requests";
      };
      const cells = (plot) => paint(plot, (ctx) => {
        ctx.fillStyle = colour("s1");
        found.counts.forEach((row, index) => {
          const left = Math.round(plot.valToPos(index * found.step, "x", true)), right = Math.round(plot.valToPos((index + 1) * found.step, "x", true));
          row.forEach((count, bin) => {
            if (!(count > 0) || bin + 1 >= edges.length) return;
            const low = Math.round(plot.valToPos(edges[bin], "y", true)), high = Math.round(plot.valToPos(edges[bin + 1], "y", true));
            ctx.globalAlpha = 0.15 + 0.85 * Math.log1p(count) / most;
            ctx.fillRect(left, high, Math.max(1, right - left), Math.max(1, low - high));
          });
        });
      });
      return {
        height: 300, sync: true, says,
        data: [at, at.map(() => null)],
        scales: { x: { time: false, range: [0, at.length * found.step] }, y: { distr: 3, range } },
        axes: [seconds(), logarithmic(range, "ms")],
        series: [{}, { show: true, points: { show: false } }],
        hooks: { drawClear: [shaded(run)], draw: [cells, limits(run, false), named(run)] },
      };
    },
  };

  function move(plot, to) {
    const x = plot.data[0], index = Math.min(x.length - 1, Math.max(0, to));
    plot.setCursor({ left: plot.valToPos(x[index], "x"), top: plot.over.clientHeight / 2 }, true, true);
  }
  function steer(holder) {
    holder.addEventListener("keydown", (event) => {
      const plot = holder.plot, last = plot && plot.data[0].length - 1, at = plot && plot.cursor.idx;
      const to = { ArrowLeft: (at ?? last + 1) - 1, ArrowRight: (at ?? -1) + 1, Home: 0, End: last }[event.key];
      if (!plot || (to === undefined && event.key !== "Escape")) return;
      event.preventDefault();
      if (to === undefined) plot.setCursor({ left: -10, top: -10 }, true, true); else move(plot, to);
    });
  }

  function draw(holder, run, key) {
    const made = PLOTS[holder.dataset.plot](run);
    if (holder.plot) holder.plot.destroy();
    holder.replaceChildren();
    holder.hidden = !made;
    if (!made) return;
    const { data, says, sync, ...options } = made;
    options.padding = [null, 30, null, null];
    options.width = Math.max(240, holder.clientWidth);
    options.legend = { show: !says };
    options.cursor = { sync: sync ? { key } : undefined, points: { size: 7 }, drag: { x: true, y: false } };
    const readout = document.createElement("p");
    readout.className = "readout";
    if (says) options.hooks.setCursor = [(plot) => { readout.textContent = says(plot); }];
    holder.plot = new uPlot(options, data, holder);
    if (says) { readout.textContent = says(holder.plot); holder.append(readout); }
  }
  // A plot that cannot be drawn keeps none of the others from it.
  function attempt(holder, run, key) {
    try {
      draw(holder, run, key);
    } catch (error) {
      holder.hidden = true;
      console.error(error);
    }
  }

  function begin(section, number) {
    const run = JSON.parse(section.querySelector(".load-data").textContent);
    const holders = [...section.querySelectorAll("[data-plot]")];
    const all = () => holders.forEach((holder) => attempt(holder, run, "run" + number));
    holders.forEach(steer);
    all();
    new ResizeObserver(() => holders.forEach(({ plot, clientWidth }) => {
      if (plot && clientWidth > 0 && plot.width !== Math.max(240, clientWidth)) plot.setSize({ width: Math.max(240, clientWidth), height: plot.height });
    })).observe(section);
    for (const query of ["(prefers-color-scheme: dark)", "print"]) matchMedia(query).addEventListener("change", all);
  }

  document.querySelectorAll("[data-load]").forEach(begin);
})();
