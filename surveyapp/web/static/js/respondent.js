/* What script adds to the form; everything works without it. Conditional questions appear without a reload, characters
   are counted, links are copied, pages are printed. The server alone decides what is asked: this asks it and moves
   elements. Fragments are parsed by XMLHttpRequest ("document"), which needs no Trusted Types policy. */
(() => {
  "use strict";
  const announce = (words) => {
    const region = document.querySelector("[data-announce]");
    if (!region || !words) return;
    region.textContent = "";
    setTimeout(() => { region.textContent = words; }, 50);
  };

  /* conditional questions */
  const form = document.querySelector("form[data-fragment]");
  const home = form && form.querySelector("[data-questions]");
  let running = null;

  const keepFocus = (change) => {
    const active = document.activeElement;
    const id = active && home.contains(active) ? active.id : "";
    const range = id && "selectionStart" in active ? [active.selectionStart, active.selectionEnd] : null;
    change();
    if (!id || document.activeElement === active) return;
    const again = document.getElementById(id);
    if (!again) return;
    again.focus({ preventScroll: true });
    try { if (range && range[0] !== null) again.setSelectionRange(...range); } catch { /* no text field */ }
  };

  const forgetFault = (name) => {
    const line = document.querySelector(`[data-fault="${CSS.escape(name)}"]`);
    if (!line) return;
    const summary = line.closest(".error-summary");
    line.remove();
    if (!summary.querySelector("li")) summary.remove();
  };

  /* A question that stands in both stays as it is, with all that was typed since; one whose choices changed is replaced. */
  const mergeQuestions = (fresh) => {
    const old = new Map([...home.children].map((block) => [block.dataset.question, block]));
    let added = 0;
    let removed = 0;
    let place = null;
    for (const block of [...fresh.children]) {
      const name = block.dataset.question;
      let kept = old.get(name);
      old.delete(name);
      if (!kept || kept.dataset.offered !== block.dataset.offered) {
        const next = document.importNode(block, true);
        if (kept) kept.replaceWith(next); else if (!next.matches(".is-note")) added += 1;
        kept = next;
      }
      const after = place ? place.nextElementSibling : home.firstElementChild;
      if (after !== kept) home.insertBefore(kept, after);
      place = kept;
    }
    for (const [name, block] of old) {
      block.remove();
      forgetFault(name);
      removed += 1;
    }
    countIn(home);
    const region = document.querySelector("[data-announce]");
    if (added) announce(region.dataset.added); else if (removed) announce(region.dataset.removed);
  };

  const refresh = () => {
    if (running) running.abort();
    const request = new XMLHttpRequest();
    running = request;
    request.open("POST", form.dataset.fragment);
    request.responseType = "document";
    request.onload = () => {
      running = null;
      const fresh = request.status === 200 && request.response && request.response.querySelector("[data-questions]");
      if (fresh) keepFocus(() => mergeQuestions(fresh));
      home.removeAttribute("aria-busy");
    };
    request.onerror = request.onabort = () => home.removeAttribute("aria-busy");
    home.setAttribute("aria-busy", "true");
    request.send(new URLSearchParams(new FormData(form)));
  };

  /* characters left */
  const showCount = (area) => {
    const line = document.getElementById(`${area.id}-count`);
    if (!line) return;
    const left = Number(area.dataset.limit) - [...area.value.normalize("NFC").trim()].length;
    const words = left < 0 ? line.dataset.over : line.dataset.left;
    line.textContent = words.replace("{num}", Math.abs(left).toLocaleString(document.documentElement.lang));
    line.classList.toggle("is-over", left < 0);
    line.hidden = false;
  };
  const countIn = (root) => root.querySelectorAll("textarea[data-limit]").forEach(showCount);

  document.addEventListener("input", (event) => {
    if (event.target.matches("textarea[data-limit]")) showCount(event.target);
  });
  if (form) {
    form.addEventListener("change", (event) => {
      const item = event.target.closest(".rank-item");
      if (item) item.classList.toggle("is-ranked", event.target.value !== "");
      if (event.target.closest("[data-refreshes]")) refresh();
    });
    form.addEventListener("submit", () => running && running.abort());
  }
  countIn(document);

  /* copy and print */
  document.querySelectorAll("[data-copy]").forEach((button) => {
    const source = document.getElementById(button.dataset.copy);
    if (!navigator.clipboard || !source) return;
    const words = button.textContent;
    button.hidden = false;
    button.addEventListener("click", async () => {
      source.select();
      await navigator.clipboard.writeText(source.value);
      button.textContent = button.dataset.done;
      announce(button.dataset.done);
      setTimeout(() => { button.textContent = words; }, 4000);
    });
  });
  document.querySelectorAll("[data-print]").forEach((button) => {
    button.hidden = false;
    button.addEventListener("click", () => window.print());
  });

  /* a page in error is read from its summary on */
  const summary = document.querySelector(".error-summary[data-focus]");
  if (summary) summary.focus();
})();
