/* What script adds to the pages of a company; everything works without it. Conditional questions of the start page
   appear without a reload, where nothing is saved yet; links are copied, pages are printed. Fragments are parsed by
   XMLHttpRequest ("document"), which needs no Trusted Types policy. */
(() => {
  "use strict";
  const { announce, home, takeBlocks } = window.questionBlocks;

  const form = document.querySelector("form[data-fragment]");
  let running = null;

  const refresh = () => {
    if (running) running.abort();
    const request = new XMLHttpRequest();
    running = request;
    request.open("POST", form.dataset.fragment);
    request.responseType = "document";
    request.onload = () => {
      running = null;
      const fresh = request.status === 200 && request.response && request.response.querySelector("[data-questions]");
      if (fresh) takeBlocks(fresh);
      home.removeAttribute("aria-busy");
    };
    request.onerror = request.onabort = () => home.removeAttribute("aria-busy");
    home.setAttribute("aria-busy", "true");
    request.send(new URLSearchParams(new FormData(form)));
  };

  if (form) {
    form.addEventListener("change", (event) => { if (event.target.closest("[data-refreshes]")) refresh(); });
    form.addEventListener("submit", () => running && running.abort());
  }

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
