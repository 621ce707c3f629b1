/* Keeps parts of a page up to date: fetches them every few seconds and exchanges those that have changed.

   [data-live="address"]   is fetched as a fragment whose parts have the same ids
   [data-live-list]        its children come and go, in the order of the fragment
   [data-live-part]        is exchanged where it differs; the focus stays on what has the same id
   [data-live-over]        nothing more will change
   [data-live-status]      says which [data-live-words] have changed, for screen readers
   Without script the page shows how it stood, and a link to load it again. */
"use strict";

(() => {
  const PAUSE = 3000; // milliseconds
  const LONGEST_PAUSE = 60000;

  for (const link of document.querySelectorAll("[data-live-refresh]")) link.hidden = true;
  for (const region of document.querySelectorAll("[data-live]")) keepUpToDate(region);

  function keepUpToDate(region) {
    let pause = PAUSE;

    async function refresh() {
      if (document.hidden) return;
      try {
        const reply = await load(region.dataset.live);
        if (new URL(reply.responseURL).pathname !== new URL(region.dataset.live, location.href).pathname) {
          return location.reload(); // signed out meanwhile
        }
        if (reply.status !== 200) throw new Error(String(reply.status));
        exchange(region, reply.response.body);
        pause = PAUSE;
        tellTrouble(region, false);
      } catch {
        pause = Math.min(pause * 2, LONGEST_PAUSE);
        tellTrouble(region, true);
      }
    }

    async function goOn() {
      await refresh();
      if (!("liveOver" in region.dataset)) setTimeout(goOn, pause);
    }
    if (!("liveOver" in region.dataset)) setTimeout(goOn, pause);
    document.addEventListener("visibilitychange", () => {
      if (!document.hidden && !("liveOver" in region.dataset)) refresh();
    });
  }

  /* Parsed by the browser as it arrives, which needs no Trusted Types policy. */
  function load(address) {
    return new Promise((resolve, reject) => {
      const request = new XMLHttpRequest();
      request.open("GET", address);
      request.responseType = "document";
      request.timeout = LONGEST_PAUSE;
      request.onload = () => resolve(request);
      request.onerror = request.ontimeout = () => reject(new Error("unreachable"));
      request.send();
    });
  }

  function tellTrouble(region, isSo) {
    const trouble = region.querySelector("[data-live-trouble]");
    if (trouble) trouble.hidden = !isSo;
  }

  function exchange(region, fresh) {
    const focused = region.contains(document.activeElement) ? document.activeElement : null;
    const card = focused?.closest("[data-live-part]")?.id;
    const before = readWords(region);
    for (const list of region.querySelectorAll("[data-live-list]")) {
      const newer = fresh.querySelector(`#${list.id}`);
      if (newer) exchangeChildren(list, newer);
    }
    for (const part of region.querySelectorAll("[data-live-part]")) {
      const newer = fresh.querySelector(`#${part.id}`);
      if (newer && !part.isEqualNode(newer)) part.replaceWith(document.importNode(newer, true));
    }
    if (fresh.querySelector("[data-live-over]")) region.dataset.liveOver = "";
    if (focused && !focused.isConnected) {
      const again = document.getElementById(focused.id) || document.getElementById(card);
      again?.focus({ preventScroll: true });
    }
    const status = region.querySelector("[data-live-status]");
    const changed = [...readWords(region)].filter(([id, words]) => before.get(id) !== words).map(([, words]) => words);
    if (status && changed.length) status.textContent = changed.join(". ");
  }

  function exchangeChildren(list, newer) {
    const wanted = [...newer.children].map((child) => child.id);
    const inDocument = new Map([...list.children].map((child) => [child.id, child]));
    for (const [id, child] of inDocument) {
      if (!wanted.includes(id)) child.remove();
    }
    let place = list.firstElementChild;
    for (const child of [...newer.children]) {
      const known = document.getElementById(child.id);
      if (known && known === place) {
        place = place.nextElementSibling;
      } else {
        // A job that has ended moves from one list to the other.
        list.insertBefore(known || document.importNode(child, true), place);
      }
    }
  }

  function readWords(region) {
    const told = [...region.querySelectorAll("[data-live-words]")];
    return new Map(told.map((each) => [each.closest("[data-live-part]").id, each.dataset.liveWords]));
  }
})();
