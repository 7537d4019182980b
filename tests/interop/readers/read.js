// Reads calendar files with ical.js or node-ical: node read.js READER FILE ...
// Prints one object: the uid of each event with the seconds of its start and end.
import { readFileSync } from "node:fs";

const [reader, ...files] = process.argv.slice(2);
const read = { "ical.js": byIcalJs, "node-ical": byNodeIcal }[reader];
const found = {};
for (const file of files) {
  await read(readFileSync(file, "utf8"), (uid, start, end) => {
    if (uid in found) throw new Error(`${uid} is there twice`);
    found[uid] = [start, end];
  });
}
console.log(JSON.stringify(found));

async function byIcalJs(text, tell) {
  const { default: ICAL } = await import("ical.js");
  const calendar = new ICAL.Component(ICAL.parse(text));
  for (const each of calendar.getAllSubcomponents("vevent")) {
    const event = new ICAL.Event(each);
    tell(event.uid, event.startDate.toUnixTime(), event.endDate.toUnixTime());
  }
}

async function byNodeIcal(text, tell) {
  const { default: ical } = await import("node-ical");
  for (const each of Object.values(ical.sync.parseICS(text))) {
    if (each.type === "VEVENT") tell(each.uid, each.start.getTime() / 1000, each.end.getTime() / 1000);
  }
}
