/* A page of questions that saves itself. What is typed goes into the browser's own store at once and to the server after
   a pause; it leaves the store when the server has said that it has it. One request at a time. One whose outcome is not
   known is sent again unchanged, before anything newer: so the server never sees two answers of one person as two
   people's. No time of day decides anything; only pauses are measured. */
(() => {
  "use strict";
  const form = document.querySelector("form[data-save]:not([data-submit-once])");
  if (!form) return;
  const store = window.answerStore;
  const blocks = window.questionBlocks;
  const saving = window.saving;
  const PAUSE = 2000;
  const LONGEST = 10000;
  const STORE_PAUSE = 200;
  const BLIND_BYTES = 60000; // what a browser lets a closing page send

  const name = form.dataset.return;
  const pageName = saving.readPageName(form);
  const ownKey = store.openEntry(name, pageName);
  const csrf = form.elements.csrf_token;
  const read = () => blocks.groupPairs(blocks.readForm(form));

  const saved = new Map(); // question -> its answer as the server is known to have it
  const answered = new Map(); // question -> its answer as the server last gave word of, saved or not
  const queue = []; // bodies whose outcome is not known, oldest first
  const others = []; // entries of other pages
  const adopted = []; // keys of entries that were taken over
  const typedInto = new Set(); // questions that the person has touched on this page
  let running = false;
  let stopped = false;
  let failures = 0;
  let stale = 0;
  let pressed = null;
  let owesPing = false;
  let leaving = false;
  const timers = {};

  const later = (timer, pause, action) => {
    clearTimeout(timers[timer]);
    timers[timer] = setTimeout(() => { timers[timer] = null; action(); }, pause);
  };
  const cancel = (timer) => { clearTimeout(timers[timer]); timers[timer] = null; };

  const settle = (groups, names) => names.forEach((question) => {
    const group = groups.get(question);
    if (!group) return;
    saved.set(question, group.typed);
    answered.set(question, group.typed);
  });
  const pickChanged = (groups) => [...groups].flatMap(([question, group]) => (saved.get(question) === group.typed ? [] : group.pairs));
  const isChanged = (groups = read()) => [...groups].some(([question, group]) => answered.get(question) !== group.typed);

  /* the browser's own store: what differs from what the server is known to have */
  const keep = () => {
    cancel("keep");
    const state = pickChanged(read());
    const sent = queue.map((body) => body.partial).filter((each) => each.length);
    const isNeeded = stopped !== "withdrawn" && (state.length > 0 || sent.length > 0);
    if (!isNeeded) store.remove(ownKey);
    if (!isNeeded || store.write(ownKey, { sent, state })) adopted.splice(0).forEach(store.remove);
  };
  const makeBody = () => {
    const pairs = blocks.readForm(form);
    return { pairs, partial: pickChanged(blocks.groupPairs(pairs)).map((pair) => [...pair]) };
  };

  /* sending */
  const pump = async () => {
    if (running || stopped || leaving) return;
    cancel("pause");
    cancel("longest");
    cancel("retry");
    if (!queue.length && (owesPing || isChanged())) queue.push(makeBody());
    if (!queue.length && pressed) { leave(); return; }
    if (!queue.length && !others.length) return;
    running = true;
    if (queue.length) {
      keep();
      if (!failures) saving.say("saving");
      take(queue[0], await saving.post(form.dataset.save, queue[0].pairs, csrf.value));
    } else {
      await sendOther();
    }
    running = false;
    if (!failures && (queue.length || others.length || pressed || (isChanged() && !timers.pause))) pump();
  };

  const fail = () => {
    failures += 1;
    saving.sayTrouble();
    later("retry", saving.waiting(failures), pump);
  };

  const take = (body, reply) => {
    if (reply.csrf) csrf.value = reply.csrf;
    if (["trouble", "unknown"].includes(reply.state)) { fail(); return; }
    if (reply.state === "stale") {
      stale += 1;
      if (stale > 1) { failures += 1; saving.say("stale", reply.words); later("retry", saving.waiting(failures), pump); release(); }
      return;
    }
    failures = 0;
    stale = 0;
    if (reply.state === "closed" || reply.state === "withdrawn") {
      stopped = reply.state;
      saving.say(reply.state, reply.words);
      release();
      if (stopped === "withdrawn") { queue.length = 0; store.wipe(name); }
      return;
    }
    queue.shift();
    owesPing = false;
    takeBlocks(body, reply);
    keep();
    if (reply.state !== "conflict") { saving.say(reply.state, reply.words); return; }
    const choice = blocks.home.querySelector(".conflict input");
    if (!choice) return; // against an older answer of one's own, of which the newer is still to be sent
    saving.say("conflict", reply.words);
    if (pressed) {
      choice.closest("[data-question]").scrollIntoView(); // its words first; the focus moves on only where it would be out of sight
      choice.focus();
    }
    release();
  };

  const takeBlocks = (body, reply) => {
    const sent = blocks.groupPairs(body.pairs);
    const before = read();
    const isTouched = (question) => {
      const now = before.get(question);
      return Boolean(now) && (sent.has(question) ? sent.get(question).typed !== now.typed : saved.get(question) !== now.typed);
    };
    saving.rebase(queue.flatMap((each) => [each.pairs, each.partial]), sent, reply);
    const isUnsaved = (question) => !saving.isTaken(reply.state) || reply.unsaved.includes(question);
    for (const [question, group] of sent) {
      answered.set(question, group.typed);
      if (!isUnsaved(question)) saved.set(question, group.typed);
    }
    if (!reply.fresh) return;
    const taken = blocks.takeBlocks(reply.fresh, isTouched, (question) => sent.has(question));
    const after = read();
    settle(after, taken.filter((question) => !isUnsaved(question)));
    taken.filter(isUnsaved).forEach((question) => after.has(question) && answered.set(question, after.get(question).typed));
  };

  const sendOther = async () => {
    const entry = others[0];
    const reply = await saving.deliver(entry, saving.findSaveAddress(form, entry.page), csrf);
    if (reply.state === "trouble") { fail(); return; }
    others.shift();
    if (entry.bodies.length && reply.state !== "unknown") saving.addNote("elsewhere", saving.findPageAddress(form, entry.page));
  };

  /* on the way out there is no time to wait for a reply: it is sent once more when the page is there again */
  const describe = (pairs) => String(new URLSearchParams(pairs.filter(([field]) => field !== "shown")));
  const sendBlindly = () => {
    if (stopped || leaving) return;
    const groups = read();
    const next = makeBody();
    const last = queue[queue.length - 1];
    if (isChanged(groups) && !(last && describe(last.pairs) === describe(next.pairs))) queue.push(next);
    keep();
    if (!queue.length) return;
    const body = new URLSearchParams([["csrf_token", csrf.value], ...queue[queue.length - 1].pairs]);
    if (String(body).length > BLIND_BYTES) return;
    cancel("pause");
    cancel("longest");
    try {
      fetch(form.dataset.save, { method: "POST", body, keepalive: true, credentials: "same-origin" }).catch(() => {});
    } catch { navigator.sendBeacon && navigator.sendBeacon(form.dataset.save, body); }
    later("retry", PAUSE, pump);
  };

  /* typing */
  const note = (event) => {
    const block = event.target.closest("[data-question]");
    if (!block) return;
    typedInto.add(block.dataset.question);
    if (leaving) stay();
    if (pressed && failures) release();
    if (!timers.keep) later("keep", STORE_PAUSE, keep);
    later("pause", PAUSE, pump);
    if (!timers.longest) later("longest", LONGEST, pump);
  };
  form.addEventListener("input", note);
  form.addEventListener("change", (event) => {
    note(event);
    if (!event.target.closest("[data-refreshes], .conflict")) return;
    cancel("pause");
    pump();
  });

  /* buttons: saved first, and only when the server has answered does the form go on by itself */
  const release = () => {
    if (pressed) saving.showBusy(pressed, false);
    pressed = null;
    owesPing = false;
  };
  const leave = () => {
    const button = pressed;
    if (button.name) {
      const field = document.createElement("input");
      Object.assign(field, { type: "hidden", name: button.name, value: button.value });
      field.dataset.pressed = "";
      form.append(field);
    }
    if (button.name === "leave_anyway") store.remove(ownKey);
    leaving = true;
    later("leaving", LONGEST * 2, stay); // where the browser never went
    HTMLFormElement.prototype.submit.call(form);
  };
  const stay = () => {
    form.querySelectorAll("[data-pressed]").forEach((each) => each.remove());
    leaving = false;
    release();
  };
  form.addEventListener("submit", (event) => {
    if (stopped) return;
    event.preventDefault();
    if (pressed || leaving) return;
    pressed = event.submitter || form.querySelector("button[type=submit]:not([name])");
    saving.showBusy(pressed, true);
    owesPing = true;
    failures = 0;
    pump();
  });

  /* comings and goings */
  const tryAgain = () => { failures = 0; pump(); };
  window.addEventListener("online", tryAgain);
  window.addEventListener("offline", () => { if (isChanged() || queue.length) saving.sayTrouble(); });
  document.addEventListener("visibilitychange", () => (document.visibilityState === "hidden" ? sendBlindly() : tryAgain()));
  window.addEventListener("pagehide", sendBlindly);
  window.addEventListener("pageshow", (event) => {
    if (!event.persisted) return;
    stay();
    owesPing = true;
    pump();
  });

  /* a shared computer keeps nothing */
  const shared = document.querySelector("[data-shared]");
  const showShared = () => {
    const on = store.isShared();
    shared.setAttribute("aria-pressed", String(on));
    document.querySelectorAll("[data-shared-words]").forEach((words) => { words.hidden = (words.dataset.sharedWords === "on") !== on; });
  };
  if (shared) {
    shared.closest("[data-store-remark]").hidden = false;
    showShared();
    shared.addEventListener("click", () => {
      store.setShared(!store.isShared(), name);
      keep();
      showShared();
    });
  }

  /* what was left over */
  const restore = (entry) => {
    const now = read();
    let isPut = false;
    for (const [question, group] of blocks.groupPairs(entry.state)) {
      const here = now.get(question);
      if (!here || typedInto.has(question)) continue;
      if (here.typed !== group.typed) isPut = true;
      blocks.putBack(question, group.pairs);
      saved.set(question, null);
    }
    queue.push(...entry.bodies.map((pairs) => ({ pairs, partial: pairs.map((pair) => [...pair]) })));
    adopted.push(entry.key);
    keep();
    if (isPut) saving.addNote("restored");
  };
  const adopt = (entry) => {
    if (entry.page === pageName) restore(entry); else others.push(entry);
    pump();
  };

  /* A browser may bring back what the fields held when the page was left. Whatever differs from what the server drew was
     typed over an unknown version, so that the server asks before it replaces anything. */
  const isDefault = (control) => {
    if (control.type === "radio" || control.type === "checkbox") return control.checked === control.defaultChecked;
    if (control.options) return control.value === ([...control.options].find((option) => option.defaultSelected) || control.options[0]).value;
    return control.value === control.defaultValue;
  };
  const opening = performance.getEntriesByType("navigation")[0] || {};
  const isReturn = opening.type !== "navigate";
  for (const [question, group] of read()) {
    const block = blocks.findBlock(question);
    const isDrawn = [...block.querySelectorAll("input:not([type=hidden]), textarea, select")].every(isDefault);
    answered.set(question, isDrawn ? group.typed : null);
    saved.set(question, isDrawn ? group.typed : null);
    if (isDrawn) continue;
    if (isReturn) blocks.findVersion(block).value = `${question}@returned`; else typedInto.add(question);
  }
  owesPing = opening.responseStatus >= 400; // a page that came back holds what may not be saved
  store.claimLeft(name, ownKey, adopt);
  pump();
})();
