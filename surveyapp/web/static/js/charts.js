/* Draws the figures that the page carries as JSON. Nothing is decided here: the figures are made on the server, the
   colours are the design tokens of the style sheet, and every chart has its table beside it.

   The library is fetched after the page has loaded. Charts near the screen are drawn first, the others when the browser
   has time. */
"use strict";

(() => {
  const script = document.currentScript;
  const plots = [...document.querySelectorAll("[data-chart]")];
  if (!plots.length) return;

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

  async function draw(plot) {
    waiting.delete(plot);
    const styles = getComputedStyle(document.documentElement);
    const figure = putInTokens(JSON.parse(document.getElementById(plot.dataset.chart).textContent), styles);
    try {
      await window.Plotly.react(plot, figure.data, figure.layout, CONFIG);
      drawn.add(plot);
      plot.dataset.drawn = "yes";
    } catch (fault) {
      console.error(fault);
      fail(plot);
    }
  }

  function whenIdle(action) {
    if ("requestIdleCallback" in window) window.requestIdleCallback(action, { timeout: 1000 });
    else window.setTimeout(action, 200);
  }

  async function drawNext() {
    const [plot] = waiting;
    if (!plot) return;
    await draw(plot);
    whenIdle(drawNext);
  }

  function fail(plot) {
    waiting.delete(plot);
    plot.classList.add("is-failed");
    plot.textContent = script.dataset.failure;
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
          if (!entry.isIntersecting) continue;
          watcher.unobserve(entry.target);
          if (waiting.has(entry.target)) draw(entry.target);
        }
      },
      { rootMargin: "600px 0px" },
    );
    plots.forEach((plot) => watcher.observe(plot));
    whenIdle(drawNext);
    window.addEventListener("beforeprint", () => [...waiting].forEach(draw));
    window.matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => [...drawn].forEach(draw));
  }

  function fetchLibrary() {
    const library = document.createElement("script");
    library.src = script.dataset.library;
    library.addEventListener("load", begin);
    library.addEventListener("error", () => plots.forEach(fail));
    document.head.append(library);
  }

  if (document.readyState === "complete") fetchLibrary();
  else window.addEventListener("load", fetchLibrary);
})();
