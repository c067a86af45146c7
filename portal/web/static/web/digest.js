/* A digest of a file is worked out here: beside each field for a SHA-256 stands a choice of file. The file is not sent. */
"use strict";
(() => {
  if (!crypto.subtle) return; // without HTTPS: the command in the hint remains
  for (const template of document.querySelectorAll("template[data-digest-of]")) {
    const field = document.getElementById(template.dataset.digestOf);
    if (!field) continue;
    field.before(template.content.cloneNode(true));
    const chosen = document.getElementById(`${field.id}-file`);
    const told = document.getElementById(`${field.id}-told`);
    chosen.addEventListener("change", async () => {
      const [file] = chosen.files;
      if (!file) return;
      told.textContent = "";
      try {
        const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", await file.arrayBuffer()));
        field.value = Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("");
        told.textContent = told.dataset.done.replace("{file}", file.name);
      } catch {
        told.textContent = told.dataset.failed;
      }
    });
  }
})();
