// The parts of the page as the agent sends them; without this the page reloads itself.
"use strict";
const shown = new Map();
if (document.body.dataset.events) {
  new EventSource(document.body.dataset.events).onmessage = (event) => {
    for (const [id, html] of Object.entries(JSON.parse(event.data))) {
      if (shown.get(id) === html) continue; // so that an alert is announced once
      shown.set(id, html);
      document.getElementById(id).innerHTML = html;
    }
  };
}
