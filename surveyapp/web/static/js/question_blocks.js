/* The blocks of questions on a page: what is typed in them, put back into them, and taken over from the server, which
   alone decides what is asked. Whoever types keeps the focus and every character. */
(() => {
  "use strict";
  const SETTLE = "settle:";
  const home = document.querySelector("form [data-questions]");

  const announce = (words) => {
    const region = document.querySelector("[data-announce]");
    if (!region || !words) return;
    region.textContent = "";
    setTimeout(() => { region.textContent = words; }, 50);
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
  const markRank = (select) => {
    const item = select.closest(".rank-item");
    if (item) item.classList.toggle("is-ranked", select.value !== "");
  };

  /* reading: pairs as the form would post them, grouped by question */
  const nameQuestion = (name) => (name.startsWith(SETTLE) ? name.slice(SETTLE.length) : name.split(":")[0]);

  const readForm = (form) => [...new FormData(form)]
    .filter(([name, value]) => name !== "csrf_token" && typeof value === "string")
    .map(([name, value]) => [name, value.replace(/\r\n|\r|\n/g, "\r\n")]);

  /* question -> { version: what `shown` says of it, typed: its answer as one string, pairs } */
  const groupPairs = (pairs) => {
    const groups = new Map();
    for (const [name, value] of pairs) {
      if (name !== "shown") continue;
      groups.set(value.split("@")[0], { version: value, pairs: [["shown", value]], typed: "" });
    }
    for (const [name, value] of pairs) {
      const group = groups.get(nameQuestion(name));
      if (name === "shown" || !group) continue;
      group.pairs.push([name, value]);
      group.typed += `${new URLSearchParams([[name, value]])}&`;
    }
    return groups;
  };

  const findBlock = (question) => home && home.querySelector(`[data-question="${CSS.escape(question)}"]`);
  const findVersion = (block) => block.querySelector("input[name=shown]");

  /* putting back what was typed earlier */
  const putBack = (question, pairs) => {
    const block = findBlock(question);
    if (!block) return;
    for (const control of block.querySelectorAll("input[name], textarea[name], select[name]")) {
      const values = pairs.filter(([name]) => name === control.name).map(([, value]) => value);
      if (control.name === "shown") control.value = values[0];
      else if (control.type === "radio" || control.type === "checkbox") control.checked = values.includes(control.value);
      else control.value = values.length ? values[0] : "";
      markRank(control);
    }
    countIn(block);
  };

  /* taking over */
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

  /* The person has chosen between two answers: what asked for it goes, what was typed since stays. */
  const hasChoice = (block) => block.querySelector(".conflict") !== null;
  const endChoice = (block) => {
    block.querySelector(".conflict").remove();
    block.classList.remove("has-error");
  };

  /* A question that stands in both stays as it is, with all that was typed since. One whose choices changed is replaced,
     and so is one of which the server says so, unless it was typed into meanwhile. Names those that are new. */
  const mergeBlocks = (fresh, isTouched, isSent) => {
    const old = new Map([...home.children].map((block) => [block.dataset.question, block]));
    const taken = [];
    let added = 0;
    let removed = 0;
    let place = null;
    for (const block of [...fresh.children]) {
      const name = block.dataset.question;
      let kept = old.get(name);
      old.delete(name);
      const isSettled = kept && hasChoice(kept) && !hasChoice(block);
      const isStale = kept && (kept.dataset.offered !== block.dataset.offered || "replace" in block.dataset || isSettled);
      if (!kept || (isStale && !isTouched(name))) {
        const next = document.importNode(block, true);
        if (kept) kept.replaceWith(next); else if (!next.matches(".is-note")) added += 1;
        kept = next;
        taken.push(name);
      } else if ((!isStale || isSettled) && isSent(name) && findVersion(kept)) {
        if (isSettled) endChoice(kept);
        findVersion(kept).value = findVersion(block).value;
      }
      const after = place ? place.nextElementSibling : home.firstElementChild;
      if (after !== kept) home.insertBefore(kept, after);
      place = kept;
    }
    for (const [name, block] of old) {
      if (isTouched(name)) continue;
      block.remove();
      forgetFault(name);
      removed += 1;
    }
    countIn(home);
    const region = document.querySelector("[data-announce]");
    if (added) announce(region.dataset.added); else if (removed) announce(region.dataset.removed);
    return taken;
  };

  const takeBlocks = (fresh, isTouched = () => false, isSent = () => true) => {
    let taken = [];
    keepFocus(() => { taken = mergeBlocks(fresh, isTouched, isSent); });
    return taken;
  };

  document.addEventListener("input", (event) => {
    if (event.target.matches("textarea[data-limit]")) showCount(event.target);
  });
  document.addEventListener("change", (event) => markRank(event.target));
  countIn(document);

  window.questionBlocks = { announce, findBlock, findVersion, groupPairs, home, putBack, readForm, takeBlocks };
})();
