// Comforts only: every page works without this file.
"use strict";

(() => {
  const sheet = document.getElementById("sheet");
  const status = document.getElementById("status");

  // Only pages are put into pages; what is read or opened just now isn't replaced beneath.
  document.body.addEventListener("htmx:beforeSwap", (event) => {
    const type = event.detail.xhr.getResponseHeader("Content-Type") ?? "";
    if (event.detail.xhr.status >= 400 && !type.startsWith("text/html")) {
      event.detail.shouldSwap = false;
      status.textContent = `This did not work (${event.detail.xhr.status}).`;
    }
  });
  document.body.addEventListener("htmx:beforeRequest", (event) => {
    const live = event.detail.elt;
    if (live.id === "live" && (live.querySelector("details[open]") || live.contains(document.activeElement)))
      event.preventDefault();
  });

  document.body.addEventListener("htmx:afterSwap", (event) => {
    const target = event.detail.target;
    const told = document.getElementById(target.id)?.dataset.said;
    if (told) document.getElementById("said").textContent = told;
    status.textContent = "";
    if (target.id === "sheet-body") {
      if (!sheet.open) sheet.showModal();
      sheet.querySelector("[data-first]")?.focus();
    } else if (target.id === "main") {
      const main = document.getElementById("main");
      if (sheet.open) sheet.close();
      (main.querySelector("[aria-invalid=true]") ?? main.querySelector(".faults") ?? main).focus();
      reveal(main);
    }
  });

  sheet?.addEventListener("close", () => document.getElementById("sheet-body").replaceChildren());

  for (const trouble of ["htmx:sendError", "htmx:timeout"]) {
    document.body.addEventListener(trouble, () => {
      status.textContent = "The gateway doesn't answer.";
    });
  }

  document.addEventListener("click", (event) => {
    const closer = event.target.closest("[data-close]");
    if (closer && sheet?.open) {
      event.preventDefault();
      sheet.close();
    }
    const copier = event.target.closest("[data-copy]");
    if (copier) {
      const text = document.getElementById(copier.dataset.copy).textContent;
      navigator.clipboard?.writeText(text).then(() => { copier.textContent = "Copied"; });
    }
  });

  document.addEventListener("change", (event) => {
    const preset = event.target.closest("#preset");
    if (!preset) return;
    const chosen = preset.selectedOptions[0].dataset;
    const name = document.getElementById("header-name");
    const format = document.getElementById("header-format");
    if (chosen.header && !name.disabled) name.value = chosen.header;
    if (chosen.format && !format.disabled) format.value = chosen.format;
  });

  // The menu is open where nothing is scripted; a small screen begins with it closed.
  const menu = document.querySelector(".menu");
  if (menu && matchMedia("(max-width: 60rem)").matches) menu.open = false;

  const reveal = (root) => {
    for (const comfort of root.querySelectorAll("[data-scripted]")) comfort.hidden = false;
  };
  reveal(document);

  // What was said once isn't said again after a reload.
  const here = new URL(location.href);
  if (here.searchParams.has("done")) {
    here.searchParams.delete("done");
    here.searchParams.delete("how");
    history.replaceState(null, "", here);
  }
})();
