/* Ways about the desk: keyboard shortcuts with their list, the view of a figure, printing, the height of the filter bar.
   Every way has another one without script; nothing here knows what a figure says. */
"use strict";

(() => {
  const STORED = "desk.shortcuts"; // "off" where the person has switched single keys off
  const PATIENCE = 1500; // milliseconds between the two keys of "g i"
  const FIELDS = "input, select, textarea, [contenteditable]";
  const root = document.documentElement;
  const list = document.getElementById("shortcuts");
  const filters = document.getElementById("filters");
  const cards = [...document.querySelectorAll("article.card[id]")].filter((card) => card.querySelector(".card-foot"));
  let first = ""; // "g" while its second key is awaited
  let timer = 0;

  for (const control of document.querySelectorAll("[data-by-script]")) control.hidden = false;

  /* --- filter bar: anchors and focus stay below it --- */
  if (filters) {
    const measure = () => {
      const sticks = getComputedStyle(filters).position === "sticky";
      root.style.setProperty("--bar-height", `${sticks ? filters.offsetHeight : 0}px`);
    };
    new ResizeObserver(measure).observe(filters);
    measure();
  }

  function closeDrops(except) {
    for (const drop of document.querySelectorAll("details.drop[open]")) {
      if (!drop.contains(except)) drop.open = false;
    }
  }
  document.addEventListener("click", (event) => closeDrops(event.target));
  document.addEventListener("focusin", (event) => closeDrops(event.target)); // an open one would cover what has the focus

  /* --- the view of a figure: chart and table, table alone, chart alone --- */
  const VIEWS = ["both", "table", "chart"];

  function showView(card, view) {
    const button = card.querySelector("[data-view]");
    if (!button) return;
    card.dataset.view = view;
    button.textContent = button.getAttribute(`data-words-${view}`);
    for (const fold of card.querySelectorAll(".table-fold")) fold.open = view === "table";
    window.dispatchEvent(new Event("resize")); // a chart that was hidden takes its size
  }

  function turnView(card) {
    showView(card, VIEWS[(VIEWS.indexOf(card.dataset.view || "both") + 1) % VIEWS.length]);
  }

  for (const button of document.querySelectorAll("[data-view]")) {
    button.addEventListener("click", () => turnView(button.closest(".card")));
  }

  for (const button of document.querySelectorAll("[data-print]")) button.addEventListener("click", () => window.print());

  /* a link that is shown once */
  for (const button of document.querySelectorAll("[data-copy]")) {
    const source = document.getElementById(button.dataset.copy);
    if (!navigator.clipboard || !source) continue;
    button.hidden = false;
    button.addEventListener("click", async () => {
      source.select();
      await navigator.clipboard.writeText(source.value);
      button.textContent = button.dataset.done;
      const announcer = document.querySelector("[data-announce]");
      if (announcer) announcer.textContent = button.dataset.done;
    });
  }

  /* --- the list --- */
  if (!list) return;
  const toggle = list.querySelector("[data-shortcut-switch]");
  const showList = () => {
    list.showModal();
    list.querySelector("[data-shortcut-close]").focus();
  };
  toggle.checked = readSwitch();
  toggle.addEventListener("change", () => storeSwitch(toggle.checked));
  for (const opener of document.querySelectorAll("[data-shortcut-list]")) {
    opener.addEventListener("click", showList);
  }
  list.addEventListener("click", (event) => {
    if (event.target === list || event.target.closest("[data-shortcut-close]")) list.close(); // beside the sheet as well
  });

  function readSwitch() {
    try {
      return window.localStorage.getItem(STORED) !== "off";
    } catch {
      return true;
    }
  }

  function storeSwitch(isOn) {
    try {
      if (isOn) window.localStorage.removeItem(STORED);
      else window.localStorage.setItem(STORED, "off");
    } catch {
      /* a browser that stores nothing keeps the switch for this page alone */
    }
  }

  /* --- keys --- */
  const isReduced = () => window.matchMedia("(prefers-reduced-motion: reduce)").matches;

  function findCurrent() {
    const focused = document.activeElement?.closest("article.card[id]");
    if (cards.includes(focused)) return cards.indexOf(focused);
    const edge = (filters?.getBoundingClientRect().bottom ?? 0) + 24;
    return cards.findLastIndex((card) => card.getBoundingClientRect().top <= edge);
  }

  function goToCard(place) {
    const card = cards[Math.min(Math.max(place, 0), cards.length - 1)];
    if (!card) return;
    card.tabIndex = -1;
    card.focus({ preventScroll: true });
    card.scrollIntoView({ behavior: isReduced() ? "auto" : "smooth" });
  }

  function goToFilters() {
    const panel = filters?.querySelector(".filter-panel");
    if (!panel) return;
    panel.open = true;
    panel.querySelector(".filter > summary")?.focus();
  }

  const ACTIONS = {
    "?": showList,
    "/": goToFilters,
    "]": () => goToCard(findCurrent() + 1),
    "[": () => goToCard(findCurrent() - 1),
    t: () => {
      const card = cards[Math.max(findCurrent(), 0)];
      if (card) turnView(card);
    },
  };

  /* The letter on the key: a Korean or Japanese input method names its own. */
  function readKey(event) {
    if (/^[ -~]$/.test(event.key)) return event.key.toLowerCase();
    const letter = /^Key([A-Z])$/.exec(event.code);
    if (letter) return letter[1].toLowerCase();
    return { Slash: event.shiftKey ? "?" : "/", BracketLeft: "[", BracketRight: "]" }[event.code] ?? "";
  }

  function forget() {
    window.clearTimeout(timer);
    first = "";
  }

  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") {
      const drop = document.activeElement?.closest("details.drop[open]");
      closeDrops(null);
      drop?.querySelector("summary").focus();
      return;
    }
    if (event.ctrlKey || event.altKey || event.metaKey || event.isComposing || event.repeat) return;
    if (!toggle.checked || list.open || event.target.closest?.(FIELDS)) return;
    const key = readKey(event);
    if (first) {
      const link = list.querySelector(`a[data-keys="${first} ${CSS.escape(key)}"]`);
      forget();
      if (link) {
        event.preventDefault();
        window.location.assign(link.href);
        return;
      }
    }
    if (key === "g") {
      first = key;
      timer = window.setTimeout(forget, PATIENCE);
    } else if (Object.hasOwn(ACTIONS, key)) {
      event.preventDefault();
      ACTIONS[key]();
    }
  });
})();
