/* Draws the figures that the page carries as JSON. Nothing is decided here: the figures are made on the server, the
   colours are tokens of the style sheet (chart_theme.css), and every chart has its table beside it.

   The library is fetched after the page has loaded. Charts near the screen are drawn first, the others when the browser
   has time. A figure may hold a second drawing for a narrow place; on paper each is drawn anew, as wide as the page. */
"use strict";

(() => {
  const script = document.currentScript;
  const plots = [...document.querySelectorAll("[data-chart]")];
  if (!plots.length) return;

  const SLOW = 8000; // milliseconds until the page says that it still waits for the library
  const CONFIG = {
    displayModeBar: false,
    displaylogo: false,
    showSendToCloud: false,
    plotlyServerURL: "",
    responsive: true,
    scrollZoom: false,
    doubleClick: false,
    showTips: false,
    locale: script.dataset.language,
  };
  const waiting = new Set(plots);
  const drawn = new Set();
  const figures = new Map(plots.map((plot) => [plot, JSON.parse(document.getElementById(plot.dataset.chart).textContent)]));
  let isOnPaper = false;

  /* `var(--token)` in a figure becomes the token's value in the present colour scheme. */
  function putInTokens(value, styles) {
    if (typeof value === "string") {
      const token = /^var\((--[\w-]+)\)$/.exec(value);
      return token ? styles.getPropertyValue(token[1]).trim() : value;
    }
    if (Array.isArray(value)) return value.map((item) => putInTokens(item, styles));
    if (value && typeof value === "object") {
      return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, putInTokens(item, styles)]));
    }
    return value;
  }

  /* What a drawing reads its colours from: the page, or an element with the colours of paper. */
  const paper = document.createElement("span");
  paper.className = "on-paper";
  paper.hidden = true;
  document.body.append(paper);

  function findWidth(plot) {
    return isOnPaper ? Number(getComputedStyle(plot).getPropertyValue("--paper-width")) : plot.clientWidth;
  }

  function isNarrow(plot) {
    const { narrow } = figures.get(plot);
    return Boolean(narrow) && findWidth(plot) < ((isOnPaper && narrow.onPaper) || narrow.below);
  }

  /* Keep the drawing's place free, so that nothing moves when it comes. */
  function reserve(plot) {
    const space = plot.querySelector(".plot-space");
    const slim = isNarrow(plot);
    const height = slim ? figures.get(plot).narrow.height : Number(space.dataset.height);
    space.setAttribute("height", height);
    plot.dataset.form = slim ? "narrow" : "wide";
    plot.closest(".chart").classList.toggle("is-narrow", slim);
    return height;
  }

  async function draw(plot) {
    waiting.delete(plot);
    const height = reserve(plot);
    const whole = figures.get(plot);
    const { data, layout } = plot.dataset.form === "narrow" ? whole.narrow : whole;
    const figure = putInTokens({ data, layout }, getComputedStyle(isOnPaper ? paper : document.documentElement));
    if (isOnPaper) Object.assign(figure.layout, { width: findWidth(plot), height, autosize: false });
    try {
      await window.Plotly.react(plot, figure.data, figure.layout, CONFIG);
      drawn.add(plot);
      plot.dataset.drawn = "yes";
      hideFromReaders(plot);
      say(plot, "");
    } catch (fault) {
      console.error(fault);
      fail(plot);
    }
  }

  /* What a drawing shows is said in words beside it; the library also keeps a sheet to measure words on. */
  function hideFromReaders(plot) {
    for (const part of plot.children) part.setAttribute("aria-hidden", "true");
    document.getElementById("js-plotly-tester")?.setAttribute("aria-hidden", "true");
  }

  function whenIdle(action) {
    if ("requestIdleCallback" in window) window.requestIdleCallback(action, { timeout: 1000 });
    else window.setTimeout(action, 200);
  }

  async function drawNext() {
    const plot = [...waiting].find((one) => one.clientWidth > 0);
    if (!plot) return;
    await draw(plot);
    whenIdle(drawNext);
  }

  /* A line under the drawing's place, with a button where there is something to try. */
  function say(plot, words, action) {
    const chart = plot.closest(".chart");
    let line = chart.querySelector(".chart-state");
    if (!line) {
      line = document.createElement("p");
      line.className = "chart-state";
      line.setAttribute("role", "status");
      chart.append(line);
    }
    line.textContent = words;
    if (action) {
      const button = document.createElement("button");
      button.type = "button";
      button.className = "button-quiet";
      button.textContent = script.dataset.retry;
      button.addEventListener("click", action);
      line.append(" ", button);
    }
  }

  /* The table holds the same figures: where it is folded, it opens. */
  function fail(plot) {
    waiting.delete(plot);
    plot.classList.add("is-failed");
    plot.setAttribute("aria-hidden", "true");
    for (const fold of plot.closest(".card")?.querySelectorAll(".table-fold") ?? []) fold.open = true;
    say(plot, script.dataset.failure, tryAgain);
  }

  function tryAgain() {
    for (const plot of plots.filter((one) => one.classList.contains("is-failed"))) {
      plot.classList.remove("is-failed");
      plot.removeAttribute("aria-hidden");
      waiting.add(plot);
      say(plot, "");
    }
    if (window.Plotly) drawNext();
    else fetchLibrary();
  }

  function registerLanguages() {
    const days = (names, ending) => names.map((name) => name + ending);
    const months = (ending) => Array.from({ length: 12 }, (_, place) => `${place + 1}${ending}`);
    const languages = {
      ko: { names: ["일", "월", "화", "수", "목", "금", "토"], day: "요일", month: "월", date: "%Y-%m-%d" },
      ja: { names: ["日", "月", "火", "水", "木", "金", "土"], day: "曜日", month: "月", date: "%Y/%m/%d" },
    };
    for (const [name, words] of Object.entries(languages)) {
      window.Plotly.register({
        moduleType: "locale",
        name,
        dictionary: {},
        format: {
          days: days(words.names, words.day),
          shortDays: words.names,
          months: months(words.month),
          shortMonths: months(words.month),
          date: words.date,
          decimal: ".",
          thousands: ",",
        },
      });
    }
  }

  function begin() {
    registerLanguages();
    const watcher = new IntersectionObserver(
      (entries) => {
        for (const entry of entries) {
          if (entry.isIntersecting && waiting.has(entry.target)) draw(entry.target);
        }
      },
      { rootMargin: "600px 0px" },
    );
    const measure = new ResizeObserver((entries) => {
      for (const { target } of entries) {
        const form = isNarrow(target) ? "narrow" : "wide";
        if (!isOnPaper && drawn.has(target) && target.clientWidth && target.dataset.form !== form) draw(target);
      }
    });
    for (const plot of plots) {
      watcher.observe(plot);
      measure.observe(plot);
    }
    whenIdle(drawNext);
    window.addEventListener("beforeprint", () => {
      isOnPaper = true;
      plots.forEach(draw);
    });
    window.addEventListener("afterprint", () => {
      isOnPaper = false;
      drawn.forEach(draw);
    });
    window.matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
      if (!isOnPaper) drawn.forEach(draw);
    });
  }

  function fetchLibrary() {
    const library = document.createElement("script");
    const slow = window.setTimeout(() => waiting.forEach((plot) => say(plot, script.dataset.slow)), SLOW);
    library.src = script.dataset.library;
    library.addEventListener("load", () => {
      window.clearTimeout(slow);
      begin();
    });
    library.addEventListener("error", () => {
      window.clearTimeout(slow);
      plots.forEach(fail);
    });
    document.head.append(library);
  }

  plots.filter((plot) => plot.clientWidth > 0).forEach(reserve);
  if (document.readyState === "complete") fetchLibrary();
  else window.addEventListener("load", fetchLibrary);
})();
