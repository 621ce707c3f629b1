/* The last button of a return: what is left over in the browser is sent first, then the return once. A lost reply is
   asked for again; the server takes the same return once only. */
(() => {
  "use strict";
  const form = document.querySelector("form[data-submit-once]");
  if (!form) return;
  const store = window.answerStore;
  const saving = window.saving;
  const name = form.dataset.return;
  const csrf = form.elements.csrf_token;
  const ownKey = store.openEntry(name, "");
  const others = [];
  const waitingElsewhere = [];
  let running = false;
  let failures = 0;
  let timer = null;
  let button = null;
  let hasSent = false;
  let isLeaving = false;

  const again = () => {
    failures += 1;
    if (button) saving.sayTrouble();
    clearTimeout(timer);
    timer = setTimeout(pump, saving.waiting(failures));
  };

  const pump = async () => {
    if (running || isLeaving) return;
    running = true;
    clearTimeout(timer);
    const isTrouble = others.length ? await sendOther() : button && (await submit());
    running = false;
    if (isTrouble) again();
    else if (others.length || (button && !waitingElsewhere.length)) pump();
    else if (hasSent && !isLeaving && !waitingElsewhere.length) store.showAgain();
  };

  const sendOther = async () => {
    const entry = others[0];
    const reply = await saving.deliver(entry, saving.findSaveAddress(form, entry.page), csrf);
    if (reply.state === "trouble") return true;
    failures = 0;
    others.shift();
    if (entry.bodies.length && reply.state !== "unknown") {
      waitingElsewhere.push(entry.page);
      release();
      saving.addNote("elsewhere", saving.findPageAddress(form, entry.page));
    } else if (!entry.bodies.length && reply.saves !== form.dataset.saves) {
      hasSent = true;
      release(); // what is shown here is older than what was just saved: it is looked at again before it is submitted
    }
    return false;
  };

  const submit = async () => {
    saving.say("submitting");
    const pairs = [...new FormData(form)].filter(([field]) => field !== "csrf_token");
    const { address, page } = await saving.post(form.action, pairs, csrf.value);
    const again = page && page.querySelector("form[data-submit-once]");
    if (page && page.querySelector("[data-submitted], [data-wipe]")) {
      isLeaving = true;
      store.wipe(name);
      window.location.assign(address);
    } else if (again && again.elements.csrf_token.value !== csrf.value) {
      csrf.value = again.elements.csrf_token.value;
    } else if (again) {
      isLeaving = true;
      HTMLFormElement.prototype.submit.call(form); // something is missing or wrong: the server's own page says what
    } else {
      return true;
    }
    return false;
  };

  const release = () => {
    saving.showBusy(button, false);
    button = null;
  };

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (button) return;
    if (waitingElsewhere.length) {
      saving.addNote("elsewhere", saving.findPageAddress(form, waitingElsewhere[0]));
      return;
    }
    button = event.submitter || form.querySelector("button[type=submit]");
    saving.showBusy(button, true);
    failures = 0;
    pump();
  });
  const tryAgain = () => { failures = 0; if (button || others.length) pump(); };
  window.addEventListener("online", tryAgain);
  document.addEventListener("visibilitychange", () => { if (document.visibilityState === "visible") tryAgain(); });
  window.addEventListener("pageshow", (event) => { if (event.persisted) window.location.reload(); });

  if (store.isShownAgain()) saving.addNote("caughtUp");
  store.claimLeft(name, ownKey, (entry) => { others.push(entry); pump(); });
})();
