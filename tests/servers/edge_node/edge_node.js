// An edge node with one device by Eclipse Tahu's client. It tells what it reads on its input, a line a value, and counts its births on
// its output. Of a line with `lost` the message is lost on its way.
const readline = require("readline");
const sparkplug = require("sparkplug-client");

const serverUrl = `mqtt://127.0.0.1:${process.argv[2]}`;
const client = sparkplug.newClient({ serverUrl, username: "", password: "", groupId: "works", edgeNode: "edge-1", clientId: "edge-1" });
const REBIRTH = "Node Control/Rebirth";
let latest = { t: Date.parse("2025-01-02T06:00:00Z"), kWh: 0 };
let births = 0;

function birth() {
  client.publishNodeBirth({ timestamp: Date.now(), metrics: [{ name: REBIRTH, type: "Boolean", value: false }] });
  const metric = { name: "kWh", alias: 7, type: "Double", timestamp: latest.t, value: latest.kWh };
  client.publishDeviceBirth("furnace", { timestamp: Date.now(), metrics: [metric] });
  console.log(++births);
}

client.on("birth", birth);
client.on("ncmd", (asked) => asked.metrics.some((metric) => metric.name === REBIRTH && metric.value) && birth());
readline.createInterface({ input: process.stdin }).on("line", (line) => {
  const told = JSON.parse(line);
  latest = told;
  if (told.lost) {
    client.incrementSeqNum();
  } else {
    const metric = { alias: 7, type: "Double", timestamp: told.t, value: told.kWh };
    client.publishDeviceData("furnace", { timestamp: Date.now(), metrics: [metric] });
  }
});
