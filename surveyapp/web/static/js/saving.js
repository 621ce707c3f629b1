/* What the pages that save share: the line that says how it stands, one post to the server, when to try again, and the
   way of entries that were left over in the browser. All words come from the page or from the server's reply. */
(() => {
  "use strict";
  const { groupPairs } = window.questionBlocks;
  const { keeps, remove } = window.answerStore;
  const PATIENCE = 20000;
  const FIRST_WAIT = 2000;
  const LONGEST_WAIT = 60000;
  const READ_ALOUD = 5000;

  /* the line */
  const line = document.querySelector("[data-save-line]");
  const words = line && line.querySelector("[data-save-words]");
  const note = line && line.querySelector("[data-save-note]");
  const region = line && line.querySelector("[role=status]");
  let shown = "saved";

  const speak = (text) => {
    region.textContent = text;
    setTimeout(() => { if (region.textContent === text) region.textContent = ""; }, READ_ALOUD);
  };

  /* States: saving, saved, partly, conflict, stale, closed, withdrawn, nothing, offline, unreachable. A screen reader is
     told of a change, not of every save that goes well. */
  const say = (state, text) => {
    if (!line) return;
    const spare = `${state}Unkept`;
    words.textContent = text || (!keeps() && line.dataset[spare]) || line.dataset[state] || words.textContent;
    line.dataset.state = state;
    line.hidden = false;
    const heard = state === "saving" ? shown : state;
    if (heard !== shown) speak(words.textContent);
    shown = heard;
  };
  const sayTrouble = () => say(navigator.onLine === false ? "offline" : "unreachable");

  const addNote = (name, address) => {
    if (!line || !line.dataset[name]) return;
    note.textContent = `${line.dataset[name]} `;
    if (address) {
      const link = document.createElement("a");
      link.href = address;
      link.textContent = line.dataset.elsewhereLink;
      note.append(link);
    }
    note.hidden = false;
    speak(note.textContent);
  };

  /* An open keyboard moves what is seen within the page: the line goes along. */
  const follow = () => {
    const seen = window.visualViewport;
    const shift = Number(line.dataset.shift || 0);
    const place = line.getBoundingClientRect().top - shift;
    const next = Math.round(Math.max(0, Math.min(seen.offsetTop - place, seen.offsetTop)));
    line.dataset.shift = next;
    line.style.transform = next ? `translateY(${next}px)` : "";
  };
  if (line) {
    line.hidden = false;
    document.querySelectorAll("[data-last-saved]").forEach((hint) => { hint.hidden = true; });
    if (window.visualViewport) ["resize", "scroll"].forEach((kind) => window.visualViewport.addEventListener(kind, follow));
  }

  /* One post; a reply without our mark (a proxy, a portal, a fault) is trouble, as is none. A page may be unknown to this
     link: that of a colleague who answers a part leads to no other. */
  const post = (address, pairs, proof) => new Promise((resolve) => {
    const request = new XMLHttpRequest();
    request.open("POST", address);
    request.responseType = "document";
    request.timeout = PATIENCE;
    request.onloadend = () => {
      const page = request.status ? request.response : null;
      const mark = page && page.querySelector("[data-save-state]");
      resolve({
        address: request.responseURL,
        csrf: mark ? mark.dataset.csrf : "",
        fresh: page && page.querySelector("[data-questions]"),
        page,
        saves: mark ? mark.dataset.saves : "",
        state: mark ? mark.dataset.saveState : request.status === 404 ? "unknown" : "trouble",
        unsaved: mark && mark.dataset.unsaved ? mark.dataset.unsaved.split(" ") : [],
        words: mark ? mark.textContent.trim() : "",
      });
    };
    request.send(new URLSearchParams([["csrf_token", proof], ...pairs]));
  });

  const isTaken = (state) => ["saved", "partly", "conflict"].includes(state);

  /* What was typed over an answer that is saved now was typed over that answer, not over the one before. */
  const rebase = (later, sent, reply) => {
    if (!reply.fresh || !isTaken(reply.state)) return;
    for (const pairs of later) {
      const groups = groupPairs(pairs);
      for (const [question, group] of groups) {
        const before = sent.get(question);
        const block = reply.fresh.querySelector(`[data-question="${CSS.escape(question)}"] input[name=shown]`);
        if (!before || !block || before.version !== group.version || reply.unsaved.includes(question)) continue;
        pairs.find(([name, value]) => name === "shown" && value === group.version)[1] = block.value;
      }
    }
  };

  /* An entry of another page, sent in its order; with what the last reply said. `csrf` is the form's own field. */
  const deliver = async (entry, address, csrf) => {
    let reply = { state: "saved", unsaved: [] };
    let stale = 0;
    while (entry.bodies.length) {
      const [body, ...later] = entry.bodies;
      reply = await post(address, body, csrf.value);
      if (reply.csrf) csrf.value = reply.csrf;
      if (reply.state === "stale" && !stale) { stale += 1; continue; }
      if (!isTaken(reply.state)) return reply;
      rebase(later, groupPairs(body), reply);
      if (later.length || reply.state === "saved") entry.bodies.shift(); else return reply;
    }
    remove(entry.key);
    return reply;
  };

  const waiting = (failures) => Math.min(FIRST_WAIT * 2 ** Math.max(0, failures - 1), LONGEST_WAIT);

  const findSaveAddress = (form, page) => {
    const address = new URL(form.dataset.save, window.location.href);
    if (page) address.pathname = [...address.pathname.split("/").slice(0, -1), page].join("/");
    return address.href;
  };
  const readPageName = (form) => new URL(form.dataset.save, window.location.href).pathname.split("/").pop();
  const findPageAddress = (form, page) => {
    const { pathname } = new URL(form.dataset.save, window.location.href);
    return [...pathname.split("/").slice(0, -2), "p", page].join("/");
  };

  const showBusy = (button, on) => {
    if (!button) return;
    if (on) button.setAttribute("aria-busy", "true"); else button.removeAttribute("aria-busy");
  };

  window.saving = {
    addNote, deliver, findPageAddress, findSaveAddress, isTaken, post, readPageName, rebase, say, sayTrouble, showBusy, waiting,
  };
})();
