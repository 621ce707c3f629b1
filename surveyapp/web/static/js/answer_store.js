/* The browser's own store of what was typed and is not known to be saved: one entry for each page of a return and each
   tab, under an opaque name of the return and never its link. Everything here may fail (store full, blocked, private
   mode): then nothing is kept, and `keeps()` says so. On a shared computer nothing is kept at all. */
(() => {
  "use strict";
  const PREFIX = "survey:";
  const SHARED = "survey-shared-computer";
  const LATEST = "survey-latest-return";
  const AGAIN = "survey-caught-up";
  const DAY = 24 * 3600 * 1000;
  const KEPT = 7 * DAY;
  const EARLIEST = Date.UTC(2026, 0); // before there was such a store
  let isKeeping = true;
  let isSharedHere = false;

  const attempt = (action, otherwise) => { try { return action(); } catch { return otherwise; } };
  const isShared = () => isSharedHere || attempt(() => localStorage.getItem(SHARED) !== null, false);
  const listKeys = () => attempt(() => Object.keys(localStorage).filter((key) => key.startsWith(PREFIX)), []);
  const remove = (key) => attempt(() => localStorage.removeItem(key));

  const read = (key) => attempt(() => {
    const entry = JSON.parse(localStorage.getItem(key));
    return entry && Array.isArray(entry.sent) && Array.isArray(entry.state) ? entry : null;
  }, null);

  const write = (key, entry) => {
    isKeeping = !isShared() && attempt(() => {
      localStorage.setItem(key, JSON.stringify({ ...entry, at: Date.now() }));
      return true;
    }, false);
    return isKeeping;
  };

  /* A clock that was wrong must not cost an answer: from a time that cannot be, the seven days begin anew. */
  const expire = () => listKeys().forEach((key) => {
    const entry = read(key);
    const now = Date.now();
    if (!entry) remove(key);
    else if (!(entry.at >= EARLIEST && entry.at <= now + DAY)) write(key, entry);
    else if (now - entry.at > KEPT) remove(key);
  });

  const wipe = (name) => {
    listKeys().filter((key) => key.startsWith(`${PREFIX}${name}:`)).forEach(remove);
  };

  /* A tab holds a lock on its entry for as long as it lives, so that no other tab sends it meanwhile; one that is left
     over is taken when its tab has gone. Without locks it is taken at once: sending twice does no harm. */
  const claim = (key, take) => {
    if (!navigator.locks) { take(); return; }
    navigator.locks.request(key, () => { take(); return new Promise(() => {}); }).catch(take);
  };

  const listLeft = (name, own) => listKeys()
    .filter((key) => key !== own && key.startsWith(`${PREFIX}${name}:`) && read(key))
    .sort((one, other) => read(one).at - read(other).at);

  const claimLeft = (name, own, take) => listLeft(name, own).forEach((key) => {
    claim(key, () => {
      const entry = read(key);
      if (entry) take({ key, page: key.split(":")[2], bodies: [...entry.sent, entry.state].filter((each) => each.length), state: entry.state });
    });
  });

  const openEntry = (name, page) => {
    const tab = Math.random().toString(36).slice(2, 10);
    const key = `${PREFIX}${name}:${page}:${tab}`;
    if (navigator.locks) claim(key, () => {});
    isKeeping = !isShared() && attempt(() => {
      localStorage.setItem(`${SHARED}-trial`, "");
      localStorage.removeItem(`${SHARED}-trial`);
      return true;
    }, false);
    attempt(() => sessionStorage.setItem(LATEST, name));
    return key;
  };

  const setShared = (on, name) => {
    isSharedHere = on;
    attempt(() => (on ? localStorage.setItem(SHARED, "yes") : localStorage.removeItem(SHARED)));
    if (on) wipe(name);
    isKeeping = !on;
  };

  /* A page that is loaded anew because of what was caught up says so. */
  const showAgain = () => {
    attempt(() => sessionStorage.setItem(AGAIN, "yes"));
    window.location.reload();
  };
  const isShownAgain = () => attempt(() => {
    const again = sessionStorage.getItem(AGAIN) !== null;
    sessionStorage.removeItem(AGAIN);
    return again;
  }, false);

  /* Pages after which nothing may be left: submitted, withdrawn, declined (which knows no return but the latest). */
  expire();
  document.querySelectorAll("[data-wipe]").forEach((mark) => {
    const name = mark.dataset.wipe || attempt(() => sessionStorage.getItem(LATEST), "");
    if (name) wipe(name);
  });

  window.answerStore = {
    claimLeft, isShared, isShownAgain, keeps: () => isKeeping, openEntry, remove, setShared, showAgain, wipe, write,
  };
})();
